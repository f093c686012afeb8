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
  secret: {
    summary: 'print a fresh secret',
    load: () => import('./secret.ts'),
  },
  'callback-urls': {
    summary: 'what an identity provider with exact matching must know',
    load: () => import('./callback-urls.ts'),
  },
}

/** Runs the command line. Exit codes: 0 done, 1 failed, 2 wrong usage or configuration. */
export async function main(args: string[] = process.argv.slice(2)): Promise<void> {
  const [name, ...rest] = args
  try {
    if (name === undefined || name === '--help' || name === '-h') {
      process.stdout.write(overview())
      if (name === undefined) process.exitCode = 2
      return
    }
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
    if (command === undefined) throw new UsageError(`there is no command ${JSON.stringify(name)}`)
    const { run, usage } = await command.load()
    if (rest.includes('--help') || rest.includes('-h')) process.stdout.write(usage)
    else await run(rest)
  } catch (error) {
    process.exitCode = report(error)
  }
}

function report(error: unknown): number {
  if (error instanceof UsageError) {
    process.stderr.write(`postern: ${error.message}\nSee: postern --help\n`)
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

function overview(): string {
  const lines = Object.entries(COMMANDS).map(
    ([name, { summary }]) => `  ${name.padEnd(15)}${summary}\n`,
  )
  return `Usage: postern <command> [options]\n\n${lines.join('')}\nOptions of one: postern <command> --help\n`
}
