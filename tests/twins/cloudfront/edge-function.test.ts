import { describe, expect, it } from 'vitest'
import type { EdgeFunction } from '../../../src/aws/topology.ts'
import { behavior, edge, type RequestChanges, textOf, VIEWER_ADDRESS } from '../edge-fixture.ts'
import { headerValues } from '../http.ts'
import { assertEdgeFunction } from './edge-function-syntax.ts'

function edgeFunction(code: string, runtime = 'cloudfront-js-2.0'): EdgeFunction {
  return { kind: 'edgeFunction', name: 'fn', runtime, code }
}

/** A distribution whose only behavior runs this body on every request, or on every response. */
function running(
  body: string,
  {
    on = 'viewerRequest',
    status = 200,
  }: { on?: 'viewerRequest' | 'viewerResponse'; status?: number } = {},
) {
  const code = `function handler(event) { ${body} }`
  return edge(
    { behaviors: [behavior({ [on]: 'fn' })] },
    { resources: [edgeFunction(code)], answer: { status, headers: [['X-Origin', 'said']] } },
  )
}

/** What the function saw, by way of the response that it makes of it. */
async function see(expression: string, request: RequestChanges = {}): Promise<unknown> {
  const { send } = running(
    `return { statusCode: 200, body: JSON.stringify(${expression}) || 'undefined' }`,
  )
  const text = textOf(await send(request))
  return text === 'undefined' ? undefined : (JSON.parse(text) as unknown)
}

describe('CloudFront Functions event structure', () => {
  it('shows method, uri as sent, and the viewer', async () => {
    expect(await see('[event.version, event.context.eventType, event.request.method]')).toEqual([
      '1.0',
      'viewer-request',
      'GET',
    ])
    expect(await see('event.request.uri', { target: '//a/%2e%2e/b?c' })).toBe('//a/%2e%2e/b')
    expect(await see('event.viewer.ip')).toBe(VIEWER_ADDRESS)
  })

  it('collapses duplicates into multiValue, under names in lower case', async () => {
    const headers: [string, string][] = [
      ['Accept', 'application/json'],
      ['ACCEPT', 'text/html'],
      ['X-One', 'a, b'],
    ]
    expect(
      await see('[event.request.headers.accept, event.request.headers["x-one"]]', { headers }),
    ).toEqual([
      {
        value: 'application/json',
        multiValue: [{ value: 'application/json' }, { value: 'text/html' }],
      },
      { value: 'a, b' },
    ])
  })

  it('shows the query string and cookies apart from the headers', async () => {
    const request: RequestChanges = {
      target: '/?a=1&b&a=2%20',
      headers: [['Cookie', 'one=1; two=2']],
    }
    expect(await see('event.request.querystring', request)).toEqual({
      a: { value: '1', multiValue: [{ value: '1' }, { value: '2%20' }] },
      b: { value: '' },
    })
    expect(await see('event.request.cookies', request)).toEqual({
      one: { value: '1' },
      two: { value: '2' },
    })
    expect(await see('event.request.headers.cookie', request)).toBeUndefined()
  })

  it('shows names that objects have by themselves like any other', async () => {
    const request: RequestChanges = {
      target: '/?constructor=1',
      headers: [['Cookie', '__proto__=1; __proto__=2']],
    }
    expect(await see('event.request.querystring.constructor', request)).toEqual({ value: '1' })
    expect(await see('Object.keys(event.request.cookies)', request)).toEqual(['__proto__'])
    expect(Object.keys(Object.prototype)).toEqual([])
  })

  it('never shows disallowed headers, which go on all the same', async () => {
    const headers: [string, string][] = [['Expect', '100-continue']]
    expect(await see('event.request.headers.expect', { headers })).toBeUndefined()
    const { send, atApi } = running('return event.request')
    await send({ headers })
    expect(headerValues(atApi[0]!.headers, 'expect')).toEqual(['100-continue'])
  })
})

describe('a request that the function returns', () => {
  it('goes to the origin, with what it changed', async () => {
    const { send, atApi } = running(
      'event.request.headers["x-viewer"] = { value: "1" }; delete event.request.headers["x-old"]; return event.request',
    )
    await send({
      target: '/mcp?a=1&a=2',
      headers: [
        ['x-viewer', 'forged'],
        ['X-Old', '1'],
        ['Cookie', 'a=1; b=2'],
      ],
    })
    const { target, headers } = atApi[0]!
    expect(target).toBe('/mcp?a=1&a=2')
    expect(headers).toContainEqual(['X-Viewer', '1'])
    expect(headerValues(headers, 'x-viewer')).toEqual(['1'])
    expect(headerValues(headers, 'x-old')).toEqual([])
    expect(headerValues(headers, 'cookie')).toEqual(['a=1; b=2'])
  })

  it('keeps a query string that it did not touch, byte for byte', async () => {
    const { send, atApi } = running('return event.request')
    const target = '/?constructor=1&a=%2f&&b=&c&a=2&__proto__=x'
    await send({ target })
    expect(atApi[0]?.target).toBe(target)
  })

  it('changes the first of several values where only value was set', async () => {
    const { send, atApi } = running(
      'event.request.headers["x-a"].value = "new"; return event.request',
    )
    await send({
      headers: [
        ['X-A', '1'],
        ['X-A', '2'],
      ],
    })
    expect(headerValues(atApi[0]!.headers, 'x-a')).toEqual(['new', '2'])
  })

  it('does not move to another behavior with its uri', async () => {
    const { send, atApi, atCognito } = running('event.request.uri = "/token"; return event.request')
    await send({ target: '/other' })
    expect(atCognito).toEqual([])
    expect(atApi.map(({ target }) => target)).toEqual(['/token'])
  })

  it('may rewrite the query string', async () => {
    const { send, atApi } = running(
      'event.request.querystring = { c: { value: "3" } }; return event.request',
    )
    await send({ target: '/?a=1' })
    expect(atApi[0]?.target).toBe('/?c=3')
  })
})

describe('a response that the function makes', () => {
  it('is the answer; the origin is not asked', async () => {
    const { send, atApi } = running(
      'return { statusCode: 405, statusDescription: "Method Not Allowed", headers: { allow: { value: "POST, OPTIONS" } }, body: { encoding: "base64", data: "bm8=" }, cookies: { a: { value: "1", attributes: "Secure" } } }',
    )
    const response = await send()
    expect([response.status, textOf(response)]).toEqual([405, 'no'])
    expect(headerValues(response.headers, 'allow')).toEqual(['POST, OPTIONS'])
    expect(headerValues(response.headers, 'set-cookie')).toEqual(['a=1; Secure'])
    expect(headerValues(response.headers, 'x-cache')).toEqual([
      'FunctionGeneratedResponse from cloudfront',
    ])
    expect(atApi).toEqual([])
  })
})

describe('Restrictions on edge functions', () => {
  it.each([
    [
      'adds a disallowed header',
      'event.request.headers["x-real-ip"] = { value: "1" }; return event.request',
    ],
    [
      'adds X-Amz-Cf-Id',
      'event.request.headers["x-amz-cf-id"] = { value: "1" }; return event.request',
    ],
    ['changes Host', 'event.request.headers.host.value = "evil"; return event.request'],
    ['adds Via', 'event.request.headers.via = { value: "1" }; return event.request'],
    ['changes the method', 'event.request.method = "POST"; return event.request'],
    [
      'names a header in capitals',
      'event.request.headers["X-A"] = { value: "1" }; return event.request',
    ],
    ['gives a uri without a slash', 'event.request.uri = "token"; return event.request'],
    ['returns nothing', 'return undefined'],
    ['returns a header that is a string', 'return { statusCode: 200, headers: { allow: "POST" } }'],
    [
      'returns a body that is no base64',
      'return { statusCode: 200, body: { encoding: "base64", data: "%" } }',
    ],
    ['returns a status that is text', 'return { statusCode: "200" }'],
    [
      'adds a disallowed header to a response',
      'return { statusCode: 200, headers: { "x-cache": { value: "1" } } }',
    ],
  ])('502 when it %s', async (_, body) => {
    const { send, atApi } = running(body)
    expect((await send()).status).toBe(502)
    expect(atApi).toEqual([])
  })

  it.each([
    ['throws', 'throw new Error("no")'],
    ['uses what the runtime lacks', 'return new Map()'],
    ['evaluates text', 'return eval("1")'],
    ['makes a function from text', 'return new Function("return 1")()'],
    ['sets a timer', 'setTimeout(function () {}, 1)'],
    ['fetches', 'fetch("https://example.com")'],
    ['reaches for Node', 'return process.env'],
    ['uses an undeclared variable (strict mode)', 'oops = 1'],
    ['never ends', 'for (;;) {}'],
  ])('503 when it %s', async (_, body) => {
    expect((await running(body).send()).status).toBe(503)
  })

  it('stops the clock while a function runs', async () => {
    const { send, clock } = running(
      'var start = Date.now(); for (var i = 0; i < 1e6; i++) {} return { statusCode: 200, body: String(new Date().getTime() - start) + " " + start }',
    )
    expect(textOf(await send())).toBe(`0 ${clock.now()}`)
  })

  it('offers the modules crypto and querystring', async () => {
    const hash = 'require("crypto").createHash("sha256").update("a").digest("hex").slice(0, 8)'
    expect(await see(hash)).toBe('ca978112')
    expect(await see('require("querystring").parse("a=1").a')).toBe('1')
  })

  it('runs async handlers', async () => {
    const { send } = edge(
      { behaviors: [behavior({ viewerRequest: 'fn' })] },
      {
        resources: [
          edgeFunction('async function handler(event) { await null; return event.request }'),
        ],
      },
    )
    expect((await send()).status).toBe(200)
  })
})

describe('viewer-response functions', () => {
  const body =
    'event.response.headers["www-authenticate"] = { value: "Bearer" }; return event.response'

  it.each([
    [200, ['Bearer']],
    [302, ['Bearer']],
    [400, []],
    [401, []],
    [500, []],
  ])('on a status of %i: %j', async (status, expected) => {
    const response = await running(body, { on: 'viewerResponse', status }).send()
    expect(response.status).toBe(status)
    expect(headerValues(response.headers, 'www-authenticate')).toEqual(expected)
    expect(headerValues(response.headers, 'x-origin')).toEqual(['said'])
  })

  it('keeps the body unless it gives another, and every Set-Cookie', async () => {
    const { send } = edge(
      { behaviors: [behavior({ viewerResponse: 'fn' })] },
      {
        resources: [edgeFunction('function handler(event) { return event.response }')],
        answer: {
          headers: [
            ['Set-Cookie', 'a=1; Path=/; Secure'],
            ['Set-Cookie', 'a=2; Path=/b'],
          ],
        },
      },
    )
    const response = await send()
    expect(textOf(response)).toBe('ok')
    expect(headerValues(response.headers, 'set-cookie')).toEqual([
      'a=1; Path=/; Secure',
      'a=2; Path=/b',
    ])
  })
})

describe('code that the runtime does not take', () => {
  const accepted = [
    'function handler(event) { const a = `x${1 ** 2}`; let b = (...c) => c; return b(a) }',
    "async function handler(event) { await Promise.resolve(); return 'a'.padStart(2) }",
  ]
  it.each(accepted)('takes %s', (code) => {
    expect(() => assertEdgeFunction(edgeFunction(code))).not.toThrow()
  })

  it.each([
    ['class', 'class A {}'],
    ['destructuring', 'const { a } = event'],
    ['destructuring', 'const [a] = event'],
    ['spread', 'f(...event)'],
    ['for … of', 'for (const a of event) {}'],
    ['?.', 'event?.request'],
    ['??', 'event ?? 1'],
    ['??=', 'event ??= 1'],
    ['generators', 'function* g() { yield 1 }'],
    ['default values', 'function f(a = 1) {}'],
    ['tagged templates', 'f`x`'],
    ['not a script', 'import a from "b"'],
    ['not a script', 'function {'],
  ])('refuses %s', (problem, line) => {
    const code = `function handler(event) { ${line} }`
    expect(() => assertEdgeFunction(edgeFunction(code))).toThrow(problem)
  })

  it('refuses more than 10 KB, counted in bytes', () => {
    const code = (size: number) => `function handler() { return '${'é'.repeat(size)}' }`
    expect(() => assertEdgeFunction(edgeFunction(code(5100)))).not.toThrow()
    expect(() => assertEdgeFunction(edgeFunction(code(5120)))).toThrow('10 KB')
  })

  it('refuses code without a handler, other runtimes, and in 1.0 what only 2.0 has', () => {
    expect(() => assertEdgeFunction(edgeFunction('var a = 1'))).toThrow('handler')
    expect(() => assertEdgeFunction(edgeFunction('function handler() {}', 'nodejs'))).toThrow(
      'no runtime',
    )
    const modern = 'function handler() { let a = 1 }'
    expect(() => assertEdgeFunction(edgeFunction(modern, 'cloudfront-js-1.0'))).toThrow('let')
  })
})
