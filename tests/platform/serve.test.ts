import { once } from 'node:events'
import { ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { startCognitoTwin } from '../../src/demo/cognito-twin/server.ts'
import { freePort } from '../support/deployment.ts'
import { type Door, FORWARDERS, openDoor } from '../support/forwarders.ts'

const HOST = 'Host: mcp.example.test\r\n'
const open: (() => Promise<void> | void)[] = []

afterEach(async () => {
  vi.restoreAllMocks()
  for (const close of open.splice(0)) await close()
})

async function start(...args: Parameters<typeof openDoor>): Promise<Door> {
  const door = await openDoor(...args)
  open.push(() => door.close())
  return door
}

interface Connection {
  socket: Socket
  text: () => string
  statuses: () => string[]
  ended: () => boolean
}

async function connection(door: Door): Promise<Connection> {
  const socket = connect(door.port, '127.0.0.1')
  open.push(() => void socket.destroy())
  let text = ''
  let ended = false
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
  socket.on('end', () => (ended = true))
  socket.on('error', () => (ended = true))
  await once(socket, 'connect')
  return {
    socket,
    text: () => text,
    statuses: () => [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status = '']) => status),
    ended: () => ended,
  }
}

describe.each(FORWARDERS)('connections, forwarding by %s', (forwarder) => {
  test('a declared length over the limit is 413 before a byte of it is sent', async () => {
    const door = await start(forwarder, { maxBodyBytes: 1024 })
    const { socket, statuses } = await connection(door)
    const auth = `Authorization: Bearer ${await door.token()}\r\n`
    socket.write(`POST /mcp HTTP/1.1\r\n${HOST}${auth}Content-Length: 1025\r\n\r\n`)
    await expect.poll(statuses).toEqual(['413'])
    expect(door.received).toEqual([])
  })

  test('a chunked body is 413 as soon as it passes the limit, before its end', async () => {
    const door = await start(forwarder, { maxBodyBytes: 1024 })
    let complete = 0
    door.onUpstream((_, response) => {
      complete += 1
      response.end('{}')
    })
    const { socket, statuses } = await connection(door)
    const auth = `Authorization: Bearer ${await door.token()}\r\n`
    socket.write(`POST /mcp HTTP/1.1\r\n${HOST}${auth}Transfer-Encoding: chunked\r\n\r\n`)
    socket.write(`400\r\n${'x'.repeat(1024)}\r\n`)
    await wait(100)
    expect(statuses()).toEqual([])
    socket.write('1\r\nx\r\n')
    await expect.poll(statuses).toEqual(['413'])
    expect(complete).toBe(0)
  })

  test('pipelined requests are answered in order, refusals among them', async () => {
    const door = await start(forwarder)
    door.onUpstream((_, response) => setTimeout(() => response.end('{"slow":1}'), 100))
    const auth = `Authorization: Bearer ${await door.token()}\r\n`
    const request = (lines: string): string =>
      `POST /mcp HTTP/1.1\r\n${HOST}${lines}Content-Length: 2\r\n\r\n{}`
    const { socket, statuses } = await connection(door)
    socket.write(request(auth) + request('') + request('Origin: https://evil.example\r\n'))
    socket.write(request(auth))
    await expect.poll(statuses).toEqual(['200', '401', '403', '200'])
    expect(door.received).toHaveLength(2)
  })

  test('compressed against our word, an answer still reads right', async () => {
    const door = await start(forwarder)
    const plain = JSON.stringify({ jsonrpc: '2.0', id: 1, result: { text: 'x'.repeat(5000) } })
    const packed = gzipSync(plain)
    door.onUpstream((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': packed.length })
      response.end(packed)
    })
    const { headers, body } = await door.send({ token: await door.token() })
    const unpacked = headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
    expect(unpacked.toString()).toBe(plain)
  })

  test('an MCP server that breaks off while its session id is being bound ends one request', async () => {
    const door = await start(forwarder)
    const unhandled: unknown[] = []
    const listener = (error: unknown): void => void unhandled.push(error)
    process.on('unhandledRejection', listener)
    open.push(() => void process.off('unhandledRejection', listener))
    const sign = crypto.subtle.sign.bind(crypto.subtle)
    const slow = vi.spyOn(crypto.subtle, 'sign').mockImplementation(async (...args) => {
      if (args[0] === 'HMAC') await wait(100)
      return sign(...args)
    })
    door.onUpstream(({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\nMcp-Session-Id: x\r\nContent-Length: 9\r\n\r\nab')
      setTimeout(() => socket.resetAndDestroy(), 20)
    })
    const answer = await door.send({ token: await door.token() }).catch(() => undefined)
    await wait(150)
    expect(slow).toHaveBeenCalled()
    expect(answer?.status ?? 502).toBeGreaterThanOrEqual(500)
    expect(unhandled).toEqual([])
    slow.mockRestore()
    door.onUpstream((_, response) => response.end('{}'))
    expect((await door.send({ token: await door.token() })).status).toBe(200)
  })

  test('bytes beyond ASCII in a header value go both ways as they are', async () => {
    const door = await start(forwarder)
    door.onUpstream(({ socket }) =>
      socket.end('HTTP/1.1 200 OK\r\nX-Back: caf\xe9\r\nContent-Length: 2\r\n\r\n{}', 'latin1'),
    )
    const { socket, text } = await connection(door)
    const lines = `Authorization: Bearer ${await door.token()}\r\nX-There: caf\xe9\r\n`
    socket.write(`GET /mcp HTTP/1.1\r\n${HOST}${lines}\r\n`, 'latin1')
    await expect.poll(text).toContain('200 OK')
    expect(door.received[0]?.headers['x-there']).toBe('caf\xe9')
    expect(text().toLowerCase()).toContain('x-back: caf\xe9\r\n')
  })
})

describe('the end of a server', () => {
  test('idle connections close at once', async () => {
    const door = await start('node', {}, { drainSeconds: 30 })
    const { socket, statuses, ended } = await connection(door)
    socket.write(`GET /healthz HTTP/1.1\r\n${HOST}\r\n`)
    await expect.poll(statuses).toEqual(['200'])
    expect(ended()).toBe(false)
    await door.close()
    await expect.poll(ended).toBe(true)
  })

  test('a busy connection closes after its answer, though it could be kept', async () => {
    const door = await start('node', {}, { drainSeconds: 30 })
    let response: ServerResponse | undefined
    door.onUpstream((_, waiting) => {
      response = waiting
    })
    const { socket, text, ended } = await connection(door)
    const auth = `Authorization: Bearer ${await door.token()}\r\n`
    socket.write(`GET /mcp HTTP/1.1\r\n${HOST}${auth}\r\n`)
    await expect.poll(() => response).toBeDefined()
    const began = Date.now()
    const closing = door.close()
    await wait(100)
    expect(ended()).toBe(false)
    response?.end('{"done":true}')
    await closing
    expect(Date.now() - began).toBeLessThan(5000)
    await expect.poll(text).toContain('{"done":true}')
    await expect.poll(ended).toBe(true)
  })

  test('a slow reader gets the rest of its answer, though the MCP server is done', async () => {
    const door = await start('node', {}, { drainSeconds: 30 })
    const flushes = vi.spyOn(ServerResponse.prototype, 'flushHeaders')
    const answering = (): ServerResponse | undefined =>
      (flushes.mock.contexts as ServerResponse[]).find(
        ({ socket }) => socket?.localPort === door.port,
      )
    const pending = (): number => answering()?.socket?.writableLength ?? 0
    let upstream: ServerResponse | undefined
    door.onUpstream((_, response) => {
      upstream = response
      response.writeHead(200, { 'content-type': 'text/event-stream', connection: 'close' })
      response.flushHeaders()
    })
    const { socket, text } = await connection(door)
    const auth = `Authorization: Bearer ${await door.token()}\r\n`
    socket.write(`GET /mcp HTTP/1.1\r\n${HOST}${auth}\r\n`)
    await expect.poll(answering).toBeDefined()
    const closing = door.close()
    // Reads nothing, until bytes wait in the server because no buffer between takes more.
    socket.pause()
    let sent = 0
    while (pending() === 0) {
      upstream?.write('x'.repeat(16_384))
      sent += 16_384
      await wait(0)
    }
    upstream?.end('the end')
    await wait(300)
    expect(pending()).toBeGreaterThan(0)
    socket.resume()
    await closing
    await expect.poll(() => text().slice(-40)).toContain('the end')
    expect(text().match(/x/g)?.length).toBeGreaterThanOrEqual(sent)
  })

  test('readiness is red on a connection that still lives, liveness green', async () => {
    const door = await start('node', {}, { drainSeconds: 30 })
    let response: ServerResponse | undefined
    door.onUpstream((_, waiting) => {
      response = waiting
    })
    const { socket, text, statuses } = await connection(door)
    const auth = `Authorization: Bearer ${await door.token()}\r\n`
    socket.write(`GET /mcp HTTP/1.1\r\n${HOST}${auth}\r\n`)
    await expect.poll(() => response).toBeDefined()
    const closing = door.close()
    const probe = (path: string): string => `GET ${path} HTTP/1.1\r\n${HOST}\r\n`
    socket.write(probe('/readyz') + probe('/healthz'))
    await wait(50)
    response?.end('{}')
    await expect.poll(statuses).toEqual(['200', '503', '200'])
    expect(text()).toContain('draining')
    await closing
  })
})

test('readiness turns green when the identity provider comes, and stays so when it goes', async () => {
  const port = await freePort()
  const twinOptions = { port, clients: [], users: [] }
  const first = await startCognitoTwin(twinOptions)
  await first.close()
  const identityProvider = { issuer: first.issuer, clientId: 'x', preset: 'cognito' } as const
  const door = await start('node', {
    identityProvider: { ...identityProvider, refreshTokens: 'rotating' },
  })
  const readiness = async (): Promise<number> =>
    (await door.send({ method: 'GET', path: '/readyz' })).status
  expect(await readiness()).toBe(503)
  const twin = await startCognitoTwin(twinOptions)
  open.push(() => twin.close())
  expect(await readiness()).toBe(200)
  expect(door.events).toContainEqual(expect.objectContaining({ type: 'identity-provider.ready' }))
  await twin.close()
  expect(await readiness()).toBe(200)
})
