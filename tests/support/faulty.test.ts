import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type FaultProxy, startFaultProxy } from './faulty.ts'

const BODY = 'x'.repeat(1000)

let target: Server
let proxy: FaultProxy
/** Requests that the target began, and those whose sender went away before the end. */
let begun: { url: string; host: string; body: string }[]
let abandoned: number

beforeEach(async () => {
  begun = []
  abandoned = 0
  target = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      begun.push({ url: request.url ?? '', host: request.headers.host ?? '', body })
      if (request.url === '/stream') response.write('first')
      else if (request.url === '/chunked') {
        response.write(BODY)
        response.end()
      } else response.end(BODY)
    })
    response.on('close', () => (abandoned += response.writableFinished ? 0 : 1))
  })
  target.listen(0, '127.0.0.1')
  await once(target, 'listening')
  proxy = await startFaultProxy()
  proxy.target = `http://127.0.0.1:${(target.address() as AddressInfo).port}`
})

afterEach(async () => {
  await proxy.close()
  target.close()
  target.closeAllConnections()
})

async function failure(path = '/a'): Promise<unknown> {
  const error: unknown = await fetch(proxy.origin + path).then(
    (response) => response.text(),
    (thrown: unknown) => thrown,
  )
  return ((error as Error).cause as { code?: string } | undefined)?.code
}

describe('the fault proxy', () => {
  test('passes everything on unchanged', async () => {
    const response = await fetch(`${proxy.origin}/a?b=c`, { method: 'POST', body: 'hello' })
    expect(await response.text()).toBe(BODY)
    expect(begun).toEqual([{ url: '/a?b=c', host: new URL(proxy.origin).host, body: 'hello' }])
    expect(proxy.seen).toEqual([{ method: 'POST', path: '/a', fault: 'pass' }])
  })

  test('streams, and ends the request of a client that goes away', async () => {
    const leaving = new AbortController()
    const response = await fetch(`${proxy.origin}/stream`, { signal: leaving.signal })
    const { value } = (await response.body?.getReader().read()) ?? {}
    expect(new TextDecoder().decode(value)).toBe('first')
    leaving.abort()
    await expect.poll(() => abandoned).toBe(1)
  })

  test('refuses connections, and takes them again on the same port', async () => {
    await fetch(proxy.origin).then((response) => response.text())
    await proxy.inject({ kind: 'refuse' })
    expect(await failure()).toBe('ECONNREFUSED')
    await proxy.inject({ kind: 'refuse' })
    await proxy.inject({ kind: 'pass' })
    expect((await fetch(proxy.origin)).status).toBe(200)
  })

  test('resets only what matches the path', async () => {
    await proxy.inject({ kind: 'refuse' }, /^\/token$/g)
    for (let round = 0; round < 3; round++) expect(await failure('/token?a')).toBe('ECONNRESET')
    expect((await fetch(`${proxy.origin}/jwks`)).status).toBe(200)
    expect(begun.map(({ url }) => url)).toEqual(['/jwks'])
  })

  test('passes on late, unless the client has gone', async () => {
    await proxy.inject({ kind: 'slow', ms: 150 })
    const started = performance.now()
    expect((await fetch(proxy.origin)).status).toBe(200)
    expect(performance.now() - started).toBeGreaterThan(140)
    await expect(fetch(proxy.origin, { signal: AbortSignal.timeout(20) })).rejects.toThrow(/abort/)
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(begun).toHaveLength(1)
  })

  test.each([
    [{ kind: 'status', status: 500 }, 'application/json'],
    [{ kind: 'html', status: 502 }, 'text/html; charset=utf-8'],
    [{ kind: 'html', status: 200 }, 'text/html; charset=utf-8'],
  ] as const)('answers %o itself', async (fault, type) => {
    await proxy.inject(fault)
    const response = await fetch(proxy.origin, { method: 'POST', body: BODY })
    expect([response.status, response.headers.get('content-type')]).toEqual([fault.status, type])
    expect(begun).toEqual([])
  })

  test.each([
    ['/known-length', 0],
    ['/known-length', 10],
    ['/known-length', BODY.length - 1],
    ['/chunked', 0],
    ['/chunked', 10],
    ['/chunked', BODY.length - 1],
  ])('resets an answer of %s after %i bytes', async (path, bytes) => {
    await proxy.inject({ kind: 'reset', afterBytes: bytes })
    const started = performance.now()
    const response = await fetch(proxy.origin + path)
    expect(response.status).toBe(200)
    let arrived = 0
    const reading = (async () => {
      for await (const chunk of response.body ?? []) arrived += (chunk as Uint8Array).length
    })()
    await expect(reading).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } })
    expect(arrived).toBe(bytes)
    expect(performance.now() - started).toBeLessThan(1000)
  })

  test.each(['/known-length', '/chunked'])(
    'leaves a body of %s that is not longer',
    async (path) => {
      await proxy.inject({ kind: 'reset', afterBytes: BODY.length })
      expect(await (await fetch(proxy.origin + path)).text()).toBe(BODY)
    },
  )
})
