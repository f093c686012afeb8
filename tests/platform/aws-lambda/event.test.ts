import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createHttpHandler } from '../../../src/platform/aws-lambda/http-handler.ts'
import { invocation } from '../../../src/platform/aws-lambda/invocation.ts'
import { lambdaRuntime } from '../../../src/platform/aws-lambda/lambda-runtime.ts'
import type { PosternEvent } from '../../../src/events.ts'
import { API_HOST, httpEvent, ORIGIN_SECRET, sha256, type EventChanges } from './lambda-world.ts'

interface Seen {
  request: Request
  body: string
  clientAddress: string | undefined
}

function open(answer: () => Response = () => new Response('ok')) {
  const seen: Seen[] = []
  const events: PosternEvent[] = []
  const handler = createHttpHandler(
    async (request) => {
      const { clientAddress } = invocation.getStore() ?? {}
      seen.push({ request, body: await request.clone().text(), clientAddress })
      return answer()
    },
    [sha256(ORIGIN_SECRET), sha256('the previous one')],
    lambdaRuntime({ emit: (event) => events.push(event) }),
  )
  return { handler, seen, events }
}

async function receive(changes: EventChanges): Promise<Seen> {
  const { handler, seen } = open()
  const { statusCode } = await handler(httpEvent(changes))
  expect(statusCode).toBe(200)
  return seen[0]!
}

describe('an event becomes the request that the client sent', () => {
  test('with the public host instead of the API’s own', async () => {
    const { request } = await receive({ path: '/authorize', query: 'scope=a%20b&scope=c' })
    expect(request.url).toBe('https://mcp.example.test/authorize?scope=a%20b&scope=c')
    expect(request.headers.get('host')).toBe('mcp.example.test')
  })

  test('with a body in text or base64, and its true length', async () => {
    const text = await receive({ method: 'POST', body: 'grün', headers: { 'content-length': '1' } })
    expect(text.body).toBe('grün')
    expect(text.request.headers.get('content-length')).toBe('5')
    const body = Buffer.from('grün').toString('base64')
    expect((await receive({ method: 'POST', body, isBase64Encoded: true })).body).toBe('grün')
    const get = await receive({ body: 'x', headers: { 'content-length': '1' } })
    expect([get.body, get.request.headers.get('content-length')]).toEqual(['', null])
  })

  test('with cookies from their own list, beside those of a header', async () => {
    const { request } = await receive({ cookies: ['a=1', 'b=2'] })
    expect(request.headers.get('cookie')).toBe('a=1; b=2')
    const both = await receive({ cookies: ['a=1'], headers: { cookie: 'a=2' } })
    expect(both.request.headers.get('cookie')).toMatch(/a=2[;,] a=1/)
  })

  test('with duplicate headers as API Gateway joined them', async () => {
    const { request } = await receive({ headers: { accept: 'text/html,application/json' } })
    expect(request.headers.get('accept')).toBe('text/html,application/json')
  })

  test.each([
    ['/prod/mcp', 'prod', '/mcp'],
    ['/prod', 'prod', '/'],
    ['/prod/', 'prod', '/'],
    ['/production/mcp', 'prod', '/production/mcp'],
    ['/mcp', 'prod', '/mcp'],
    ['/$default/mcp', '$default', '/mcp'],
  ])('without the stage: %s in stage %s is %s', async (path, stage, expected) => {
    const { request } = await receive({ path, stage })
    expect(new URL(request.url).pathname).toBe(expected)
  })

  test.each(['//mcp', '/mcp//', '/MCP', '/mcp%2F', '/%6dcp', '/mcp;x=1'])(
    'with the spelling of its path: %s',
    async (path) => {
      const { request } = await receive({ path })
      expect(request.url).toBe(`https://mcp.example.test${path}`)
    },
  )
})

describe('a path that a URL parser would change is refused, because its guard was chosen by API Gateway', () => {
  test.each([
    '/open/../mcp',
    '/./mcp',
    '/mcp/.',
    '/open/%2e%2e/mcp',
    '/mcp?x',
    '/mcp#x',
    '/mcp\\',
    '\\mcp',
    '/mcp\t',
    '/mcp ',
    '/m cp',
    '/mcp\n',
    '/mcp\u0000',
    '/m\u00FCcp',
    'mcp',
    '',
  ])('%j', async (path) => {
    const { handler, seen } = open()
    expect((await handler(httpEvent({ path }))).statusCode).toBe(400)
    expect(seen).toEqual([])
  })
})

describe('a malformed event is 400 and reaches nothing', () => {
  const sound = httpEvent({ method: 'POST', body: 'x' })
  const context = sound['requestContext'] as Record<string, unknown>
  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['text', 'event'],
    ['a list', [sound]],
    ['an empty object', {}],
    ['a warm-up ping', { source: 'serverless-plugin-warmup' }],
    ['payload 1.0', { ...sound, version: '1.0' }],
    ['no request context', { ...sound, requestContext: undefined }],
    ['a request context without http', { ...sound, requestContext: { ...context, http: null } }],
    ['no stage', { ...sound, requestContext: { ...context, stage: 1 } }],
    ['no method', { ...sound, requestContext: { ...context, http: {} } }],
    ['no headers', { ...sound, headers: null }],
    ['a list as a header', { ...sound, headers: { accept: ['a', 'b'] } }],
    ['a number as a header', { ...sound, headers: { accept: 1 } }],
    ['a header name with a space', { ...sound, headers: { 'a b': 'x' } }],
    ['a header name with a line break', { ...sound, headers: { 'a\r\nb': 'x' } }],
    ['a header value with a line break', { ...sound, headers: { a: 'x\r\nset-cookie: y' } }],
    ['a header value with NUL', { ...sound, headers: { a: '\u0000' } }],
    ['a header value beyond Latin-1', { ...sound, headers: { a: '🦝' } }],
    ['cookies as text', { ...sound, cookies: 'a=1' }],
    ['a cookie with a line break', { ...sound, cookies: ['a=1\nb'] }],
    ['a path as a list', { ...sound, rawPath: ['/mcp'] }],
    ['a query with a fragment', { ...sound, rawQueryString: 'a#b' }],
    ['a query with a space', { ...sound, rawQueryString: 'a b' }],
    ['a body as an object', { ...sound, body: {} }],
    ['base64 as text', { ...sound, isBase64Encoded: 'true' }],
    ['base64 with strange characters', { ...sound, body: 'a-_b', isBase64Encoded: true }],
    ['base64 of no length', { ...sound, body: 'abcde', isBase64Encoded: true }],
    ['base64 padded in the middle', { ...sound, body: 'ab==abcd', isBase64Encoded: true }],
  ])('%s', async (_, event) => {
    const { handler, seen } = open()
    const result = await handler(event)
    expect(result.statusCode).toBe(400)
    expect(result.headers['content-type']).toBe('application/json')
    expect(JSON.parse(result.body)).toEqual({ error_description: 'The request is malformed' })
    expect(seen).toEqual([])
  })

  test.each(['CONNECT', 'TRACE', 'TRACK', 'get', 'G T', ''])('method %j', async (method) => {
    const { handler, seen } = open()
    expect((await handler(httpEvent({ method }))).statusCode).toBe(400)
    expect(seen).toEqual([])
  })

  const anything = fc.anything({ withNullPrototype: true, withSparseArray: true })
  const members = ['version', 'rawPath', 'rawQueryString', 'cookies', 'headers', 'requestContext']
  const oddEvent = fc.record({
    path: fc.string({ unit: 'binary' }).map((text) => `/${text}`),
    query: fc.string({ unit: 'binary' }),
    method: fc.oneof(fc.string(), fc.constantFrom('GET', 'POST', 'DELETE')),
    headers: fc.dictionary(fc.string(), fc.string({ unit: 'binary' })),
    body: fc.string({ unit: 'binary' }),
    isBase64Encoded: fc.boolean(),
  })

  test('whatever comes without the proof, nothing is thrown, nothing succeeds', async () => {
    const { handler, seen } = open()
    const unproven = httpEvent({ headers: { 'x-origin-verify': 'guess' } })
    const broken = fc
      .tuple(fc.constantFrom(...members), anything)
      .map(([member, value]) => ({ ...unproven, [member]: value }))
    const odd = oddEvent.map(({ headers, ...rest }) =>
      httpEvent({ ...rest, headers: { ...headers, 'x-origin-verify': 'guess' } }),
    )
    await fc.assert(
      fc.asyncProperty(fc.oneof(anything, broken, odd), async (event) => {
        expect([400, 403]).toContain((await handler(event)).statusCode)
      }),
      { numRuns: 1000 },
    )
    expect(seen).toEqual([])
  })

  test('whatever comes with the proof is 400 or has the path that was sent', async () => {
    const { handler, seen } = open()
    await fc.assert(
      fc.asyncProperty(oddEvent, async (changes) => {
        seen.length = 0
        const { statusCode } = await handler(httpEvent(changes))
        expect(statusCode).toBe(seen.length === 0 ? 400 : 200)
        for (const { request } of seen) expect(new URL(request.url).pathname).toBe(changes.path)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('only CloudFront is believed', () => {
  test.each<[string, Record<string, string | undefined>]>([
    ['no proof', { 'x-origin-verify': undefined }],
    ['an empty proof', { 'x-origin-verify': '' }],
    ['a wrong proof', { 'x-origin-verify': ORIGIN_SECRET.slice(1) }],
    ['the hash instead of the secret', { 'x-origin-verify': sha256(ORIGIN_SECRET) }],
    ['two proofs, joined', { 'x-origin-verify': `${ORIGIN_SECRET},${ORIGIN_SECRET}` }],
    ['a proof without a public host', { 'x-mcp-public-host': undefined }],
    ['a forged Host', { 'x-origin-verify': 'guess', host: 'mcp.example.test' }],
    [
      'a forged X-Forwarded-Host',
      { 'x-origin-verify': 'g', 'x-forwarded-host': 'mcp.example.test' },
    ],
  ])('%s is 403 and reaches nothing', async (_, changes) => {
    const { handler, seen, events } = open()
    const event = httpEvent()
    const headers = { ...(event['headers'] as object), ...changes }
    const kept = Object.entries(headers).filter(([, value]) => value !== undefined)
    const result = await handler({ ...event, headers: Object.fromEntries(kept) })
    expect(result.statusCode).toBe(403)
    expect(seen).toEqual([])
    expect(events).toEqual([{ type: 'gate.refused', reason: 'origin_not_proven', status: 403 }])
    expect(JSON.stringify([result, events])).not.toContain(ORIGIN_SECRET)
  })

  test.each([
    ['198.51.100.7, 203.0.113.9', '198.51.100.7'],
    ['6.6.6.6, 198.51.100.7, 203.0.113.9', '198.51.100.7'],
    ['6.6.6.6,7.7.7.7,2001:db8::7,203.0.113.9', '2001:db8::7'],
    ['203.0.113.9', undefined],
    [', 203.0.113.9', undefined],
  ])(
    'of %j the client’s address is the one that CloudFront appended: %s',
    async (list, address) => {
      expect((await receive({ headers: { 'x-forwarded-for': list } })).clientAddress).toBe(address)
    },
  )

  test('both accepted secrets prove it', async () => {
    const { handler } = open()
    const headers = { 'x-origin-verify': 'the previous one' }
    expect((await handler(httpEvent({ headers }))).statusCode).toBe(200)
  })

  test('neither header goes on', async () => {
    const { request } = await receive({ headers: { host: API_HOST } })
    const names = [...request.headers.keys()]
    expect(names).not.toContain('x-origin-verify')
    expect(names).not.toContain('x-mcp-public-host')
  })

  test('a public host that CloudFront states is passed on, for the core to judge', async () => {
    const { request } = await receive({ headers: { 'x-mcp-public-host': 'other.example' } })
    expect(request.headers.get('host')).toBe('other.example')
  })
})

describe('an answer becomes what API Gateway sends', () => {
  async function answer(response: Response) {
    return open(() => response).handler(httpEvent())
  }

  test('text as text', async () => {
    const result = await answer(Response.json({ text: 'grün' }, { status: 201 }))
    expect(result).toMatchObject({ statusCode: 201, body: '{"text":"grün"}' })
    expect(result.isBase64Encoded).toBe(false)
  })

  test('bytes as base64, whatever the media type says', async () => {
    const bytes = Uint8Array.of(0xff, 0xd8, 0x00)
    for (const type of ['image/jpeg', 'text/plain']) {
      const result = await answer(new Response(bytes, { headers: { 'content-type': type } }))
      expect(result.isBase64Encoded).toBe(true)
      expect(Buffer.from(result.body, 'base64')).toEqual(Buffer.from(bytes))
    }
  })

  test('several Set-Cookie lines as `cookies`, and not as a header', async () => {
    const headers: [string, string][] = [
      ['set-cookie', 'a=1; Path=/'],
      ['set-cookie', 'b=2; Expires=Wed, 25 Nov 2026 10:00:00 GMT'],
      ['vary', 'Origin'],
      ['vary', 'Accept'],
    ]
    const result = await answer(new Response(null, { status: 302, headers }))
    expect(result.cookies).toEqual(['a=1; Path=/', 'b=2; Expires=Wed, 25 Nov 2026 10:00:00 GMT'])
    expect(result.headers).toEqual({ vary: 'Origin, Accept' })
    expect(result.body).toBe('')
  })

  test('a fault as 500 without its words', async () => {
    const { handler, events } = open(() => {
      throw new Error('secret words')
    })
    const result = await handler(httpEvent())
    expect(result.statusCode).toBe(500)
    expect(result.body).not.toContain('secret words')
    expect(events).toMatchObject([{ type: 'fault', message: 'secret words' }])
    expect((await handler({})).statusCode).toBe(400)
  })
})
