import { styleText } from 'node:util'
import { derivedPort, parseMcpRemoteArguments, serverHash } from '../aws/mcp-remote.ts'
import { listenForCallback } from '../aws/verify/callback-listener.ts'
import { CLIENT_PROFILES, type ClientProfile } from '../doctor/client-profiles.ts'
import { describeReport, type Style } from '../doctor/describe.ts'
import { examine } from '../doctor/examine.ts'
import { LEVELS, type Level } from '../doctor/finding.ts'
import type { LoginPorts } from '../doctor/login/ports.ts'
import { exitCode } from '../doctor/report.ts'
import { readLocalState, readProxies } from './doctor-local.ts'
import { NODE_PORTS } from './doctor-ports.ts'
import { openBrowser } from './open-browser.ts'
import { parseWords } from './parse-words.ts'
import { UsageError } from './usage-error.ts'

export const usage: string = `Usage: postern doctor <mcp-url> [options]

Plays the clients against any MCP server: who can connect, who cannot, at which
step, why, and what to change. docs/doctor.md explains the codes.

  --client NAME  only this one, and what concerns it (repeatable):
${wrapNames(CLIENT_PROFILES.map(({ id }) => id))}
  --login        a person signs in: opens the browser, or prints the address to
                 open; then tries the token, refreshes it twice and revokes it
  --idp ISSUER   looks at the identity provider behind the server as well
  --local        looks into what mcp-remote left on this machine as well:
                 clients that the server forgot, its callback port, proxies
  --level LEVEL  exit with 1 from this level on: info, warning (default), error
  --json         one object: url, clients with their verdicts, findings

Registers once as every kind of client, and changes nothing else. Never prints a
token or a secret.

Exit codes: 0 nothing at that level, 1 findings, 2 wrong usage.
`

const OPTIONS = {
  client: { type: 'string', multiple: true },
  json: { type: 'boolean', default: false },
  login: { type: 'boolean', default: false },
  local: { type: 'boolean', default: false },
  idp: { type: 'string' },
  level: { type: 'string', default: 'warning' },
} as const

interface Options {
  typed: string
  mcpUrl: URL
  profiles: readonly ClientProfile[]
  level: Level
  json: boolean
  login: boolean
  local: boolean
  idp: string | undefined
}

export async function run(args: string[]): Promise<void> {
  const { typed, mcpUrl, profiles, level, json, login, local, idp } = parse(args)
  const { port, hashes } = readMcpRemoteCall(typed)
  const progress = showProgress()
  const report = await examine(
    {
      mcpUrl,
      profiles,
      mcpRemotePort: port,
      local: local ? await readLocalState(process.env, { hashes, port }) : undefined,
      identityProvider: idp,
      proxies: readProxies(process.env),
      onProgress: progress.show,
    },
    NODE_PORTS,
    { person: login ? askPerson(progress) : undefined },
  ).finally(progress.clear)
  process.stdout.write(
    json ? `${JSON.stringify(report)}\n` : describeReport(report, STYLE, process.stdout.columns),
  )
  process.exitCode = exitCode(report, level)
  // A name server that says nothing keeps a process for longer than anybody waits.
  setTimeout(() => process.exit(), LINGER_MS).unref()
}

const LINGER_MS = 1000
const WAIT_SECONDS = 300

function askPerson({ show, clear }: Progress): LoginPorts {
  return {
    // Not on stdout, which with --json is the report's alone.
    announce: (url) => {
      clear()
      process.stderr.write(
        `Sign in, in a browser on this computer; if none opens, at this address:\n\n${url}\n\n`,
      )
      if (process.stderr.isTTY || process.env['BROWSER'] !== undefined)
        openBrowser(url, process.env, process.platform)
      show('the browser, until you are signed in')
    },
    listen: listenForCallback,
    waitSeconds: WAIT_SECONDS,
  }
}

/** Colour on a terminal only. */
const STYLE: Style = (format, text) =>
  styleText(format, text, { stream: process.stdout, validateStream: true })

interface Progress {
  show: (what: string) => void
  clear: () => void
}

/** One line that says what is looked at; nobody but a terminal sees it. */
function showProgress(): Progress {
  if (!process.stderr.isTTY) return { show: () => {}, clear: () => {} }
  return {
    show: (what) => process.stderr.write(`\r\u001B[2KLooking at ${what} …`),
    clear: () => process.stderr.write('\r\u001B[2K'),
  }
}

/** Where mcp-remote listens, and what its files are called: with another slash they are others. */
function readMcpRemoteCall(typed: string): { port: number; hashes: string[] } {
  const call = parseMcpRemoteArguments([typed])
  if (!call.ok) throw new UsageError(call.failure)
  const other = typed.endsWith('/') ? typed.slice(0, -1) : `${typed}/`
  return {
    port: derivedPort(call.value),
    hashes: [typed, other].map((serverUrl) => serverHash({ ...call.value, serverUrl })),
  }
}

function parse(args: string[]): Options {
  const { values, positionals } = parseWords(args, OPTIONS)
  const [typed, ...more] = positionals
  if (typed === undefined) throw new UsageError('doctor needs the MCP URL')
  if (more.length > 0) throw new UsageError(`one MCP URL is enough: ${positionals.join(' ')}`)
  const level = LEVELS.find((each) => each === values.level)
  if (level === undefined)
    throw new UsageError(`--level is ${LEVELS.join(', ')}, not ${JSON.stringify(values.level)}`)
  const named = values.client?.map(findProfile)
  return {
    typed,
    mcpUrl: parseMcpUrl(typed),
    profiles: CLIENT_PROFILES.filter((profile) => named?.includes(profile) ?? true),
    level,
    json: values.json,
    login: values.login,
    local: values.local,
    idp: values.idp === undefined ? undefined : parseIssuer(values.idp),
  }
}

/** By its id, or as people call it: `VS Code`, `claude.ai`. */
function findProfile(typed: string): ClientProfile {
  const spelling = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, '')
  const found =
    CLIENT_PROFILES.find(({ id }) => spelling(id) === spelling(typed)) ??
    CLIENT_PROFILES.find(({ name }) => name.split(/[(),]/).map(spelling).includes(spelling(typed)))
  if (found === undefined || spelling(typed) === '')
    throw new UsageError(
      `--client is one of ${CLIENT_PROFILES.map(({ id }) => id).join(', ')}, not ${JSON.stringify(typed)}`,
    )
  return found
}

function wrapNames(names: readonly string[]): string {
  const half = Math.floor(names.length / 2) - 1
  return [names.slice(0, half), names.slice(half)]
    .map((line) => `                 ${line.join(', ')}`)
    .join(',\n')
}

function parseIssuer(typed: string): string {
  const url = URL.parse(typed)
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '')
    throw new UsageError(`--idp ${JSON.stringify(typed)} is not an issuer: an http(s) URL`)
  return typed
}

function parseMcpUrl(typed: string): URL {
  const url = URL.parse(typed)
  const isAnonymous = url?.username === '' && url.password === ''
  // Not repeated: it may hold a password.
  if (url === null || !/^https?:$/.test(url.protocol) || !isAnonymous || url.hash !== '')
    throw new UsageError('the MCP URL is not an http(s) URL without credentials and fragment')
  return url
}
