import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { closeChromium, launchChromium } from '../support/chromium.ts'
import { McpRemote, newConfigFolder } from '../support/mcp-remote.ts'
import {
  ConnectionFailed,
  headerValue,
  type Host,
  type HttpRequest,
  type HttpResponse,
  type Internet,
  respond,
} from './http.ts'
import { type Names, startNames } from './names.ts'

const run = promisify(execFile)

let names: Names
let seen: HttpRequest[] = []
const internet: Internet = new Map<string, Host>([
  [
    'mcp.example.com',
    async (request) => {
      seen.push(request)
      return respond(
        200,
        [
          ['Content-Type', 'text/html'],
          ['Set-Cookie', '__Host-a=1; Path=/; Secure'],
          ['Set-Cookie', 'b=2; Path=/'],
        ],
        `<title>${request.method} ${request.target}</title>`,
      )
    },
  ],
  ['server.example.com', answerMcp],
  ['down.example.com', () => Promise.reject(new ConnectionFailed())],
  ['empty.example.com', async () => respond(204, [], 'left over')],
  ['buggy.example.com', () => Promise.reject(new TypeError('a bug'))],
])

beforeAll(async () => {
  names = await startNames(internet)
})
afterAll(() => names.close())

describe('real names', () => {
  it('lets an unmodified Node program reach a host over verified https', async () => {
    const script =
      "fetch('https://mcp.example.com/a?b', {method:'POST', body:'hello'}).then(async (r) => console.log(r.status, JSON.stringify(r.headers.getSetCookie()), await r.text()))"
    const { stdout } = await runNode(script)
    expect(stdout.trim()).toBe(
      '200 ["__Host-a=1; Path=/; Secure","b=2; Path=/"] <title>POST /a?b</title>',
    )
    expect(seen.at(-1)).toMatchObject({ method: 'POST', clientAddress: '127.0.0.1' })
    expect(Buffer.from(seen.at(-1)!.body).toString()).toBe('hello')
  })

  it('refuses a name that nothing bears, and counts it', async () => {
    const { stdout } = await runNode(
      "fetch('https://nowhere.example.com/').catch((e) => console.log('failed', e.name))",
    )
    expect(stdout.trim()).toBe('failed TypeError')
    expect(names.unknown.get('nowhere.example.com:443')).toBe(1)
  })

  it('refuses every port but 443', async () => {
    const socket = connect(names.port, '127.0.0.1')
    socket.write('CONNECT mcp.example.com:80 HTTP/1.1\r\nHost: x\r\n\r\n')
    expect(await nextChunk(socket)).toContain('502')
  })

  it('counts requests by host', async () => {
    const before = names.requests.get('mcp.example.com') ?? 0
    await raw('mcp.example.com', 'GET / HTTP/1.1\r\nHost: mcp.example.com\r\n\r\n')
    expect(names.requests.get('mcp.example.com')).toBe(before + 1)
  })

  it('is not trusted without its authority', async () => {
    const { NODE_EXTRA_CA_CERTS: _, ...environment } = names.environment
    const { stdout } = await runNode(
      "fetch('https://mcp.example.com/').catch((e) => console.log(e.cause.code))",
      environment,
    )
    expect(stdout).toContain('UNABLE_TO_VERIFY_LEAF_SIGNATURE')
  })

  it('shows a host that cannot be reached as a cut connection, not as a failure', async () => {
    expect(await raw('down.example.com', 'GET / HTTP/1.1\r\nHost: down\r\n\r\n')).toBe('')
    expect(names.failures).toEqual([])
  })

  it('keeps what a host threw by mistake', async () => {
    expect(await raw('buggy.example.com', 'GET / HTTP/1.1\r\nHost: buggy\r\n\r\n')).toBe('')
    expect(names.failures).toEqual([new TypeError('a bug')])
  })

  it.each(['//mcp', '/mcp%2F', '/a/../mcp', '/mcp?x=1?y#z', '/%00', '/mcp\\x', '*'])(
    'hands over the request target %s as sent',
    async (target) => {
      seen = []
      await raw('mcp.example.com', `OPTIONS ${target} HTTP/1.1\r\nHost: mcp.example.com\r\n\r\n`)
      expect(seen.map((request) => request.target)).toEqual([target])
    },
  )

  it('hands over every header line as sent: case, order, repetition, a foreign Host', async () => {
    seen = []
    const head =
      'GET / HTTP/1.1\r\nHost: elsewhere.example\r\nX-A: 1\r\nx-b: 2\r\nX-a: 3\r\nAuthorization: a\r\nauthorization: b\r\n\r\n'
    await raw('mcp.example.com', head)
    expect(seen[0]?.headers.slice(0, 6)).toEqual([
      ['Host', 'elsewhere.example'],
      ['X-A', '1'],
      ['x-b', '2'],
      ['X-a', '3'],
      ['Authorization', 'a'],
      ['authorization', 'b'],
    ])
  })

  it('sends no content where the status has none, and only the head for HEAD', async () => {
    const empty = await raw('empty.example.com', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    expect(empty).toMatch(/^HTTP\/1\.1 204 /)
    expect(empty).not.toMatch(/content-length|transfer-encoding|left over/i)
    const head = await raw('mcp.example.com', 'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n')
    expect(head).toContain('content-length: 21')
    expect(head).not.toContain('<title>')
  })

  it('sends every response header line as the host gave it', async () => {
    const text = await raw('mcp.example.com', 'GET / HTTP/1.1\r\nHost: mcp.example.com\r\n\r\n')
    expect(text).toContain('Set-Cookie: __Host-a=1; Path=/; Secure\r\nSet-Cookie: b=2; Path=/\r\n')
  })

  it('lets the unmodified mcp-remote reach an MCP server', async () => {
    const folder = newConfigFolder()
    const bridge = new McpRemote('0.15', 'https://server.example.com/mcp', {
      folder,
      env: names.environment,
    })
    try {
      await bridge.initialize()
      expect(await bridge.callTool('whereami')).toBe('server.example.com')
    } finally {
      await bridge.close()
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it('lets Chromium reach a host, with its Secure cookies, and loopback directly', async () => {
    const callback = createHttpServer((request, response) => response.end(`back ${request.url}`))
    callback.listen(0, '127.0.0.1')
    await once(callback, 'listening')
    const { port } = callback.address() as AddressInfo
    const browser = await launchChromium()
    const context = await browser.newContext({
      proxy: { server: names.proxyUrl, bypass: 'localhost,127.0.0.1' },
      ignoreHTTPSErrors: true,
    })
    try {
      const page = await context.newPage()
      await page.goto('https://mcp.example.com/authorize?x=1')
      expect(await page.title()).toBe('GET /authorize?x=1')
      const cookies = await context.cookies('https://mcp.example.com/')
      expect(cookies.map(({ name }) => name).toSorted()).toEqual(['__Host-a', 'b'])
      await page.goto(`http://localhost:${port}/oauth/callback?code=1`)
      expect(await page.textContent('body')).toBe('back /oauth/callback?code=1')
    } finally {
      await context.close()
      await closeChromium()
      callback.close()
    }
  })
})

/** Just enough of an MCP server: no authorization, no stream of its own. */
async function answerMcp({ method, headers, body }: HttpRequest): Promise<HttpResponse> {
  if (method !== 'POST') return respond(405, [])
  const message = JSON.parse(Buffer.from(body).toString()) as { id?: number; method: string }
  if (message.id === undefined) return respond(202, [])
  const result =
    message.method === 'initialize'
      ? {
          protocolVersion: '2025-06-18',
          capabilities: { tools: {} },
          serverInfo: { name: 'a', version: '1' },
        }
      : { content: [{ type: 'text', text: headerValue(headers, 'host') }] }
  const answer = JSON.stringify({ jsonrpc: '2.0', id: message.id, result })
  return respond(200, [['content-type', 'application/json']], answer)
}

function runNode(script: string, environment = names.environment): Promise<{ stdout: string }> {
  return run(process.execPath, ['-e', script], { env: environment })
}

/** Sends bytes to a host and gives all that came back until the connection is idle or closed. */
async function raw(host: string, bytes: string): Promise<string> {
  const socket = connect(names.port, '127.0.0.1')
  socket.write(`CONNECT ${host}:443 HTTP/1.1\r\nHost: ${host}:443\r\n\r\n`)
  expect(await nextChunk(socket)).toContain('200')
  const secured: TLSSocket = connectTls({ socket, servername: host, ca: names.caPem })
  secured.write(bytes.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'))
  let text = ''
  secured.on('data', (chunk: Buffer) => (text += chunk.toString()))
  secured.on('error', () => undefined)
  await once(secured, 'close')
  return text
}

async function nextChunk(socket: ReturnType<typeof connect>): Promise<string> {
  const [chunk] = (await once(socket, 'data')) as [Buffer]
  return chunk.toString()
}
