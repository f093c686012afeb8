import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { freePort } from '../support/deployment.ts'
import { SECRET_A } from '../support/world.ts'

const BIN = resolve('bin/postern.js')
let folder: string
let running: ChildProcessWithoutNullStreams[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'postern-cli-'))
  running = []
})

afterEach(async () => {
  await Promise.all(
    running
      .filter((child) => child.exitCode === null && child.signalCode === null)
      .map((child) => {
        child.kill('SIGKILL')
        return once(child, 'exit')
      }),
  )
  rmSync(folder, { recursive: true, force: true })
})

interface Started {
  child: ChildProcessWithoutNullStreams
  out: () => string
  err: () => string
  exit: Promise<number | null>
}

function start(args: string[], env: Record<string, string> = {}): Started {
  const { POSTERN_SECRET: _, PORT: __, NODE_ENV: ___, ...inherited } = process.env
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd: folder,
    env: { ...inherited, ...env },
  })
  running.push(child)
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  const exit = new Promise<number | null>((done) => child.once('close', done))
  return { child, out: () => out, err: () => err, exit }
}

async function run(
  args: string[],
  env: Record<string, string> = {},
): Promise<{ code: number | null; out: string; err: string }> {
  const started = start(args, env)
  return { code: await started.exit, out: started.out(), err: started.err() }
}

async function pairOfPorts(): Promise<number> {
  for (;;) {
    const port = await freePort()
    const next = createServer()
    const free = await new Promise<boolean>((done) => {
      next.once('error', () => done(false))
      next.listen(port + 1, '127.0.0.1', () => done(true))
    })
    next.close()
    if (free) return port
  }
}

describe('postern', () => {
  test('without a command shows the commands, exit 2', async () => {
    const { code, out } = await run([])
    expect(code).toBe(2)
    for (const name of ['dev', 'serve', 'secret']) expect(out).toContain(name)
  })

  test.each(['--help', 'dev --help', 'serve --help', 'secret --help'])(
    '%s is an answer, exit 0',
    async (line) => {
      const { code, out, err } = await run(line.split(' '))
      expect([code, out.startsWith('Usage: postern'), err]).toEqual([0, true, ''])
    },
  )

  test.each([
    ['an unknown command', ['frobnicate'], 'frobnicate'],
    ['a misspelt option', ['serve', '--acces', 'group:x'], '--acces'],
    ['an option without its value', ['serve', '--upstream'], '--upstream'],
    ['a wrong access rule', ['serve', '--access', 'everyone'], 'everyone'],
    ['two MCP URLs', ['serve', 'https://a/mcp', 'https://b/mcp'], 'one MCP URL'],
    ['a port out of range', ['dev', '--port', '70000'], '70000'],
    ['a wrong PORT', ['dev'], 'nonsense', { PORT: 'nonsense' }],
    ['a secret that is not set', ['serve', '--client-secret-env', 'NOT_SET'], 'NOT_SET'],
    ['dev in production', ['dev'], 'production', { NODE_ENV: 'production' }],
    ['dev for the whole network', ['dev', '--listen', '0.0.0.0:7420'], 'this computer only'],
  ] as [string, string[], string, Record<string, string>?][])(
    '%s is exit 2, names it, and says nothing on stdout',
    async (_, args, named, env = {}) => {
      const { code, out, err } = await run(args, env)
      expect([code, out]).toEqual([2, ''])
      expect(err).toContain(named)
      expect(err).not.toMatch(/^\s+at /m)
    },
  )
})

describe('postern secret', () => {
  test('prints a fresh secret that serve accepts', async () => {
    const [one, two] = await Promise.all([run(['secret']), run(['secret'])])
    expect(one.out).toMatch(/^[\w-]{43}\n$/)
    expect(one.out).not.toBe(two.out)
  })
})

describe('postern serve', () => {
  const complete = [
    'https://mcp.example.com/mcp',
    '--upstream=http://127.0.0.1:9/mcp',
    '--idp=http://127.0.0.1:9/idp',
    '--client-id=abc',
    '--access=group:staff',
    '--idp-refresh-tokens=rotating',
  ]

  test('lists every missing part with its fix', async () => {
    const { code, out, err } = await run(['serve'])
    expect([code, out]).toEqual([2, ''])
    for (const part of [
      '<mcp-url>',
      '--upstream',
      '--idp',
      '--client-id',
      '--access',
      'POSTERN_SECRET',
    ])
      expect(err).toContain(`${part} is missing`)
    expect(err).toContain('6 problems')
  })

  test.each([
    ['a weak secret', complete, 'A'.repeat(43), 'POSTERN_SECRET is not random'],
    ['a short secret', complete, 'c2hvcnQtc2VjcmV0', 'POSTERN_SECRET holds'],
    ['an http URL', ['http://mcp.example.com/mcp', ...complete.slice(1)], SECRET_A, 'not loopback'],
    [
      'a trailing slash',
      ['https://mcp.example.com/mcp/', ...complete.slice(1)],
      SECRET_A,
      'canonical',
    ],
    [
      'an unrotated identity provider',
      [...complete, '--idp-refresh-tokens', 'unrotated'],
      SECRET_A,
      'does not rotate',
    ],
  ])('refuses %s, and never repeats a secret', async (_, args, secret, problem) => {
    const { code, err } = await run(['serve', ...args], { POSTERN_SECRET: secret })
    expect(code).toBe(2)
    expect(err).toContain(problem)
    expect(err).not.toContain(secret)
  })

  test('starts before its identity provider, says what to register there, and ends at SIGTERM', async () => {
    const port = await freePort()
    const door = start(['serve', ...complete, '--listen', `127.0.0.1:${port}`], {
      POSTERN_SECRET: SECRET_A,
    })
    await expect.poll(door.out, { timeout: 10_000 }).toContain('mcpServers')
    expect(door.out()).toContain('https://mcp.example.com/idp/callback')
    expect(door.out()).toContain('openid email offline_access')
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200)
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(503)
    await expect.poll(door.err).toContain('"identity-provider.unavailable"')
    door.child.kill('SIGTERM')
    expect(await door.exit).toBe(0)
  })

  test('takes a configuration file, and lists its problems by their own paths', async () => {
    const file = join(folder, 'postern.config.ts')
    writeFileSync(file, `export default { resources: [{ url: 'x', upstream: 'y' }], access: [] }`)
    const { code, err } = await run(['serve', '--config', file], { POSTERN_SECRET: SECRET_A })
    expect(code).toBe(2)
    for (const path of ['resources.0.url', 'resources.0.upstream', 'identityProvider', 'access'])
      expect(err).toContain(path)

    const port = await freePort()
    writeFileSync(
      file,
      `export default {
        resources: [{ url: 'https://mcp.example.com/mcp', upstream: 'http://127.0.0.1:9/mcp' }],
        identityProvider: { issuer: 'http://127.0.0.1:9', clientId: 'a', refreshTokens: 'rotating' },
        access: [{ groups: ['staff'] }],
      }`,
    )
    const args = ['serve', '--config', file, '--listen', String(port), '--json']
    const door = start(args, { POSTERN_SECRET: SECRET_A })
    await expect.poll(door.out, { timeout: 10_000 }).toContain('"event":"ready"')
  })
})

describe('postern dev', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    'is ready with one JSON line, and ends at %s',
    async (signal) => {
      const port = await pairOfPorts()
      const dev = start(['dev', '--json'], { PORT: String(port) })
      await expect.poll(dev.out, { timeout: 10_000 }).toContain('\n')
      expect(dev.out().trimEnd().split('\n')).toHaveLength(1)
      expect(JSON.parse(dev.out())).toEqual({
        event: 'ready',
        mcpUrl: `http://localhost:${port}/mcp`,
        issuer: `http://localhost:${port}`,
        identityProvider: expect.stringMatching(new RegExp(`^http://localhost:${port + 1}/`)),
        demoUser: { username: expect.any(String), password: expect.any(String) },
        timeline: expect.stringMatching(/^http:\/\/localhost:\d+\/$/),
      })
      expect((await fetch((JSON.parse(dev.out()) as { timeline: string }).timeline)).status).toBe(
        200,
      )
      expect((await fetch(`http://localhost:${port}/mcp`)).status).toBe(401)
      dev.child.kill(signal)
      expect(await dev.exit).toBe(0)
    },
  )

  test('tells a person all they need', async () => {
    const port = await pairOfPorts()
    const dev = start(['dev', '--port', String(port)])
    await expect.poll(dev.out, { timeout: 10_000 }).toContain('mcpServers')
    for (const part of [
      `http://localhost:${port}/mcp`,
      'demo',
      'mcp-remote-client',
      'claude_desktop',
    ])
      expect(dev.out()).toContain(part)
  })

  test.each([
    ['its own port', 0],
    ['the port of the demo user pool', 1],
  ])('%s being busy is an error that names --port, never a silent move', async (_, offset) => {
    const port = await pairOfPorts()
    const squatter = createServer()
    await new Promise<void>((done) => squatter.listen(port + offset, '127.0.0.1', done))
    const { code, err } = await run(['dev', '--port', String(port)])
    squatter.close()
    expect(code).toBe(2)
    expect(err).toContain(`port ${port + offset}`)
    expect(err).toContain('--port')
  })

  test('goes before a real MCP server and a real identity provider', async () => {
    const port = await pairOfPorts()
    const args = ['--upstream', 'http://127.0.0.1:9/mcp', '--idp', 'http://127.0.0.1:9/idp']
    const dev = start(['dev', '--json', '--port', String(port), ...args, '--client-id', 'abc'])
    await expect.poll(dev.out, { timeout: 10_000 }).toContain('\n')
    expect(JSON.parse(dev.out())).toMatchObject({
      identityProvider: 'http://127.0.0.1:9/idp',
      demoUser: null,
    })
  })

  test('keeps its secret between starts, readable by its owner alone', async () => {
    const port = await pairOfPorts()
    const file = join(folder, '.postern', 'dev-secret')
    const read = async (): Promise<string> => {
      const dev = start(['dev', '--json', '--port', String(port)])
      await expect.poll(dev.out, { timeout: 10_000 }).toContain('\n')
      dev.child.kill('SIGTERM')
      await dev.exit
      return readFileSync(file, 'utf8')
    }
    expect(await read()).toBe(await read())
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })
})
