import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Door, FORWARDERS, openDoor } from '../support/forwarders.ts'

let door: Door
const MIB = 1024 * 1024

describe.each(FORWARDERS)('the data path, forwarding by %s', (forwarder) => {
  beforeEach(async () => {
    door = await openDoor(forwarder, { maxBodyBytes: 12 * MIB })
  })

  afterEach(() => door.close())

  test.each([
    ['with a length', false],
    ['chunked', true],
  ])('10 MB go through byte by byte, %s, both ways', async (_, chunked) => {
    const body = randomBytes(10 * MIB)
    door.onUpstream((_request, response) => response.end(door.received.at(-1)?.body))
    const answer = await door.send({ body, chunked, token: await door.token() })
    expect(answer.status).toBe(200)
    expect(door.received[0]?.body.equals(body)).toBe(true)
    expect(answer.body.equals(body)).toBe(true)
  })

  test.each([
    ['with a length', false],
    ['chunked', true],
  ])('the body limit: exactly reached passes, one byte more is 413, %s', async (_, chunked) => {
    const token = await door.token()
    const exact = await door.send({ body: Buffer.alloc(12 * MIB), chunked, token })
    expect(exact.status).toBe(200)
    const over = await door
      .send({ body: Buffer.alloc(12 * MIB + 1), chunked, token })
      // A server that has said no may close while the client is still sending.
      .then(({ status }) => status)
      .catch((error: NodeJS.ErrnoException) => error.code)
    expect([413, 'ECONNRESET', 'EPIPE']).toContain(over)
    expect(door.received.filter(({ body }) => body.length > 12 * MIB)).toEqual([])
  })

  test.each([200, 201, 202, 400, 404, 405, 409, 422, 429, 500, 503])(
    'status %i and its body arrive unchanged',
    async (status) => {
      const body = '{"jsonrpc":"2.0","error":{"code":-32022,"message":"x"},"id":null}'
      door.onUpstream((_, response) => {
        response.writeHead(status, { 'content-type': 'application/json', 'retry-after': '7' })
        response.end(body)
      })
      const answer = await door.send({ token: await door.token(), body: '{}' })
      expect([answer.status, answer.body.toString()]).toEqual([status, body])
      expect(answer.headers).toMatchObject({
        'content-type': 'application/json',
        'retry-after': '7',
      })
    },
  )

  test('204 has no body, and a redirect is passed on, not followed', async () => {
    door.onUpstream((_, response) => {
      response.writeHead(204)
      response.end()
    })
    const empty = await door.send({ token: await door.token() })
    expect([empty.status, empty.body.length]).toEqual([204, 0])
    door.onUpstream((_, response) => {
      response.writeHead(307, { location: '/elsewhere' })
      response.end()
    })
    const moved = await door.send({ token: await door.token() })
    expect([moved.status, moved.headers.location]).toEqual([307, '/elsewhere'])
    expect(door.received).toHaveLength(2)
  })

  test.each(['GET', 'HEAD', 'POST', 'DELETE', 'PUT'])(
    '%s is forwarded as it is',
    async (method) => {
      const answer = await door.send({ method, token: await door.token() })
      expect(answer.status).toBe(200)
      expect(door.received[0]?.method).toBe(method)
    },
  )

  test('1,000 events arrive one by one, as the MCP server sends them', async () => {
    let stream: ServerResponse | undefined
    door.onUpstream((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.flushHeaders()
      stream = response
    })
    const response = await openStream()
    // Headers came before any event existed.
    expect(response.headers['content-type']).toBe('text/event-stream')
    const reader = response[Symbol.asyncIterator]()
    for (let index = 0; index < 1000; index += 1) {
      const event = `id: ${index}\ndata: {"n":${index}}\n\n`
      stream?.write(event)
      // The next is sent only once this one is here: whoever buffers two waits for ever.
      let seen = ''
      while (seen.length < event.length) seen += String((await reader.next()).value)
      expect(seen).toBe(event)
    }
    stream?.end()
    expect((await reader.next()).done).toBe(true)
  })

  test('a client that goes away ends the stream at the MCP server', async () => {
    const closed = new Promise<void>((resolve) => {
      door.onUpstream((_, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.flushHeaders()
        response.once('close', () => resolve())
      })
    })
    const response = await openStream()
    response.destroy()
    await closed
  })

  test('a client that goes away before the answer cancels the request', async () => {
    const gone = new Promise<void>((resolve) => {
      door.onUpstream((request) => request.socket.once('close', () => resolve()))
    })
    const request = httpRequest({
      host: '127.0.0.1',
      port: door.port,
      path: '/mcp',
      headers: { host: 'mcp.example.test', authorization: `Bearer ${await door.token()}` },
    })
    request.on('error', () => {})
    request.end()
    await expect.poll(() => door.received.length).toBe(1)
    request.destroy()
    await gone
  })

  test('an MCP server that breaks off mid-stream is seen to break off', async () => {
    door.onUpstream((request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: 1\n\n')
      setTimeout(() => request.socket.destroy(), 100)
    })
    await expect(door.send({ token: await door.token() })).rejects.toThrow()
  })

  test('an MCP server that is down is 502, and the next request works', async () => {
    door.onUpstream((request) => request.socket.destroy())
    const broken = await door.send({ token: await door.token() })
    expect(broken.status).toBe(502)
    expect(broken.body.toString()).not.toContain('127.0.0.1')
    expect(door.events).toContainEqual(expect.objectContaining({ type: 'upstream.failed' }))
    door.onUpstream((_, response) => response.end('{}'))
    expect((await door.send({ token: await door.token() })).status).toBe(200)
    door.stopUpstream()
    expect((await door.send({ token: await door.token() })).status).toBe(502)
  })

  test('a refused request with a body leaves the connection usable', async () => {
    const socket = connect(door.port, '127.0.0.1')
    let text = ''
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    const lines = (extra: string): string =>
      `POST /mcp HTTP/1.1\r\nHost: mcp.example.test\r\nContent-Length: 5\r\n${extra}\r\nhello`
    socket.write(lines(''))
    await expect.poll(() => text).toContain('401 Unauthorized')
    socket.write(lines(`Authorization: Bearer ${await door.token()}\r\n`))
    await expect.poll(() => text).toContain('200 OK')
    socket.destroy()
  })

  test.each(['the client goes away', 'the body outgrows the limit'])(
    'an answer before the end of a chunked body, after which %s, harms nobody',
    async (what) => {
      door.onRequest((_, response) => {
        response.writeHead(400, { 'content-length': '2' })
        response.end('{}')
      })
      const socket = connect(door.port, '127.0.0.1')
      socket.on('error', () => {})
      socket.write(
        `POST /mcp HTTP/1.1\r\nHost: mcp.example.test\r\nAuthorization: Bearer ${await door.token()}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`,
      )
      await once(socket, 'data')
      if (what === 'the client goes away') socket.destroy()
      else {
        socket.write(`${(13 * MIB).toString(16)}\r\n`)
        socket.write(Buffer.alloc(13 * MIB))
      }
      await new Promise((resolve) => setTimeout(resolve, 200))
      socket.destroy()
      door.onRequest(undefined)
      expect((await door.send({ token: await door.token() })).status).toBe(200)
    },
  )

  test('an upgrade is not passed on', async () => {
    await door.send({
      token: await door.token(),
      headers: [
        ['Connection', 'Upgrade'],
        ['Upgrade', 'websocket'],
      ],
    })
    expect(door.received[0]?.headers.upgrade).toBeUndefined()
  })
})

describe('the Node platform', () => {
  test('what is compressed stays compressed', async () => {
    door = await openDoor('node')
    const body = gzipSync('{"jsonrpc":"2.0"}')
    door.onUpstream((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': body.length })
      response.end(body)
    })
    const headers: [string, string][] = [['accept-encoding', 'gzip']]
    const answer = await door.send({ headers, token: await door.token() })
    expect(door.received[0]?.headers['accept-encoding']).toBe('gzip')
    expect(answer.headers['content-encoding']).toBe('gzip')
    expect(answer.body.equals(body)).toBe(true)
    await door.close()
  })

  test('a slow MCP server is 504', async () => {
    door = await openDoor('node', {}, { upstreamTimeoutSeconds: 1 })
    door.onUpstream(() => {})
    const answer = await door.send({ token: await door.token() })
    expect(answer.status).toBe(504)
    await door.close()
  })

  test('a large body is asked for only after admission', async () => {
    door = await openDoor('node')
    const ask = async (token?: string): Promise<string> => {
      const socket = connect(door.port, '127.0.0.1')
      const auth = token === undefined ? '' : `Authorization: Bearer ${token}\r\n`
      socket.write(
        `POST /mcp HTTP/1.1\r\nHost: mcp.example.test\r\n${auth}Content-Length: 4\r\nExpect: 100-continue\r\n\r\n`,
      )
      const [first] = (await once(socket, 'data')) as [Buffer]
      socket.destroy()
      return first.toString().split('\r\n')[0] ?? ''
    }
    expect(await ask()).toBe('HTTP/1.1 401 Unauthorized')
    expect(await ask(await door.token())).toBe('HTTP/1.1 100 Continue')
    await door.close()
  })

  test('a head over the limit is 431, and what is not HTTP is 400', async () => {
    door = await openDoor('node', {}, { maxHeaderBytes: 8192 })
    const large = await door.send({ headers: [['x-large', 'x'.repeat(9000)]] })
    expect(large.status).toBe(431)
    const socket = connect(door.port, '127.0.0.1')
    socket.write('NOT HTTP\r\n\r\n')
    const [first] = (await once(socket, 'data')) as [Buffer]
    expect(first.toString()).toContain('400 Bad Request')
    await door.close()
  })

  test('a request with two lengths is refused (request smuggling)', async () => {
    door = await openDoor('node')
    const token = await door.token()
    for (const lines of [
      'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n',
      'Content-Length: 4\r\nContent-Length: 5\r\n',
      'Transfer-Encoding: chunked, identity\r\n',
    ]) {
      const socket = connect(door.port, '127.0.0.1')
      socket.write(
        `POST /mcp HTTP/1.1\r\nHost: mcp.example.test\r\nAuthorization: Bearer ${token}\r\n${lines}\r\n0\r\n\r\n`,
      )
      const [first] = (await once(socket, 'data')) as [Buffer]
      expect(first.toString()).toContain('400 Bad Request')
      socket.destroy()
    }
    expect(door.received).toEqual([])
    await door.close()
  })

  test('close lets a request under way finish, then cuts what is left', async () => {
    door = await openDoor('node', {}, { drainSeconds: 1.5 })
    const waiting: ServerResponse[] = []
    door.onUpstream((_, response) => waiting.push(response))
    const first = door.send({ token: await door.token() })
    await expect.poll(() => waiting.length).toBe(1)
    const second = door.send({ token: await door.token() })
    await expect.poll(() => waiting.length).toBe(2)
    const closing = door.close()
    await expect(door.send({ method: 'GET', path: '/healthz' })).rejects.toThrow()
    waiting[0]?.end('{"done":true}')
    expect((await first).body.toString()).toBe('{"done":true}')
    await expect(second).rejects.toThrow()
    await closing
  })

  test('liveness is green, readiness red while the identity provider is unreachable', async () => {
    door = await openDoor('node')
    expect((await door.send({ method: 'GET', path: '/healthz' })).status).toBe(200)
    expect((await door.send({ method: 'GET', path: '/readyz' })).status).toBe(503)
    await door.close()
  })
})

async function openStream(): Promise<IncomingMessage> {
  const request = httpRequest({
    host: '127.0.0.1',
    port: door.port,
    path: '/mcp',
    headers: {
      host: 'mcp.example.test',
      accept: 'text/event-stream',
      authorization: `Bearer ${await door.token()}`,
    },
  })
  request.on('error', () => {})
  request.end()
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  response.on('error', () => {})
  return response
}
