import { toCommandLine } from '../../connect/command-line.ts'
import { buildSnippet } from '../../connect/snippet.ts'
import type { ConnectTarget, McpServer, Platform } from '../../connect/target.ts'

/**
 * The change as it will stand there, and nothing else of the file: what is beside it may hold
 * secrets, and in a file of one line all of it would be beside it.
 */
export function showChange(
  { configuration }: ConnectTarget,
  server: McpServer,
  sign: '+' | '-',
): string {
  if (configuration === undefined) return ''
  const lines = buildSnippet(configuration, server).trimEnd().split('\n')
  // The outermost braces and the section were there, or come with it.
  return lines
    .slice(1, -1)
    .map((line, index, all) =>
      index === 0 || index === all.length - 1 ? `    ${line}\n` : `  ${sign} ${line}\n`,
    )
    .join('')
}

/** Everything there is to tell a client by hand. */
export function showByHand(
  { installLink, command, configuration, inSettings }: ConnectTarget,
  server: McpServer,
  platform: Platform,
): string {
  const parts: string[] = []
  if (installLink !== undefined) parts.push(`  Open: ${installLink(server)}\n`)
  if (command !== undefined) {
    const shell = platform === 'windows' ? 'windows' : 'posix'
    parts.push(`  Run:  ${toCommandLine(command(server), shell)}\n`)
  }
  if (inSettings !== undefined)
    parts.push(`  In its settings: ${inSettings.join(' → ')}, with ${server.url}\n`)
  if (configuration !== undefined) {
    const snippet = buildSnippet(configuration, server).replace(/^(?=.)/gm, '    ')
    const [file = ''] = configuration.files[platform]
    parts.push(`  Or in ${file}:\n\n${snippet}`)
  }
  return parts.join('')
}
