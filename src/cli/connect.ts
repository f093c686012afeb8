import { createInterface } from 'node:readline/promises'
import { deriveServerName, isServerName } from '../connect/server-name.ts'
import { parseServerUrl, type ServerUrlFailure } from '../connect/server-url.ts'
import { checkUrl } from './connect/check-url.ts'
import { thisMachine } from './connect/machine.ts'
import { exitCode, runConnect, type ConnectOptions } from './connect/run-connect.ts'
import { TARGET_IDS } from './connect/targets.ts'
import { NODE_PORTS } from './doctor-ports.ts'
import { parseWords } from './parse-words.ts'
import { UsageError } from './usage-error.ts'

export const usage: string = `Usage: postern connect <mcp-url> [options]

Tells the clients on this computer about an MCP server. Writes the configuration of Claude Desktop,
Claude Code, Cursor and Visual Studio Code; shows the change first, asks, keeps the file as it was
beside it. For others it prints what to do. See docs/connect.md.

  --client NAME  only this one (repeatable): ${TARGET_IDS.join(', ')}
                 (default: those that are installed)
  --name NAME    what clients call the server (default: made from the URL)
  --print        changes nothing, prints link, command and configuration
  --undo         takes the change back
  --yes          does not ask
  --replace      puts another server of the same name aside
  --no-check     does not look at the server first
  --json         one line of JSON: url, name, findings, clients

Exit codes: 0 done or nothing to do, 1 something was left as it is, 2 wrong usage.
`

const OPTIONS = {
  client: { type: 'string', multiple: true },
  name: { type: 'string' },
  print: { type: 'boolean', default: false },
  undo: { type: 'boolean', default: false },
  yes: { type: 'boolean', default: false },
  replace: { type: 'boolean', default: false },
  'no-check': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const

export async function run(args: string[]): Promise<void> {
  const { options, json, noCheck } = parse(args)
  const isTerminal = process.stdin.isTTY && process.stdout.isTTY
  const report = await runConnect(options, {
    machine: thisMachine(),
    check: async () => (noCheck ? [] : checkUrl(options.server.url, NODE_PORTS)),
    ask: isTerminal && !json ? ask : undefined,
    say: (text) => void (json || process.stdout.write(text)),
  })
  if (json) process.stdout.write(`${JSON.stringify(report)}\n`)
  process.exitCode = exitCode(report)
}

/** Anything but a yes is a no, also the end of the input. */
async function ask(question: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stdout })
  const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('')))
  const answer = await Promise.race([lines.question(question), closed])
  lines.close()
  return /^y(?:es)?$/i.test(answer.trim())
}

const URL_FAULTS: Readonly<Record<ServerUrlFailure['reason'], string>> = {
  not_a_url: 'is not a URL',
  not_http: 'is not an http(s) URL',
  has_credentials: 'carries credentials: clients sign in by themselves',
  has_fragment: 'has a fragment, which no server ever sees',
  has_ambiguous_characters: 'has characters that shells or clients take for something else',
  too_long: 'is too long',
}

function parse(args: string[]): { options: ConnectOptions; json: boolean; noCheck: boolean } {
  const { values, positionals } = parseWords(args, OPTIONS)
  const [typed, ...more] = positionals
  if (typed === undefined) throw new UsageError('connect needs the MCP URL')
  if (more.length > 0) throw new UsageError('one MCP URL is enough')
  const url = parseServerUrl(typed)
  // Not repeated: it may hold a password.
  if (!url.ok) throw new UsageError(`the MCP URL ${URL_FAULTS[url.failure.reason]}`)
  const { client: clients, name, print, undo, yes, replace, json } = values
  const unknown = clients?.find((id) => !TARGET_IDS.includes(id))
  if (unknown !== undefined)
    throw new UsageError(
      `--client is one of ${TARGET_IDS.join(', ')}, not ${JSON.stringify(unknown)}`,
    )
  if (name !== undefined && !isServerName(name))
    throw new UsageError('--name takes up to 32 letters, digits, hyphens and underscores')
  if (print && undo) throw new UsageError('--print and --undo exclude each other')
  const server = { name: name ?? deriveServerName(url.value), url: url.value }
  const isNameGiven = name !== undefined
  const options = { server, isNameGiven, clients, print, undo, yes, replace }
  return { options, json, noCheck: values['no-check'] }
}
