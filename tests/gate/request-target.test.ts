import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Door, openDoor } from '../support/forwarders.ts'

let door: Door

beforeEach(async () => {
  door = await openDoor('node')
})

afterEach(() => door.close())

/** The status line that answers these exact bytes. */
async function raw(target: string, headers: string): Promise<string> {
  const socket = connect(door.port, '127.0.0.1')
  const token = await door.token()
  socket.write(
    `POST ${target} HTTP/1.1\r\n${headers}Authorization: Bearer ${token}\r\nContent-Length: 2\r\n\r\n{}`,
  )
  const [first] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  return first.toString().split('\r\n')[0] ?? ''
}

const HOST = 'Host: mcp.example.test\r\n'

describe('RFC 9112 §3.2 request target and Host', () => {
  test('the one form that is served', async () => {
    expect(await raw('/mcp', HOST)).toBe('HTTP/1.1 200 OK')
  })

  test.each([
    'http://mcp.example.test/mcp',
    'http://evil.example/mcp',
    '/mcp#fragment',
    'mcp',
    '*',
  ])('%s is refused', async (target) => {
    expect(await raw(target, HOST)).toBe('HTTP/1.1 400 Bad Request')
    expect(door.received).toEqual([])
  })

  test.each([
    ['ours first', `${HOST}Host: evil.example\r\n`],
    ['ours last', `Host: evil.example\r\n${HOST}`],
    ['ours twice', `${HOST}${HOST}`],
  ])('two Host lines are refused, %s', async (_, headers) => {
    expect(await raw('/mcp', headers)).toMatch(/^HTTP\/1\.1 40[03] /)
    expect(door.received).toEqual([])
  })
})

describe('identity headers of other proxies', () => {
  test.each([
    'X-Authenticated-User',
    'X-WebAuth-User',
    'X-Goog-Authenticated-User-Email',
    'X-MS-Client-Principal-Name',
    'Cf-Access-Authenticated-User-Email',
    'X-Client-Cert',
    'Tailscale-User-Login',
    'X-Remote-Groups',
    'X-Email',
    'SSL-Client-S-DN',
  ])('%s is dropped', async (name) => {
    await door.send({ token: await door.token(), headers: [[name, 'root']] })
    expect(door.received).toHaveLength(1)
    expect(door.received[0]?.headers[name.toLowerCase()]).toBeUndefined()
  })
})

describe('an MCP server that answers in broken HTTP', () => {
  test.each([
    ['garbage', 'hello there\r\n\r\n'],
    [
      'a control character in a header',
      'HTTP/1.1 200 OK\r\nX-A: a\x01b\r\nContent-Length: 2\r\n\r\n{}',
    ],
  ])('%s is 502, and the operator learns why', async (_, bytes) => {
    door.onUpstream((request) => request.socket.end(bytes))
    const answer = await door.send({ token: await door.token() })
    expect(answer.status).toBe(502)
    expect(door.events).toContainEqual(
      expect.objectContaining({ type: 'upstream.failed', reason: 'answer is not HTTP' }),
    )
  })

  test('a status that can have no body is passed on, whatever follows', async () => {
    door.onUpstream((request) =>
      request.socket.write('HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n{}'),
    )
    expect(await raw('/mcp', HOST)).toBe('HTTP/1.1 204 No Content')
  })
})
