import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startCognitoTwin } from '../../../src/demo/cognito-twin/server.ts'
import { BAD_PORTS } from '../../doctor/gallery/browser.ts'
import { derive } from '../../doctor/gallery/derived-port.ts'
import { freePort, PERSON } from '../../support/deployment.ts'
import { cached, run } from '../cache.ts'

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

/** Packages and servers in one folder: a module finds its packages from where it lies. */
export function installRivals(): Promise<string> {
  const files = readdirSync(here('.')).filter((name) => !name.endsWith('.ts'))
  return cached(files.map(here), (cwd) =>
    run('npm', ['ci', '--ignore-scripts', '--no-progress'], { cwd }),
  )
}

export interface Rival {
  mcpUrl: string
  close: () => Promise<void>
}

const CLIENT = { clientId: 'rivalclient', clientSecret: 'aSecretOfThisTest' }

/**
 * A server of `folder` before a user pool that knows its callback, and for those who pass on the
 * client's own redirect URI that of mcp-remote, as an administrator would have entered it.
 */
export async function startRival(
  folder: string,
  script: string,
  { callbackPath, env = {} }: { callbackPath?: string; env?: Record<string, string> } = {},
): Promise<Rival> {
  const port = await portForMcpRemote()
  const origin = `http://localhost:${port}`
  const mcpUrl = `${origin}/mcp`
  const redirectUris =
    callbackPath === undefined
      ? [`http://localhost:${derive(mcpUrl).port}/oauth/callback`]
      : [origin + callbackPath]
  const pool = await startCognitoTwin({
    refreshTokenRotation: true,
    clients: [
      {
        clientId: CLIENT.clientId,
        ...(callbackPath === undefined ? {} : { clientSecret: CLIENT.clientSecret }),
        callbackUrls: redirectUris,
        scopes: ['openid', 'email'],
      },
    ],
    users: [{ ...PERSON, email: 'ada@example.test', emailVerified: true, groups: [] }],
  })
  const child = spawn(process.execPath, [join(folder, script)], {
    env: {
      ...process.env,
      ...env,
      ORIGIN: origin,
      PORT: String(port),
      IDP_ISSUER: pool.issuer,
      IDP_AUTHORIZE: `${pool.origin}/oauth2/authorize`,
      IDP_TOKEN: `${pool.origin}/oauth2/token`,
      CLIENT_ID: CLIENT.clientId,
      CLIENT_SECRET: CLIENT.clientSecret,
      REDIRECT_URIS: redirectUris.join(' '),
    },
  })
  const close = async (): Promise<void> => {
    await Promise.all([end(child), pool.close()])
  }
  try {
    await untilItAnswers(mcpUrl, child)
  } catch (error) {
    await close()
    throw error
  }
  return { mcpUrl, close }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const isGone = once(child, 'exit')
  child.kill('SIGTERM')
  await isGone
}

async function untilItAnswers(url: string, child: ChildProcess): Promise<void> {
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  for (let round = 0; round < 300; round++) {
    if (child.exitCode !== null) break
    const answer = await fetch(url).catch(() => undefined)
    await answer?.body?.cancel()
    if (answer !== undefined) return
    await sleep(100)
  }
  throw new Error(`${url} does not answer: ${said}`)
}

/** One that leads mcp-remote to a port that browsers open. */
async function portForMcpRemote(): Promise<number> {
  const port = await freePort()
  return BAD_PORTS.has(derive(`http://localhost:${port}/mcp`).port) ? portForMcpRemote() : port
}
