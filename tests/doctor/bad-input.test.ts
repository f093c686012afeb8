import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { NODE_PORTS } from '../../src/cli/doctor-ports.ts'
import { describeReport } from '../../src/doctor/describe.ts'
import type { Report } from '../../src/doctor/report.ts'
import { look } from './gallery/examine.ts'
import type { Fault } from './gallery/fault.ts'
import { startServer } from './gallery/server.ts'

/** As in production, but for the patience, which the tests do not have. */
const LIMITS = { secondsPerRequest: 1, seconds: 4 }
const PUBLIC = ['93.184.216.34']

let server: Server | undefined
afterEach(async () => {
  server?.closeAllConnections()
  await new Promise((resolve) => (server === undefined ? resolve(0) : server.close(resolve)))
  server = undefined
})

type Handler = (request: IncomingMessage, response: ServerResponse) => void

async function start(handler: Handler): Promise<string> {
  const listening = createServer(handler)
  server = listening
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  return `http://localhost:${(listening.address() as AddressInfo).port}/mcp`
}

const codes = ({ findings }: Report): string[] => findings.map(({ code }) => code)

/** Anything from outside, as a person would see it. */
const shownTo = (report: Report): string => describeReport(report, (_format, text) => text)

function writeForEver(response: ServerResponse, chunk: string, everyMs: number): void {
  const timer = setInterval(() => response.write(chunk), everyMs)
  response.once('close', () => clearInterval(timer))
}

const HOSTILE: Readonly<Record<string, Handler>> = {
  'a body without end': (_request, response) => {
    response.writeHead(401, { 'content-type': 'application/json' })
    writeForEver(response, ' '.repeat(64 * 1024), 1)
  },
  'a body that drips': (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    writeForEver(response, ' ', 100)
  },
  'an event stream that never says anything': (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    writeForEver(response, ': nothing\n\n', 100)
  },
  'headers that never come': () => {},
  'a connection that is cut': (request) => request.destroy(),
  'a redirect to itself': (request, response) =>
    void response.writeHead(302, { location: request.url ?? '/' }).end(),
  'redirects that grow': (request, response) =>
    void response.writeHead(307, { location: `${request.url}/a` }).end(),
  'redirects to other hosts, and back': (request, response) => {
    const { port } = new URL(`http://${request.headers.host}`)
    const other = request.headers.host?.startsWith('localhost') ? '127.0.0.1' : 'localhost'
    response.writeHead(302, { location: `http://${other}:${port}/elsewhere` }).end()
  },
  'a redirect that is no URL': (_request, response) =>
    void response.writeHead(302, { location: 'http://[' }).end(),
  'a redirect to a file': (_request, response) =>
    void response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
  'HTML for everything': (_request, response) =>
    void response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Hello</h1>'),
  'huge JSON': (_request, response) =>
    void response
      .writeHead(401, { 'content-type': 'application/json' })
      .end(JSON.stringify({ list: 'x'.repeat(8 * 1024 * 1024) })),
  'deep JSON': (_request, response) =>
    void response
      .writeHead(200, { 'content-type': 'application/json' })
      .end('['.repeat(100_000) + ']'.repeat(100_000)),
  'JSON that is no object': (_request, response) =>
    void response.writeHead(200, { 'content-type': 'application/json' }).end('null'),
  'what is not HTTP': (request) => request.socket.end('SSH-2.0-OpenSSH_9.9\r\n'),
}

describe.concurrent(
  'a hostile server costs a finding, and no more than the time that was set',
  () => {
    test.each(Object.entries(HOSTILE))('%s', async (_name, handler) => {
      const own = createServer(handler)
      await new Promise<void>((resolve) => own.listen(0, '127.0.0.1', resolve))
      const url = `http://localhost:${(own.address() as AddressInfo).port}/mcp`
      const begin = Date.now()
      const report = await look(url, { limits: LIMITS })
      const seconds = (Date.now() - begin) / 1000
      own.closeAllConnections()
      own.close()
      expect(codes(report).filter((code) => code !== 'D15-not-public')).not.toEqual([])
      expect(report.clients.every(({ verdict }) => verdict.length > 0)).toBe(true)
      expect(seconds).toBeLessThan(LIMITS.seconds + 2)
    })
  },
)

test.each([
  ['refreshes', '', '<meta http-equiv=refresh '],
  ['forms', '', '<form '],
  ['inputs', '<form method=post>', '<input ', '</form>'],
  ['buttons', '<form method=post>', '<button>', '</form>'],
])('a page of %s that never end is read in no time', async (_what, begin, endless, end = '') => {
  const text = begin + endless.repeat(250_000 / endless.length) + end
  const gallery = await startServer({
    answers: { authorize: { status: 200, headers: { 'content-type': 'text/html' }, text } },
  })
  const start = Date.now()
  await look(gallery.mcpUrl)
  await gallery.close()
  expect((Date.now() - start) / 1000).toBeLessThan(8)
})

test.each([
  ['resource metadata', ['resource metadata']],
  ['metadata of the authorization server', ['server metadata', 'openid configuration']],
])('%s that are cut off are not said to be missing', async (_what, places) => {
  const gallery = await startServer({
    answers: Object.fromEntries(places.map((place) => [place, { isEndless: true }])),
  })
  const report = await look(gallery.mcpUrl, { limits: { secondsPerRequest: 0.5, seconds: 10 } })
  await gallery.close()
  expect(report.findings[0]).toMatchObject({ code: 'D15-cut-off', level: 'error' })
  expect(codes(report).filter((code) => code.endsWith('-missing'))).toEqual([])
})

const ESCAPE = '\u001B]0;owned\u0007\u001B[2J'
const DIRECTION = '\u202E'

describe('what the server says is shown without what a terminal would obey', () => {
  const faults: readonly [name: string, fault: Fault][] = [
    ['issuer', { answers: { 'server metadata': { json: { issuer: `https://x${ESCAPE}` } } } }],
    [
      'resource',
      {
        answers: { 'resource metadata': { json: { resource: `https://x/${ESCAPE}${DIRECTION}` } } },
      },
    ],
    ['error', { answers: { register: { status: 400, json: { error: `x${ESCAPE}` } } } }],
    ['member', { answers: { register: { json: { [`a${ESCAPE}`]: null } } } }],
    [
      'address',
      {
        answers: {
          'resource metadata': { json: { authorization_servers: [`https://${ESCAPE}`] } },
        },
      },
    ],
    ['error at /token', { answers: { token: { status: 400, json: { error: `x${ESCAPE}` } } } }],
  ]
  test.each(faults)('%s', async (_name, fault) => {
    const gallery = await startServer(fault)
    const report = await look(gallery.mcpUrl)
    await gallery.close()
    expect(report.findings.some(({ level }) => level !== 'info')).toBe(true)
    expect(shownTo(report)).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202A-\u202E]/)
    expect(JSON.stringify(report)).not.toMatch(/\\u001b|\u202E/i)
  })
})

// Not by the name: what counts is whom the connection would go to.
test.each([[[...PUBLIC, '127.0.0.1']], [['fd00::1', ...PUBLIC]]])(
  'a name that stands for a public address and %j others leads to the public one only',
  async (addresses) => {
    const gallery = await startServer({
      answers: {
        'resource metadata': { json: { authorization_servers: ['http://169.254.169.254'] } },
      },
    })
    const reached = new Set<string>()
    const report = await look(gallery.mcpUrl, {
      ports: {
        resolve: (host) => Promise.resolve(host === 'localhost' ? addresses : [host]),
        fetch: (url, init, to) => {
          for (const address of to) reached.add(address)
          return NODE_PORTS.fetch(url, init, ['127.0.0.1'])
        },
      },
    })
    await gallery.close()
    expect(codes(report)).toContain('D15-special-use-address')
    expect([...reached]).toEqual(PUBLIC)
  },
)

test.each(['64:ff9b::7f00:1', '64:ff9b::a00:1', '2002:7f00:1::', 'fec0::1', '::7f00:1'])(
  '%s leads into a network that is not public',
  (address) => {
    expect(NODE_PORTS.isPublicAddress(address)).toBe(false)
  },
)

// DNS64 makes these of all hosts that have IPv4 addresses only (RFC 6147).
test('an address of the internet stays one behind NAT64', () => {
  expect(NODE_PORTS.isPublicAddress('64:ff9b::808:808')).toBe(true)
})

describe('a public server cannot send doctor into the network that it runs in', () => {
  const asked: string[] = []

  async function lookFromOutside(fault: Fault): Promise<Report> {
    const gallery = await startServer(fault)
    asked.length = 0
    const report = await look(gallery.mcpUrl, {
      ports: {
        resolve: (host) => Promise.resolve(host === 'localhost' ? PUBLIC : [host]),
        fetch: (url, init) => {
          asked.push(new URL(url).host)
          return NODE_PORTS.fetch(url, init, ['127.0.0.1'])
        },
      },
    })
    await gallery.close()
    return report
  }

  const metadata = 'http://169.254.169.254/latest/meta-data'
  test.each<[name: string, fault: Fault]>([
    [
      'resource_metadata',
      {
        answers: {
          'GET mcp': {
            headers: { 'www-authenticate': `Bearer resource_metadata="${metadata}"` },
          },
        },
      },
    ],
    [
      'authorization_servers',
      { answers: { 'resource metadata': { json: { authorization_servers: [metadata] } } } },
    ],
    [
      'token_endpoint',
      { answers: { 'server metadata': { json: { token_endpoint: 'https://10.0.0.1/token' } } } },
    ],
    [
      'registration_endpoint',
      { answers: { 'server metadata': { json: { registration_endpoint: 'https://[fd00::1]/' } } } },
    ],
    [
      'a redirect',
      { answers: { 'resource metadata': { status: 302, headers: { location: metadata } } } },
    ],
    [
      'the way to the identity provider',
      { answers: { authorize: { status: 302, headers: { location: metadata } } } },
    ],
  ])('%s', async (_name, fault) => {
    const report = await lookFromOutside(fault)
    expect(codes(report)).toContain('D15-special-use-address')
    expect(new Set(asked).size).toBe(1)
  })
})

test('a name without address is a finding', async () => {
  const report = await look('https://nobody.invalid/mcp')
  expect(codes(report)).toEqual(['D15-no-address'])
})

test('a name server that never answers costs no more than the time that was set', async () => {
  const begin = Date.now()
  const report = await look('https://mcp.example.com/mcp', {
    limits: LIMITS,
    ports: { resolve: () => new Promise(() => {}) },
  })
  expect(codes(report)).toEqual(['D15-no-address'])
  expect((Date.now() - begin) / 1000).toBeLessThan(LIMITS.seconds + 2)
})

test('an address of IPv6 in the URL is asked like any other', async () => {
  const own = createServer((_request, response) => void response.writeHead(404).end())
  await new Promise<void>((resolve) => own.listen(0, '::1', resolve))
  const report = await look(`http://[::1]:${(own.address() as AddressInfo).port}/mcp`)
  own.closeAllConnections()
  own.close()
  expect(codes(report)).toContain('D05-not-found')
})

test('a port that nobody listens on is a finding', async () => {
  const url = await start(() => {})
  await new Promise((resolve) => server?.close(resolve))
  server = undefined
  expect(codes(await look(url))).toEqual(['D15-unreachable'])
})

test('what is missing at addresses that doctor only guessed is not blamed on CORS', async () => {
  const report = await look(
    await start((_request, response) => {
      response.writeHead(404).end()
    }),
    { limits: LIMITS },
  )
  expect(codes(report)).toContain('D05-not-found')
  expect(codes(report)).not.toContain('D18-no-cors')
})
