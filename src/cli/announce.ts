import { PATHS } from '../protocol/metadata.ts'
import type { Config } from '../config/resolve.ts'

/** What is printed when the door is open. Also the one line of `--json`. */
export interface Ready {
  event: 'ready'
  mcpUrl: string
  issuer: string
  identityProvider: string
  demoUser: { username: string; password: string } | null
}

export function readyLine(config: Config, demoUser: Ready['demoUser']): Ready {
  return {
    event: 'ready',
    mcpUrl: config.resources[0].url,
    issuer: config.issuer,
    identityProvider: config.identityProvider.issuer,
    demoUser,
  }
}

/** The entry people put into `claude_desktop_config.json`, which takes commands only. */
function claudeDesktopJson(mcpUrl: string): string {
  const name = new URL(mcpUrl).hostname
  const entry = { command: 'npx', args: ['-y', 'mcp-remote@latest', mcpUrl] }
  return JSON.stringify({ mcpServers: { [name]: entry } }, null, 2)
}

export function describeServe(config: Config): string {
  const mcpUrl = config.resources[0].url
  return `Postern is ready.

  MCP URL                   ${mcpUrl}
  Register at ${config.identityProvider.issuer}
    redirect URI            ${config.issuer}${PATHS.callback}
    scopes                  ${config.identityProvider.scopes.join(' ')}

Claude Desktop (claude_desktop_config.json):

${claudeDesktopJson(mcpUrl)}
`
}

export function describeDev(
  config: Config,
  demoUser: Ready['demoUser'],
  timelineUrl: string,
): string {
  const mcpUrl = config.resources[0].url
  const person =
    demoUser === null
      ? `  Redirect URI   ${config.issuer}${PATHS.callback}\n`
      : `  Sign in as     ${demoUser.username}\n  Password       ${demoUser.password}\n`
  return `Postern is ready.

  MCP URL        ${mcpUrl}
  Sign in at     ${config.identityProvider.issuer}
${person}  Sign-ins       ${timelineUrl}

Try it:

  npx -y -p mcp-remote@latest mcp-remote-client ${mcpUrl}

Claude Desktop (claude_desktop_config.json):

${claudeDesktopJson(mcpUrl)}
`
}
