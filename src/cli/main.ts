import { ConfigError } from '../config/config-error.ts'
import { UsageError } from './usage-error.ts'

interface Command {
  summary: string
  load: () => Promise<{ run: (args: string[]) => Promise<void>; usage: string }>
}

const COMMANDS: Readonly<Record<string, Command>> = {
  dev: {
    summary: 'a front door to try, with demo parts for whatever is missing',
    load: () => import('./dev.ts'),
  },
  serve: {
    summary: 'the front door before a real MCP server',
    load: () => import('./serve.ts'),
  },
  doctor: {
    summary: 'who can connect to an MCP server, who cannot, and why',
    load: () => import('./doctor.ts'),
  },
  connect: {
    summary: 'tells the clients on this computer about an MCP server',
    load: () => import('./connect.ts'),
  },
  flow: {
    summary: 'the story of a sign-in, from the log',
    load: () => import('./flow.ts'),
  },
  secret: {
    summary: 'print a fresh secret',
    load: () => import('./secret.ts'),
  },
  'callback-urls': {
    summary: 'what an identity provider with exact matching must know',
    load: () => import('./callback-urls.ts'),
  },
  'aws lint': {
    summary: 'faults of a CloudFormation template or a Terraform plan',
    load: () => import('./aws-lint.ts'),
  },
  'aws verify': {
    summary: 'a deployment on AWS, looked at from outside',
    load: () => import('./aws-verify.ts'),
  },
  'aws bundle': {
    summary: 'code of a server and of Postern, as Lambda takes it',
    load: () => import('./aws-bundle.ts'),
  },
}

/** Runs the command line. Exit codes: 0 done, 1 failed, 2 wrong usage or configuration. */
export async function main(args: string[] = process.argv.slice(2)): Promise<void> {
  try {
    const [group, ...words] = splitGroup(args)
    const [name, ...rest] = words
    if (name === undefined || isHelp(name)) {
      process.stdout.write(overview(group))
      if (name === undefined) process.exitCode = 2
      return
    }
    const fullName = group + name
    const command = Object.hasOwn(COMMANDS, fullName) ? COMMANDS[fullName] : undefined
    if (command === undefined)
      throw new UsageError(`there is no command ${JSON.stringify(fullName)}`)
    const { run, usage } = await command.load()
    if (rest.some(isHelp)) process.stdout.write(usage)
    else await run(rest)
  } catch (error) {
    process.exitCode = report(error)
  }
}

/** Commands of several words have the first ones in common: `aws ` and what follows, or nothing. */
function splitGroup(args: readonly string[]): [group: string, ...words: string[]] {
  const [first, ...rest] = args
  const group = `${first} `
  if (first === undefined) return ['']
  return Object.keys(COMMANDS).some((name) => name.startsWith(group))
    ? [group, ...rest]
    : ['', first, ...rest]
}

function isHelp(word: string): boolean {
  return word === '--help' || word === '-h'
}

function report(error: unknown): number {
  if (error instanceof UsageError) {
    process.stderr.write(`postern: ${error.message} (see postern --help)\n`)
    return 2
  }
  if (error instanceof ConfigError) {
    const lines = error.issues.map(
      ({ path, message, fix }) => `  ${path} ${message}\n      ${fix}\n`,
    )
    const count = lines.length === 1 ? '1 problem' : `${lines.length} problems`
    process.stderr.write(`postern: the configuration has ${count}:\n\n${lines.join('')}`)
    return 2
  }
  process.stderr.write(`postern: ${error instanceof Error ? error.message : String(error)}\n`)
  return 1
}

function overview(group: string): string {
  const lines = Object.entries(COMMANDS)
    .filter(([name]) => name.startsWith(group))
    .map(([name, { summary }]) => `  ${name.padEnd(15)}${summary}\n`)
  return `Usage: postern ${group}<command> [options]\n\n${lines.join('')}\nOptions of one: postern ${group}<command> --help\n`
}
