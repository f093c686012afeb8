import { ConfigError } from '../config/config-error.ts'
import { loadConfigFile } from '../config/load.ts'
import type { PosternOptions } from '../config/options.ts'
import { logEvents } from '../platform/node/log.ts'
import { describeServe, readyLine } from './announce.ts'
import { inTermsOfFlags } from './config-paths.ts'
import { FLAGS_HELP, parseFlags, parseListen, toOptions, type Flags } from './flags.ts'
import { openDoor } from './open-door.ts'
import { untilSignal } from './until-signal.ts'
import { UsageError } from './usage-error.ts'

export const usage: string = `Usage: postern serve <mcp-url> --upstream URL --idp ISSUER --client-id ID --access RULE [options]
       postern serve --config postern.config.ts

<mcp-url> is the address that people paste. POSTERN_SECRET holds the secrets, separated by commas:
the first signs.

${FLAGS_HELP}`

export async function run(args: string[]): Promise<void> {
  const flags = parseFlags(args)
  const listen = { host: '127.0.0.1', port: 7420, ...(flags.listen ?? portOf(process.env)) }
  const options = await readOptions(flags)
  const door = await openDoor(options, listen, logEvents(flags.logLevel), '--listen').catch(
    (error: unknown) => {
      const typed = error instanceof ConfigError && flags.config === undefined
      throw typed ? inTermsOfFlags(error) : error
    },
  )
  const { config } = door.postern
  process.stdout.write(
    flags.json ? `${JSON.stringify(readyLine(config, null))}\n` : describeServe(config),
  )
  // Readiness stays red and events say why until the identity provider answers.
  void keepAsking(() => door.postern.isReady())
  await untilSignal()
  await door.close()
}

export function portOf(environment: NodeJS.ProcessEnv): Flags['listen'] {
  const port = environment['PORT']
  return port === undefined || port === '' ? undefined : parseListen(port)
}

async function readOptions(flags: Flags): Promise<PosternOptions> {
  const environment = process.env['NODE_ENV'] === 'development' ? 'development' : 'production'
  const typed = toOptions(flags, process.env)
  if (flags.config === undefined) return { environment, ...typed } as PosternOptions
  if (flags.mcpUrl !== undefined || flags.upstream !== undefined || flags.idp !== undefined)
    throw new UsageError('--config already says the MCP URL, the upstream and the IdP: give one')
  const file = await loadConfigFile(flags.config)
  return {
    environment,
    ...(typed.secrets === undefined ? {} : { secrets: typed.secrets }),
    ...(typed.retiredSecrets === undefined ? {} : { retiredSecrets: typed.retiredSecrets }),
    ...file,
  } as PosternOptions
}

const RETRY_MS = 5_000

async function keepAsking(isReady: () => Promise<boolean>): Promise<void> {
  while (!(await isReady())) await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref())
}
