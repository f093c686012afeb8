import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { EventEmitter } from 'node:events'
import { createServer, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { callbackUrls, describeCallbackUrls } from '../../src/aws/callback-urls.ts'
import {
  candidatePorts,
  derivedPort,
  parseMcpRemoteArguments,
  type McpRemoteCall,
} from '../../src/aws/mcp-remote.ts'
import { freePort } from '../support/deployment.ts'

const MCP_URL = 'https://mcp.example.com/mcp'

/** What the published packages do with a command line, by their own code. */
interface OwnCode {
  parseCommandLineArgs: (args: string[], usage: string) => Promise<OwnCall>
  createLazyAuthCoordinator: (
    hash: string,
    callbackPath: string,
    port: number,
    events: EventEmitter,
    timeoutMs: number,
    strictPort: boolean,
  ) => { initializeAuth: () => Promise<unknown> }
}
interface OwnCall {
  callbackPort: number
  host: string
  callbackPath?: string
}

const PACKAGES = {
  '0.15.1': '../../node_modules/mcp-remote-0.15/dist/chunk-KJCT2FXL.js',
  '0.8.7': '../../node_modules/mcp-remote-0.8/dist/chunk-IEB5HJJX.js',
  '0.1.38': '../../node_modules/mcp-remote-0.1/dist/chunk-65X3S4HB.js',
}

let folder: string
beforeAll(() => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
  folder = mkdtempSync(join(tmpdir(), 'postern-callback-urls-'))
  vi.stubEnv('MCP_REMOTE_CONFIG_DIR', folder)
  writeFileSync(join(folder, 'headers.txt'), '# ours\nX-Tenant: a\n\n  X-Region: eu  \n')
})
afterAll(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  rmSync(folder, { recursive: true, force: true })
})

function parse(args: readonly string[]): McpRemoteCall {
  const call = parseMcpRemoteArguments(args)
  if (!call.ok) throw new Error(call.failure)
  return call.value
}

async function ownCall(path: string, args: readonly string[]): Promise<OwnCall> {
  const { parseCommandLineArgs } = (await import(path)) as OwnCode
  // mcp-remote takes its words away from the array.
  return parseCommandLineArgs([...args], '')
}

/** Every port is free: on a busy machine a connection of others may have the very one. */
function listensInVain(): void {
  beforeAll(() => {
    const ports = new WeakMap<Server, number>()
    vi.spyOn(Server.prototype, 'listen').mockImplementation(function (this: Server, port) {
      ports.set(this, Number(port))
      queueMicrotask(() => this.emit('listening'))
      return this
    })
    vi.spyOn(Server.prototype, 'address').mockImplementation(function (this: Server) {
      return { address: '::', family: 'IPv6', port: ports.get(this) ?? 0 }
    })
    vi.spyOn(Server.prototype, 'close').mockImplementation(function (this: Server, closed) {
      closed?.()
      return this
    })
  })
  afterAll(() => {
    for (const method of ['listen', 'address', 'close'] as const)
      vi.mocked(Server.prototype[method]).mockRestore()
  })
}

const WORKED_EXAMPLES: [args: string[], port: number][] = [
  [[MCP_URL], 41409],
  [['https://mcp.example.com/mcp/'], 3494],
  [['https://mcp.example.com/sse'], 22100],
  [['https://mcp.example.com'], 38436],
  [['http://localhost:8787/mcp'], 27062],
  // 46689 lies beyond the 45816 ports: it starts again at 3335.
  [['http://localhost:3000/mcp'], 4208],
  [['https://example.remote/server'], 37531],
  [[MCP_URL, '--resource', MCP_URL], 44040],
  [[MCP_URL, '--header', 'X-Tenant: a'], 18812],
]

const NEWER_OPTIONS: string[][] = [
  [MCP_URL, '--authorize-param', 'audience=x'],
  [MCP_URL, '--authorize-param', 'b=2', '--authorize-param', 'a=1=1'],
  [MCP_URL, '--header', 'B:2', '--header', 'A:  1', '--header', 'C:${TOKEN}'],
  ['--header', 'X-Tenant: a', MCP_URL],
  [MCP_URL, '--resource', ` ${MCP_URL} `],
  [MCP_URL, '--resource', ''],
  [MCP_URL, '--resource', MCP_URL, '--disable-resource-parameter'],
  [MCP_URL, '--client-metadata-url', 'https://client.example/oauth/client.json'],
  [MCP_URL, '--host', '127.0.0.1', '--callback-path', '/cb'],
  [MCP_URL, '9696', '--transport', 'http-only'],
]

describe('the port that mcp-remote listens on for the callback', () => {
  test.each(WORKED_EXAMPLES)('%j leads to port %i', (args, port) => {
    expect(derivedPort(parse(args))).toBe(port)
  })

  test('an --authorize-param leads to another port', () => {
    expect(derivedPort(parse([MCP_URL, '--authorize-param', 'audience=x']))).toBe(36808)
  })

  describe.each(Object.entries(PACKAGES))('as in mcp-remote %s', (_, path) => {
    listensInVain()
    test.each(WORKED_EXAMPLES)('%j leads to port %i', async (args, port) => {
      const own = await ownCall(path, args)
      expect([own.callbackPort, own.host]).toEqual([port, 'localhost'])
    })
  })

  describe.each(Object.entries(PACKAGES).slice(0, 2))('as in mcp-remote %s', (_, path) => {
    listensInVain()
    test.each(NEWER_OPTIONS)('%s %s %s %s %s %s', async (...args) => {
      const own = await ownCall(path, args)
      const call = parse(args)
      expect([call.port ?? derivedPort(call), call.callbackPath, call.host ?? 'localhost']).toEqual(
        [own.callbackPort, own.callbackPath, own.host],
      )
    })

    test('headers of a file count as well', async () => {
      const args = [
        MCP_URL,
        '--header-file',
        join(folder, 'headers.txt'),
        '--header',
        'X-Tenant: b',
      ]
      expect(derivedPort(parse(args))).toBe((await ownCall(path, args)).callbackPort)
    })
  })

  test('an explicit token endpoint counts as well', async () => {
    const args = [MCP_URL, '--client-credentials', '--token-endpoint', 'https://as.example/token']
    expect(derivedPort(parse(args))).toBe((await ownCall(PACKAGES['0.15.1'], args)).callbackPort)
  })
})

describe.each(Object.entries(PACKAGES).slice(0, 2))('while ports are taken', (version, path) => {
  let taken: Server[]
  let port: number
  beforeAll(async () => {
    ;({ taken, port } = await takeEightPorts())
  })
  afterAll(() => {
    for (const server of taken) server.close()
  })

  test.each([
    ['the derived port and the next seven', [MCP_URL]],
    [
      'the derived port only, for a client known in advance',
      [MCP_URL, '--static-oauth-client-info', '{}'],
    ],
  ])(`mcp-remote ${version} tries %s`, async (_, args) => {
    const call = parse(args)
    const { createLazyAuthCoordinator } = (await import(path)) as OwnCode
    const { strictPort } = call
    const coordinator = createLazyAuthCoordinator(
      'hash',
      '/cb',
      port,
      new EventEmitter(),
      1000,
      strictPort,
    )
    const refused = await coordinator.initializeAuth().catch((error: Error) => error.message)
    const [first, last] = [candidatePorts(call).at(0)!, candidatePorts(call).at(-1)!]
    const tried = strictPort ? `${port}` : `${port}-${port + last - first}`
    expect(refused).toMatch(new RegExp(`\\b${tried}\\b`))
  })
})

/** Eight ports in a row, all in use. */
async function takeEightPorts(): Promise<{ taken: Server[]; port: number }> {
  const port = await freePort()
  const taken = await Promise.all(
    Array.from({ length: 8 }, async (_, next) => {
      const server = createServer((socket) => socket.destroy())
      const listening = await new Promise<boolean>((done) => {
        server.once('error', () => done(false))
        server.listen(port + next, '127.0.0.1', () => done(true))
      })
      return listening ? server : undefined
    }),
  )
  if (taken.every((server) => server !== undefined)) return { taken, port }
  for (const server of taken) server?.close()
  return takeEightPorts()
}

describe('callbackUrls', () => {
  test('lists hosted Claude, both spellings of the URL, eight ports each and both loopback hosts', () => {
    const urls = callbackUrls({ url: MCP_URL })
    const local = [41409, 3494].flatMap((port) =>
      Array.from({ length: 8 }, (_, next) => port + next).flatMap((each) => [
        `http://localhost:${each}/oauth/callback`,
        `http://127.0.0.1:${each}/oauth/callback`,
      ]),
    )
    expect(urls).toEqual([
      'https://claude.ai/api/mcp/auth_callback',
      'https://claude.com/api/mcp/auth_callback',
      ...local,
    ])
  })

  test('is the same set whichever way the URL is typed', () => {
    expect(new Set(callbackUrls({ url: `${MCP_URL}/` }))).toEqual(
      new Set(callbackUrls({ url: MCP_URL })),
    )
    expect(new Set(callbackUrls({ url: 'https://mcp.example.com/mcp/?a=/' }))).toEqual(
      new Set(callbackUrls({ url: 'https://mcp.example.com/mcp?a=/' })),
    )
  })

  test('stays within what one Cognito client can hold, whatever the URL', () => {
    for (let n = 0; n < 200; n++) {
      const urls = callbackUrls({ url: `https://mcp.example.com/${n}` })
      expect(urls.length).toBeLessThanOrEqual(34)
      expect(new Set(urls).size).toBe(urls.length)
    }
  })

  test.each([
    ['an explicit port', [MCP_URL, '9696'], ['9696']],
    ['--client-metadata-url', [MCP_URL, '--client-metadata-url', 'https://c.example/c'], undefined],
    ['--static-oauth-client-info', [MCP_URL, '--static-oauth-client-info', '{}'], undefined],
  ])('%s: mcp-remote takes that port or none', (_, args, expected) => {
    const call = parse(args)
    const urls = describeCallbackUrls(call).urls.filter((url) => url.startsWith('http://localhost'))
    const other = { ...call, serverUrl: `${MCP_URL}/` }
    const ports = expected ?? [call, other].map((each) => String(derivedPort(each)))
    expect(urls.map((url) => /:(\d+)\//.exec(url)?.[1])).toEqual(ports)
  })

  test('--host and --callback-path replace hosts and path', () => {
    const urls = callbackUrls({ url: MCP_URL, args: ['--host', '[::1]', '--callback-path', '/cb'] })
    expect(urls.slice(2).every((url) => /^http:\/\/\[::1\]:\d+\/cb$/.test(url))).toBe(true)
    expect(urls).toHaveLength(18)
  })

  test('warns of a host for which Cognito refuses http', () => {
    const { warnings } = describeCallbackUrls(parse([MCP_URL, '--host', 'laptop.local']))
    expect(warnings.join()).toContain('laptop.local')
  })

  test('warns of a port that Chromium refuses to open', () => {
    expect(describeCallbackUrls(parse([MCP_URL, '6000'])).warnings.join()).toContain('6000')
    expect(describeCallbackUrls(parse([MCP_URL])).warnings).toEqual([])
  })

  test('lists no loopback callback for a sign-in without a browser', () => {
    const { urls, warnings } = describeCallbackUrls(parse([MCP_URL, '--device-code']))
    expect([urls.length, warnings.length]).toEqual([2, 1])
  })

  test('derives nothing for clients whose ports are random, and says who they are', () => {
    const { clients, notServed } = describeCallbackUrls(parse([MCP_URL]))
    expect(clients.map(({ client }) => client.split(' ')[0])).toEqual(['Claude', 'mcp-remote'])
    expect(notServed.join()).toMatch(/Claude Code.*Codex.*Goose.*Zed/)
  })

  test.each([
    ['no URL', []],
    ['not a URL', ['mcp.example.com']],
    ['another scheme', ['ftp://mcp.example.com']],
    ['an option that mcp-remote does not have', [MCP_URL, '--resorce', MCP_URL]],
    ['an option without its value', [MCP_URL, '--resource']],
    ['a port out of range', [MCP_URL, '70000']],
    ['a port that is no number', [MCP_URL, '96x']],
    ['two ports', [MCP_URL, '9696', '9697']],
    ['a header without a name', [MCP_URL, '--header', 'tenant']],
    ['a header file that is missing', [MCP_URL, '--header-file', '/nowhere']],
    ['a resource that is no URI', [MCP_URL, '--resource', 'mcp']],
    ['a parameter of the flow itself', [MCP_URL, '--authorize-param', 'state=x']],
    ['a parameter without a value', [MCP_URL, '--authorize-param', 'audience']],
    ['a token endpoint that is no URL', [MCP_URL, '--token-endpoint', 'token']],
    [
      'a client document that is not https',
      [MCP_URL, '--client-metadata-url', 'http://c.example/c'],
    ],
    ['a callback path that mcp-remote keeps', [MCP_URL, '--callback-path', '/wait-for-auth']],
  ])('refuses %s', (_, args) => {
    expect(parseMcpRemoteArguments(args).ok).toBe(false)
  })
})
