import { randomBytes } from 'node:crypto'
import { Resolver } from 'node:dns/promises'
import { listenForCallback } from '../aws/verify/callback-listener.ts'
import { describeReport, exitCode } from '../aws/verify/describe.ts'
import { LEVELS, type Level } from '../aws/verify/finding.ts'
import type { LoginPorts } from '../aws/verify/login.ts'
import { verify } from '../aws/verify/verify.ts'
import { parseWords } from './parse-words.ts'
import { UsageError } from './usage-error.ts'

export const usage: string = `Usage: postern aws verify <mcp-url> [options]

Looks at a deployment on AWS from outside, as any client could: whether people can sign in, what
anybody else gets, and what AWS does where its documents leave it open. Sends no secret, changes
nothing.

  --login        a person signs in: prints the address to open, waits for the browser to come back,
                 tries the tokens and revokes them; prints no token
  --level LEVEL  exit with 1 from this level on: info, warning or error (default error)
  --json         the report as one line of JSON
`

const OPTIONS = {
  json: { type: 'boolean', default: false },
  login: { type: 'boolean', default: false },
  level: { type: 'string', default: 'error' },
} as const

const WAIT_SECONDS = 300

export async function run(args: string[]): Promise<void> {
  const { mcpUrl, level, json, login } = parse(args)
  const report = await verify(
    mcpUrl,
    {
      fetch: (url, init) => fetch(url, init),
      resolveAaaa,
      random: (length) => randomBytes(length),
    },
    login ? { loginPorts: LOGIN } : {},
  )
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : describeReport(report))
  process.exitCode = exitCode(report, level)
}

const LOGIN: LoginPorts = {
  // Not on stdout, which with --json is the report's alone.
  announce: (url) =>
    process.stderr.write(
      `Open this address in a browser on this computer and sign in:\n\n${url}\n\n`,
    ),
  listen: listenForCallback,
  waitSeconds: WAIT_SECONDS,
}

async function resolveAaaa(host: string): Promise<string[]> {
  try {
    return await new Resolver({ timeout: 2000, tries: 2 }).resolve6(host)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENODATA') return []
    throw error
  }
}

function parse(args: string[]): { mcpUrl: string; level: Level; json: boolean; login: boolean } {
  const { values, positionals } = parseWords(args, OPTIONS)
  const [typed, ...more] = positionals
  if (typed === undefined) throw new UsageError('aws verify needs the MCP URL')
  if (more.length > 0) throw new UsageError(`one MCP URL is enough: ${positionals.join(' ')}`)
  const level = LEVELS.find((each) => each === values.level)
  if (level === undefined)
    throw new UsageError(`--level is ${LEVELS.join(', ')}, not ${JSON.stringify(values.level)}`)
  return { mcpUrl: parseMcpUrl(typed), level, json: values.json, login: values.login }
}

/** One trailing slash is the same resource. */
function parseMcpUrl(typed: string): string {
  const url = URL.parse(typed)
  if (url?.protocol !== 'https:' || url.username !== '' || url.search !== '' || url.hash !== '')
    throw new UsageError(
      `${JSON.stringify(typed)} is not an https URL without credentials, query and fragment`,
    )
  return url.pathname === '/' ? url.origin : url.origin + url.pathname.replace(/\/$/, '')
}
