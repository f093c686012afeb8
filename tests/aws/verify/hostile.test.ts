import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { describeReport } from '../../../src/aws/verify/describe.ts'
import { createAsk, type Ports } from '../../../src/aws/verify/outside.ts'
import { LIMITS, verify } from '../../../src/aws/verify/verify.ts'
import { freePort } from '../../support/deployment.ts'
import { createSmallWorld, MCP_URL, ORIGIN } from './small-world.ts'

const ask = createAsk((url, init) => fetch(url, init), { secondsPerRequest: 0.3, seconds: 2 })
let server: Server | undefined

afterEach(async () => {
  await new Promise<void>((done) => {
    if (server === undefined) return done()
    server.close(() => done())
    server.closeAllConnections()
  })
  server = undefined
})

async function listen(handler: Parameters<typeof createServer>[1]): Promise<string> {
  const started = createServer(handler)
  server = started
  await new Promise<void>((done) => started.listen(0, '127.0.0.1', done))
  return `http://127.0.0.1:${(started.address() as AddressInfo).port}/`
}

describe('one question', () => {
  test('reads 64 KB of an endless body, and leaves', async () => {
    const url = await listen((_, response) => {
      const write = (): void => {
        while (!response.destroyed && response.write('x'.repeat(16_384)));
        response.once('drain', write)
      }
      write()
    })
    const patient = createAsk((at, init) => fetch(at, init), { secondsPerRequest: 8, seconds: 8 })
    const started = Date.now()
    const asked = await patient(url)
    expect(asked.ok && [asked.value.text.length, asked.value.json]).toEqual([65_536, undefined])
    expect(Date.now() - started).toBeLessThan(4000)
  })

  test('waits for nobody who drips', async () => {
    const url = await listen((_, response) => {
      response.write('{')
      const timer = setInterval(() => response.write(' '), 20)
      response.once('close', () => clearInterval(timer))
    })
    const started = Date.now()
    const asked = await ask(url)
    expect(asked.ok && asked.value.json).toBeUndefined()
    expect(Date.now() - started).toBeLessThan(5000)
  })

  test('waits for nobody who is silent', async () => {
    const url = await listen(() => {})
    expect(await ask(url)).toEqual({ ok: false, failure: 'no answer within 0.3 s' })
  })

  test('follows no redirect', async () => {
    const url = await listen((_, response) =>
      response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end(),
    )
    const asked = await ask(url)
    expect(asked.ok && asked.value.status).toBe(302)
  })

  test('no server at all is a failure in one line', async () => {
    const failure = 'no answer: ECONNREFUSED'
    expect(await ask(`http://127.0.0.1:${await freePort()}/`)).toEqual({ ok: false, failure })
  })

  test('an address that is none is a failure in one line', async () => {
    const failure = 'no answer: ERR_INVALID_URL'
    expect(await ask('https://[')).toEqual({ ok: false, failure })
  })

  test('headers without end are a failure in one line', async () => {
    const url = await listen((_, response) =>
      response.writeHead(200, { 'x-long': 'x'.repeat(70_000) }).end(),
    )
    expect(await ask(url)).toEqual({ ok: false, failure: 'no answer: UND_ERR_HEADERS_OVERFLOW' })
  })

  test('is not asked once the time for all is used up', async () => {
    const short = createAsk(async () => new Response(), { secondsPerRequest: 1, seconds: 0.02 })
    await new Promise((done) => setTimeout(done, 60))
    expect(await short(ORIGIN)).toMatchObject({ ok: false, failure: /used up/ })
  })
})

/** Bodies that come back to every question. */
const HOSTILE: [string, () => Response][] = [
  ['HTML', () => new Response('<!doctype html><title>Welcome</title>')],
  ['deep JSON', () => new Response('['.repeat(30_000) + ']'.repeat(30_000))],
  ['JSON of another type', () => Response.json([null, 1, 'x'])],
  [
    'members of another type',
    () => Response.json({ resource: {}, issuer: [], client_id: 7 }, { status: 201 }),
  ],
  ['prototype games', () => new Response('{"__proto__":{"issuer":"x"},"constructor":1}')],
  ['huge JSON', () => Response.json({ resource: 'x'.repeat(200_000) })],
  [
    'terminal escapes',
    () => Response.json({ resource: '\u001b]0;owned\u0007\u009b2J\u202e\u2028' }),
  ],
  ['a redirect elsewhere', () => Response.redirect('https://evil.example/\u001b', 302)],
  [
    'a redirect to nowhere',
    () => new Response(null, { status: 302, headers: { location: 'http://[' } }),
  ],
  ['500', () => new Response('java.lang.NullPointerException\n\tat Foo', { status: 500 })],
  ['bytes', () => new Response(new Uint8Array(70_000).fill(0xff))],
  ['nothing', () => new Response(null, { status: 204 })],
]

describe('a whole deployment', () => {
  test.each(HOSTILE)('that answers everything with %s ends in findings', async (_, make) => {
    const world = await createSmallWorld({ meddle: make })
    const report = await verify(MCP_URL, world.ports)
    expect(report.findings.length).toBeGreaterThan(0)
    expect(report.positions.length).toBeGreaterThanOrEqual(9)
    const text = describeReport(report) + JSON.stringify(report)
    expect(text.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2028]/)
    expect(text).not.toMatch(/^\s+at /m)
    expect(text.length).toBeLessThan(64_000)
    expect(world.asked.filter((line) => !line.includes(` ${ORIGIN}/`))).toEqual([])
  })

  test.each(HOSTILE)(
    'whose user pool answers everything with %s ends in a report',
    async (_, make) => {
      const world = await createSmallWorld()
      world.pool.intercept = make
      const report = await verify(MCP_URL, world.ports)
      const text = describeReport(report)
      expect(text.replaceAll('\n', '')).not.toMatch(
        /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2028]/,
      )
      expect(report.positions).toHaveLength(10)
    },
  )

  test('that answers the first question alone ends in findings, within half a minute', async () => {
    const world = await createSmallWorld()
    const fetch: Ports['fetch'] = (url, init) =>
      world.asked.length === 0
        ? world.ports.fetch(url, init)
        : new Promise((_resolve, reject) =>
            init.signal?.addEventListener('abort', () => reject(init.signal?.reason as Error)),
          )
    const started = Date.now()
    const report = await verify(
      MCP_URL,
      { ...world.ports, fetch },
      {
        limits: { secondsPerRequest: 10, seconds: 0.5 },
      },
    )
    expect(report.findings.map(({ code }) => code)).toContain('MCP_URL_SILENT')
    expect(Date.now() - started).toBeLessThan(5000)
  })

  test('that never answers ends in findings, within half a minute', async () => {
    const fetch: Ports['fetch'] = (_, init) =>
      new Promise((_resolve, reject) =>
        init.signal?.addEventListener('abort', () => reject(init.signal?.reason as Error)),
      )
    const ports = { ...(await createSmallWorld()).ports, fetch }
    const started = Date.now()
    const report = await verify(MCP_URL, ports, {
      limits: { secondsPerRequest: 10, seconds: 0.5 },
    })
    expect(report.findings).toMatchObject([{ code: 'DEPLOYMENT_SILENT' }])
    expect(report.positions).toHaveLength(10)
    // The whole is as long as `seconds`, not as long as there are requests.
    expect(Date.now() - started).toBeLessThan(5000)
    expect(LIMITS.seconds).toBeLessThan(30)
  })
})
