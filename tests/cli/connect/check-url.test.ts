import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { checkUrl } from '../../../src/cli/connect/check-url.ts'
import { NODE_PORTS } from '../../../src/cli/doctor-ports.ts'

type Handler = (request: IncomingMessage, response: ServerResponse) => void
const ESCAPE = '\u001B]0;owned\u0007\u001B[2J\u202E'
const CHALLENGE = { 'www-authenticate': 'Bearer resource_metadata="https://evil.example/x"' }

interface Looked {
  reasons: string[]
  text: string
  asked: string[]
  seconds: number
}

async function look(handler: Handler, path = '/mcp'): Promise<Looked> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    handler(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const begin = Date.now()
  const { port } = server.address() as AddressInfo
  const findings = await checkUrl(`http://localhost:${port}${path}`, NODE_PORTS)
  server.closeAllConnections()
  server.close()
  const reasons = findings.map(({ reason }) => reason).filter((one) => one !== 'private_network')
  const text = JSON.stringify(findings)
  return { reasons, text, asked, seconds: (Date.now() - begin) / 1000 }
}

function forEver(response: ServerResponse, chunk: string, everyMs: number): void {
  const timer = setInterval(() => response.write(chunk), everyMs)
  response.once('close', () => clearInterval(timer))
}

describe.concurrent('the URL is looked at before anything is written', () => {
  it('and has nothing against a server that asks for a sign-in', async () => {
    const { reasons } = await look((_, response) => void response.writeHead(401, CHALLENGE).end())
    expect(reasons).toEqual([])
  })

  it.each<[string, Handler, string]>([
    ['a redirect', (_, r) => void r.writeHead(307, { location: '/other' }).end(), 'redirected'],
    ['no sign-in', (_, r) => void r.writeHead(200).end('{}'), 'no_sign_in'],
    ['no such page', (_, r) => void r.writeHead(404).end(ESCAPE), 'unexpected_status'],
    ['403', (_, r) => void r.writeHead(403).end(), 'unexpected_status'],
    ['no challenge', (_, r) => void r.writeHead(401).end(), 'no_challenge'],
    [
      'a challenge of another scheme',
      (_, r) => void r.writeHead(401, { 'www-authenticate': 'Basic realm="Bearer"' }).end(),
      'no_challenge',
    ],
    ['nobody there', (request) => request.destroy(), 'unreachable'],
    ['what is not HTTP', (request) => request.socket.end(`SSH-2.0${ESCAPE}\r\n`), 'unreachable'],
    ['headers that never come', () => {}, 'unreachable'],
    [
      'a body that never ends',
      (_, response) => {
        response.writeHead(401)
        forEver(response, ' '.repeat(64 * 1024), 1)
      },
      'no_challenge',
    ],
    [
      'a body that drips',
      (_, response) => {
        response.writeHead(401)
        forEver(response, ' ', 100)
      },
      'no_challenge',
    ],
  ])('and finds %s, in bounded time', async (_name, handler, reason) => {
    const { reasons, seconds, text } = await look(handler)
    expect(reasons).toEqual([reason])
    expect(seconds).toBeLessThan(15)
    expect(text).not.toMatch(/[\u001B\u202E]|\\u001b/i)
  })

  it('at the typed host only, wherever the answers point to', async () => {
    const { asked } = await look((request, response) => {
      const head = { ...CHALLENGE, location: `http://${request.headers.host}/elsewhere` }
      response.writeHead(401, head).end()
    })
    expect(asked).toEqual(['/mcp', '/.well-known/oauth-protected-resource/mcp'])
  })

  it.each([
    ['/mcp', '/mcp/', ['other_slash']],
    ['/mcp/', '/mcp', ['other_slash']],
    ['/mcp', '/mcp', []],
    ['/mcp', `/${ESCAPE}`, []],
  ])('and %s is compared with %s', async (path, resource, expected) => {
    const { reasons } = await look((request, response) => {
      if (request.url?.startsWith('/.well-known') !== true)
        return void response.writeHead(401, CHALLENGE).end()
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ resource: `http://${request.headers.host}${resource}` }))
    }, path)
    expect(reasons).toEqual(expected)
  })

  it('and says who reaches a private network, and who reads what is not encrypted', async () => {
    const ports = {
      ...NODE_PORTS,
      resolve: () => Promise.resolve(['10.0.0.7']),
      fetch: () => Promise.resolve(new Response('', { status: 401, headers: CHALLENGE })),
    }
    const findings = await checkUrl('http://mcp.corp.example/mcp', ports)
    expect(findings.map(({ reason }) => reason)).toEqual(['private_network', 'cleartext'])
  })
})
