import { createHash, randomInt } from 'node:crypto'
import { createServer } from 'node:net'
import type { PosternOptions } from '../../src/config/options.ts'
import type { PosternEvent } from '../../src/events.ts'
import { type CognitoTwinServer, startCognitoTwin } from '../../src/demo/cognito-twin/server.ts'
import { startSampleMcpServer } from '../../src/demo/sample-mcp-server.ts'
import { serve } from '../../src/platform/node/index.ts'
import type { Runtime } from '../../src/runtime.ts'
import { Clock } from './clock.ts'
import { SECRET_A } from './world.ts'

export const PERSON = { username: 'ada', password: 'correct-Horse1' }

/** Postern, its identity provider and its MCP server, each on a real port of this machine. */
export interface Deployment {
  mcpUrl: string
  issuer: string
  twin: CognitoTwinServer
  clock: Clock
  events: PosternEvent[]
  /** Ends Postern and starts it again on the same port, as a deployment would. */
  restart: (changes?: Partial<PosternOptions>) => Promise<void>
  close: () => Promise<void>
}

type Watched = Partial<Runtime> & Pick<Runtime, 'now' | 'emit'>

/** Runs Postern on a port until it is closed. */
export type RunPostern = (
  options: PosternOptions,
  port: number,
  runtime: Watched,
) => Promise<{ close: () => Promise<void> }>

const runInThisProcess: RunPostern = (postern, port, runtime) =>
  serve({ postern, listen: { host: '127.0.0.1', port }, runtime, drainSeconds: 0.2 })

export async function startDeployment(
  changes: Partial<PosternOptions> = {},
  runtime: Partial<Runtime> = {},
  run: RunPostern = runInThisProcess,
): Promise<Deployment> {
  const port = await portForMcpRemote()
  const issuer = `http://localhost:${port}`
  const mcpUrl = `${issuer}/mcp`
  const clock = new Clock()
  const events: PosternEvent[] = []
  const sample = await startSampleMcpServer({})
  const twin = await startCognitoTwin({
    refreshTokenRotation: true,
    now: clock.now,
    clients: [
      {
        clientId: 'posternclient',
        callbackUrls: [`${issuer}/idp/callback`],
        scopes: ['openid', 'email'],
      },
    ],
    users: [{ ...PERSON, email: 'ada@example.test', emailVerified: true, groups: ['staff'] }],
  })
  const options: PosternOptions = {
    resources: [{ url: mcpUrl, upstream: sample.url }],
    identityProvider: {
      issuer: twin.issuer,
      clientId: 'posternclient',
      preset: 'cognito',
      refreshTokens: 'rotating',
    },
    access: 'anyoneTheIdpAdmits',
    secrets: [SECRET_A],
    ...changes,
  }
  const watched: Watched = { now: clock.now, emit: (event) => events.push(event), ...runtime }
  const start = (more: Partial<PosternOptions>): ReturnType<RunPostern> =>
    run({ ...options, ...more }, port, watched)
  let running = await start({})
  return {
    mcpUrl,
    issuer,
    twin,
    clock,
    events,
    restart: async (more = {}) => {
      await running.close()
      running = await start(more)
    },
    close: async () => {
      await running.close()
      await twin.close()
      await sample.close()
    },
  }
}

/** Ports that mcp-remote can derive and that Chromium refuses to open (ERR_UNSAFE_PORT). */
const UNSAFE_PORTS = new Set([
  3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
])

/** A free port whose MCP URL leads mcp-remote to a callback port that a browser can open. */
async function portForMcpRemote(): Promise<number> {
  const port = await freePort()
  const hash = createHash('md5').update(`http://localhost:${port}/mcp`).digest('hex')
  const callback = 3335 + (parseInt(hash.slice(0, 4), 16) % 45816)
  return UNSAFE_PORTS.has(callback) ? portForMcpRemote() : port
}

/** Below what Linux hands out by itself (32768 and up), so that nobody is given it meanwhile. */
const OWN_PORTS = { from: 20_000, to: 32_000 }

/** A port that nobody listens on. Needed in advance: it is part of the issuer. */
export async function freePort(): Promise<number> {
  const port = randomInt(OWN_PORTS.from, OWN_PORTS.to)
  const server = createServer()
  const isFree = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => resolve(true))
  })
  if (!isFree) return freePort()
  await new Promise((resolve) => server.close(resolve))
  return port
}
