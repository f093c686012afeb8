import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { ConfigError } from '../config/config-error.ts'
import type { PosternOptions } from '../config/options.ts'
import { generateSecret, parseSecret } from '../config/secret.ts'
import type { Emit } from '../events.ts'
import { startCognitoTwin } from '../demo/cognito-twin/server.ts'
import { startFlowPage } from '../demo/flow-page/server.ts'
import { startSampleMcpServer } from '../demo/sample-mcp-server.ts'
import { logEvents } from '../platform/node/log.ts'
import { PATHS } from '../protocol/metadata.ts'
import { describeDev, readyLine, type Ready } from './announce.ts'
import { inTermsOfFlags } from './config-paths.ts'
import { FLAGS_HELP, parseFlags, toOptions, type Flags } from './flags.ts'
import { openDoor } from './open-door.ts'
import { portOf } from './serve.ts'
import { untilSignal } from './until-signal.ts'
import { UsageError } from './usage-error.ts'

export const usage: string = `Usage: postern dev [--port PORT] [options of serve]

A front door on this computer. Demo parts stand in for what is missing: a sample MCP server unless
--upstream names one, a demo user pool unless --idp names an identity provider.

  --port PORT                 default 7420; the demo user pool takes the next one
${FLAGS_HELP}`

const DEMO_USER = { username: 'demo', password: 'demo-Passw0rd' }
const DEMO_CLIENT_ID = 'posterndemo'
/** Where MCP Inspector's web page runs. */
const INSPECTOR_ORIGINS = ['http://localhost:6274', 'http://127.0.0.1:6274']

export async function run(args: string[]): Promise<void> {
  const flags = parseFlags(args)
  if (process.env['NODE_ENV'] === 'production')
    throw new UsageError('dev is for trying things out and refuses NODE_ENV=production: use serve')
  if (flags.config !== undefined) throw new UsageError('--config belongs to serve')
  const mcpUrl = flags.mcpUrl === undefined ? undefined : readUrl(flags.mcpUrl)
  const port =
    flags.listen?.port ?? (Number(mcpUrl?.port ?? '') || portOf(process.env)?.port) ?? 7420
  const host = flags.listen?.host ?? '127.0.0.1'
  if (host !== '127.0.0.1' && host !== '::1' && host !== 'localhost')
    throw new UsageError('dev listens on this computer only: use serve')

  const closers: (() => Promise<void>)[] = []
  try {
    const options = await completeOptions(flags, flags.mcpUrl ?? `http://localhost:${port}/mcp`, {
      port,
      closers,
    })
    const timeline = await startFlowPage()
    closers.push(() => timeline.close())
    const log = logEvents(flags.logLevel)
    const emit: Emit = (event) => {
      log(event)
      timeline.emit(event)
    }
    const door = await openDoor(options.postern, { host, port }, emit, '--port')
    closers.push(() => door.close())
    const { config } = door.postern
    process.stdout.write(
      flags.json
        ? `${JSON.stringify({ ...readyLine(config, options.demoUser), timeline: timeline.url })}\n`
        : describeDev(config, options.demoUser, timeline.url),
    )
    await untilSignal()
  } catch (error) {
    throw error instanceof ConfigError ? inTermsOfFlags(error) : error
  } finally {
    for (const close of closers.toReversed()) await close()
  }
}

/** `serve`'s options, with a demo part wherever one is missing. */
async function completeOptions(
  flags: Flags,
  mcpUrl: string,
  { port, closers }: { port: number; closers: (() => Promise<void>)[] },
): Promise<{ postern: PosternOptions; demoUser: Ready['demoUser'] }> {
  const typed = toOptions({ ...flags, mcpUrl }, process.env)
  if (flags.upstream === undefined) {
    const sample = await startSampleMcpServer({})
    closers.push(() => sample.close())
    typed.resources[0] = {
      name: 'Sample MCP server',
      ...typed.resources[0],
      url: mcpUrl,
      upstream: sample.url,
    }
  }
  const twin =
    flags.idp === undefined ? await startDemoPool(port, new URL(mcpUrl).origin) : undefined
  if (twin !== undefined) {
    closers.push(() => twin.close())
    typed.identityProvider = {
      issuer: twin.issuer,
      clientId: DEMO_CLIENT_ID,
      preset: 'cognito',
      refreshTokens: 'rotating',
    }
  }
  return {
    postern: {
      access: 'anyoneTheIdpAdmits',
      secrets: [await rememberSecret()],
      environment: 'development',
      ...typed,
      allowedOrigins: [...INSPECTOR_ORIGINS, ...(typed.allowedOrigins ?? [])],
    },
    demoUser: twin === undefined ? null : DEMO_USER,
  }
}

async function startDemoPool(
  port: number,
  issuer: string,
): Promise<Awaited<ReturnType<typeof startCognitoTwin>>> {
  try {
    return await startCognitoTwin({
      port: port + 1,
      refreshTokenRotation: true,
      clients: [
        {
          clientId: DEMO_CLIENT_ID,
          callbackUrls: [issuer + PATHS.callback],
          scopes: ['openid', 'email'],
        },
      ],
      users: [
        {
          ...DEMO_USER,
          email: 'demo@example.com',
          emailVerified: true,
          groups: ['developers'],
        },
      ],
    })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code !== 'EADDRINUSE') throw error
    throw new UsageError(
      `port ${port + 1}, for the demo user pool, is in use: choose another pair with --port`,
    )
  }
}

function readUrl(text: string): URL {
  if (!URL.canParse(text)) throw new UsageError(`${JSON.stringify(text)} is not a URL`)
  return new URL(text)
}

const SECRET_FOLDER = '.postern'

/** One secret for all starts in this folder, so that clients stay registered between them. */
async function rememberSecret(): Promise<string> {
  const file = `${SECRET_FOLDER}/dev-secret`
  const known = await readFile(file, 'utf8').catch(() => '')
  if ('bytes' in parseSecret(known)) return known.trim()
  const secret = generateSecret((length) => randomBytes(length))
  try {
    await mkdir(SECRET_FOLDER, { recursive: true })
    await writeFile(file, `${secret}\n`, { mode: 0o600 })
  } catch {
    process.stderr.write('postern: the secret of this start cannot be kept in this folder\n')
  }
  return secret
}
