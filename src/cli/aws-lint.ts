import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { styleText } from 'node:util'
import { lint } from '../aws/lint/lint.ts'
import { loadTopology } from '../aws/lint/load.ts'
import { parseMcpRemoteArguments } from '../aws/mcp-remote.ts'
import { type Finding, isAtLeast, type Level, LEVELS, shown } from '../aws/verify/finding.ts'
import { parseWords } from './parse-words.ts'
import { UsageError } from './usage-error.ts'

export const usage: string = `Usage: postern aws lint <file> [options] [-- <mcp-remote's arguments after the URL>]

Looks for the faults that AWS accepts and that only a sign-in, an attack or a bill would show. The
file is a CloudFormation template (JSON, as in cdk.out) or the output of terraform show -json, of a
plan or a state; - reads standard input.

  --level LEVEL  the lowest level to print, and to exit with 1 for: info, warning (default) or error
  --json         the findings as JSON

What people type after the URL decides mcp-remote's callback port: -- --header "X-Tenant: a"

Exit codes: 0 no findings, 1 findings, 2 wrong usage or a file that cannot be read.
`

const OPTIONS = {
  json: { type: 'boolean', default: false },
  level: { type: 'string', default: 'warning' },
} as const

const MAX_BYTES = 64 * 1024 * 1024

const COLORS = { error: 'red', warning: 'yellow', info: 'cyan' } as const

export async function run(args: string[]): Promise<void> {
  const { file, level, json, mcpRemoteArguments } = parse(args)
  const topology = await loadTopology(read(file))
  if (!topology.ok) throw new UsageError(`${file} ${shown(topology.failure)}`)
  const findings = lint(topology.value, mcpRemoteArguments).filter((finding) =>
    isAtLeast(finding.level, level),
  )
  process.stdout.write(
    json
      ? `${JSON.stringify({ findings, ignored: topology.value.ignored }, null, 2)}\n`
      : describe(findings, topology.value.resources.length),
  )
  process.exitCode = findings.length === 0 ? 0 : 1
}

interface Parsed {
  file: string
  level: Level
  json: boolean
  mcpRemoteArguments: string[]
}

function parse(args: string[]): Parsed {
  const end = args.includes('--') ? args.indexOf('--') : args.length
  const mcpRemoteArguments = args.slice(end + 1)
  const call = parseMcpRemoteArguments(['https://mcp.example.com', ...mcpRemoteArguments])
  if (!call.ok) throw new UsageError(`aws lint: ${call.failure}`)
  const { values, positionals } = parseWords(args.slice(0, end), OPTIONS)
  const [file, ...more] = positionals
  if (file === undefined) throw new UsageError('aws lint needs a template or terraform show -json')
  if (more.length > 0) throw new UsageError(`one file is enough: ${positionals.join(' ')}`)
  const level = LEVELS.find((each) => each === values.level)
  if (level === undefined)
    throw new UsageError(`--level is ${LEVELS.join(', ')}, not ${JSON.stringify(values.level)}`)
  return { file, level, json: values.json, mcpRemoteArguments }
}

function read(file: string): string {
  let descriptor = 0
  try {
    if (file !== '-') descriptor = openSync(file, 'r')
    if (fstatSync(descriptor).size > MAX_BYTES) throw new UsageError(`${file} is too large`)
    return readFileSync(descriptor, 'utf8')
  } catch (error) {
    if (error instanceof UsageError) throw error
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
    throw new UsageError(`${file} cannot be read (${code})`)
  } finally {
    if (descriptor !== 0) closeSync(descriptor)
  }
}

function describe(findings: readonly Finding[], resources: number): string {
  if (findings.length === 0) return `No findings in ${resources} resources.\n`
  const counts = LEVELS.toReversed().flatMap((level) => {
    const count = findings.filter((finding) => finding.level === level).length
    return count === 0 ? [] : [`${count} ${level}${count === 1 || level === 'info' ? '' : 's'}`]
  })
  return `${findings.map(describeFinding).join('\n')}\n${counts.join(', ')}\n`
}

function describeFinding({ code, level, where, message, fix, source }: Finding): string {
  const head = styleText(COLORS[level], level, { stream: process.stdout })
  return `${head} ${code}: ${shown(where)} ${shown(message)}\n  ${fix}\n  (${source})\n`
}
