import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startCognitoTwin } from '../../src/demo/cognito-twin/server.ts'
import { freePort } from '../support/deployment.ts'
import { SECRET_A } from '../support/world.ts'

const BIN = resolve('bin/postern.js')
let child: ChildProcessWithoutNullStreams
let port: number
let out = ''
let exit: Promise<number | null>
let issuer: string
let twinPort: number

beforeEach(async () => {
  port = await freePort()
  twinPort = await freePort()
  // Started once to learn its issuer, and gone when Postern starts.
  const twin = await startCognitoTwin({ port: twinPort, clients: [], users: [] })
  issuer = twin.issuer
  await twin.close()
})

afterEach(async () => {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
  await exit
})

async function serve(): Promise<void> {
  const { POSTERN_SECRET: _, PORT: __, NODE_ENV: ___, ...inherited } = process.env
  child = spawn(
    process.execPath,
    [
      BIN,
      'serve',
      `http://localhost:${port}/mcp`,
      '--upstream=http://127.0.0.1:9/mcp',
      `--idp=${issuer}`,
      '--client-id=abc',
      '--access=anyone-the-idp-admits',
      '--idp-refresh-tokens=rotating',
      `--listen=127.0.0.1:${port}`,
      '--json',
    ],
    { env: { ...inherited, POSTERN_SECRET: SECRET_A } },
  )
  out = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.resume()
  exit = new Promise((done) => child.once('close', done))
  await expect.poll(() => out, { timeout: 10_000 }).toContain('\n')
}

const status = async (path: string): Promise<number> =>
  (await fetch(`http://localhost:${port}${path}`)).status

test('readiness is red without the identity provider, green once it is there', async () => {
  await serve()
  expect(await status('/readyz')).toBe(503)
  expect(await status('/healthz')).toBe(200)
  const twin = await startCognitoTwin({ port: twinPort, clients: [], users: [] })
  await expect.poll(() => status('/readyz')).toBe(200)
  await twin.close()
})

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s ends it with exit 0 at once, though a client keeps its connection',
  async (signal) => {
    await serve()
    expect(await status('/mcp')).toBe(401)
    child.kill(signal)
    const began = Date.now()
    expect(await exit).toBe(0)
    expect(Date.now() - began).toBeLessThan(5000)
    // The answer, and nothing else, ever.
    expect(out.trimEnd().split('\n')).toHaveLength(1)
  },
)
