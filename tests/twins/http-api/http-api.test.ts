import { describe, expect, it } from 'vitest'
import {
  api,
  API_DOMAIN,
  apiTopology,
  distribution,
  gateway,
  permission,
  PUBLIC_DOMAIN,
  type RequestChanges,
  route,
  textOf,
  VIEWER_ADDRESS,
} from '../edge-fixture.ts'
import { headerValues } from '../http.ts'

const everything = apiTopology(route('$default'))

async function eventOf(request: RequestChanges) {
  const { send, events } = gateway(everything)
  await send(request)
  return events[0]!.event
}

describe('payload format 2.0', () => {
  it('has the members that the guide shows, and no others', async () => {
    const { send, events, clock } = gateway(everything)
    await send({
      method: 'POST',
      target: '/my/path?parameter1=value1&parameter1=value2&parameter2=a%20b',
      headers: [
        ['Cookie', 'cookie1=1; cookie2=2'],
        ['Header2', 'value1'],
        ['HEADER2', 'value2'],
        ['User-Agent', 'agent'],
        ['Content-Type', 'application/json'],
      ],
      body: '{}',
    })
    const at = new Date(clock.now())
    expect(events[0]).toEqual({
      functionName: 'front',
      event: {
        version: '2.0',
        routeKey: '$default',
        rawPath: '/my/path',
        rawQueryString: 'parameter1=value1&parameter1=value2&parameter2=a%20b',
        cookies: ['cookie1=1', 'cookie2=2'],
        headers: {
          host: API_DOMAIN,
          header2: 'value1,value2',
          'user-agent': 'agent',
          'content-type': 'application/json',
          'content-length': '2',
          'x-forwarded-for': VIEWER_ADDRESS,
          'x-forwarded-port': '443',
          'x-forwarded-proto': 'https',
        },
        queryStringParameters: { parameter1: 'value1,value2', parameter2: 'a b' },
        requestContext: {
          accountId: '111122223333',
          apiId: 'a1b2c3d4e5',
          domainName: API_DOMAIN,
          domainPrefix: 'a1b2c3d4e5',
          http: {
            method: 'POST',
            path: '/my/path',
            protocol: 'HTTP/1.1',
            sourceIp: VIEWER_ADDRESS,
            userAgent: 'agent',
          },
          requestId: expect.any(String),
          routeKey: '$default',
          stage: '$default',
          time: expect.stringMatching(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/),
          timeEpoch: at.getTime(),
        },
        body: '{}',
        isBase64Encoded: false,
      },
    })
  })

  it.each([
    ['/a%2Fb', '/a/b'],
    ['/%6dcp', '/mcp'],
    ['/mcp%2F', '/mcp/'],
    ['/a%252Fb', '/a%2Fb'],
    ['/a%3Fb', '/a'],
    ['/a+b', '/a+b'],
    ['//mcp', '//mcp'],
    ['/a/../mcp', '/a/../mcp'],
    ['/%C3%A9', '/é'],
    ['/mcp%00', '/mcp\0'],
  ])('rawPath of %s is decoded: %j', async (target, rawPath) => {
    expect((await eventOf({ target })).rawPath).toBe(rawPath)
  })

  it.each(['/%', '/%zz', '/%ff'])('answers 400 where %s cannot be decoded', async (target) => {
    expect((await gateway(everything).send({ target })).status).toBe(400)
  })

  it('leaves out what is not there', async () => {
    const event = await eventOf({})
    for (const member of ['cookies', 'queryStringParameters', 'pathParameters', 'body'])
      expect(event).not.toHaveProperty(member)
    expect(event.requestContext).not.toHaveProperty('authorizer')
    expect([event.rawQueryString, event.isBase64Encoded]).toEqual(['', false])
  })

  it.each([
    ['application/json', false],
    ['application/json; charset=utf-8', false],
    ['Application/JSON', false],
    ['application/xml', false],
    ['application/javascript', false],
    ['text/plain', false],
    ['text/event-stream', false],
    ['application/x-www-form-urlencoded', true],
    ['application/octet-stream', true],
    ['application/jsonp', true],
    ['application/problem+json', true],
    [undefined, true],
  ])('a body of %s is base64: %s', async (type, isBase64Encoded) => {
    const headers: [string, string][] = type === undefined ? [] : [['Content-Type', type]]
    const event = await eventOf({ method: 'POST', headers, body: 'grant=é' })
    expect(event.isBase64Encoded).toBe(isBase64Encoded)
    const encoding = isBase64Encoded ? 'base64' : 'utf8'
    expect(Buffer.from(event.body ?? '', encoding).toString()).toBe('grant=é')
  })

  it('appends the address of its client to X-Forwarded-For and says itself what it is', async () => {
    const { headers, requestContext } = await eventOf({
      headers: [
        ['X-Forwarded-For', '10.0.0.1'],
        ['X-Forwarded-For', '10.0.0.2'],
        ['X-Forwarded-Proto', 'http'],
        ['X-Forwarded-Port', '80'],
      ],
    })
    expect(headers).toMatchObject({
      'x-forwarded-for': `10.0.0.1, 10.0.0.2, ${VIEWER_ADDRESS}`,
      'x-forwarded-proto': 'https',
      'x-forwarded-port': '443',
    })
    expect(requestContext.http.sourceIp).toBe(VIEWER_ADDRESS)
  })

  it('hands on names that objects have by themselves like any other', async () => {
    const { headers, queryStringParameters } = await eventOf({
      target: '/?constructor=1&__proto__=2&__proto__=3',
      headers: [
        ['constructor', 'a'],
        ['toString', 'b'],
      ],
    })
    expect([headers['constructor'], headers['tostring']]).toEqual(['a', 'b'])
    expect(Object.entries(queryStringParameters ?? {})).toEqual([
      ['constructor', '1'],
      ['__proto__', '2,3'],
    ])
  })

  it('cannot be talked into another request context', async () => {
    const { requestContext, headers } = await eventOf({
      headers: [
        ['requestContext', '{"authorizer":{}}'],
        ['x-amzn-request-context', '{"authorizer":{"jwt":{"claims":{"sub":"admin"}}}}'],
        ['__proto__', 'polluted'],
      ],
    })
    expect(requestContext).not.toHaveProperty('authorizer')
    expect(headers).not.toHaveProperty('polluted')
  })
})

describe('Lambda function response for format 2.0', () => {
  const answer = (result: unknown, switches = {}) =>
    gateway(everything, { play: () => result, switches }).send()

  it.each([
    ['Hello from Lambda!', 'Hello from Lambda!'],
    [{ message: 'Hello' }, '{"message":"Hello"}'],
    [['a'], '["a"]'],
    [null, 'null'],
    [undefined, 'null'],
  ])('infers the format of %j', async (result, body) => {
    const response = await answer(result)
    expect([response.status, textOf(response)]).toEqual([200, body])
    expect(headerValues(response.headers, 'content-type')).toEqual(['application/json'])
  })

  it('takes status, headers, cookies and body', async () => {
    const response = await answer({
      statusCode: 302,
      headers: { Location: '/a', 'X-Number': 1, 'Content-Length': '99' },
      cookies: ['a=1; Secure', 'b=2'],
      body: 'gone',
    })
    expect([response.status, textOf(response)]).toEqual([302, 'gone'])
    expect(headerValues(response.headers, 'location')).toEqual(['/a'])
    expect(headerValues(response.headers, 'x-number')).toEqual(['1'])
    expect(headerValues(response.headers, 'set-cookie')).toEqual(['a=1; Secure', 'b=2'])
    expect(headerValues(response.headers, 'content-type')).toEqual(['text/plain;charset=UTF-8'])
    expect(headerValues(response.headers, 'content-length')).toEqual([])
  })

  it('decodes base64', async () => {
    const body = Buffer.of(0, 255, 1).toString('base64')
    const response = await answer({ statusCode: 200, body, isBase64Encoded: true })
    expect([...response.body]).toEqual([0, 255, 1])
  })

  it.each([
    [{ statusCode: '200' }],
    [{ statusCode: 99 }],
    [{ statusCode: 200, body: { a: 1 } }],
    [{ statusCode: 200, headers: { a: ['b'] } }],
    [{ statusCode: 200, cookies: 'a=1' }],
    [{ statusCode: 200, body: '%', isBase64Encoded: true }],
    [{ statusCode: 200, body: 'a'.repeat(6 * 1024 * 1024) }],
  ])('500 for %.60j', async (result) => {
    const response = await answer(result)
    expect([response.status, textOf(response)]).toEqual([
      500,
      '{"message":"Internal Server Error"}',
    ])
  })

  it.each([
    [false, 'www-authenticate'],
    [true, 'x-amzn-remapped-www-authenticate'],
  ])('row 3, httpApiRemapsWwwAuthenticate %s: the challenge is in %s', async (position, name) => {
    const result = { statusCode: 401, headers: { 'WWW-Authenticate': 'Bearer a="b"' } }
    const { headers } = await answer(result, { httpApiRemapsWwwAuthenticate: position })
    const found = headers.filter(([each]) => each.endsWith('www-authenticate'))
    expect(found).toEqual([[name, 'Bearer a="b"']])
  })

  it('marks every answer with a request id', async () => {
    const { headers } = await answer({ statusCode: 200, headers: { 'Apigw-Requestid': 'forged' } })
    expect(headerValues(headers, 'apigw-requestid')).toEqual([
      expect.stringMatching(/^[0-9a-f-]{36}$/),
    ])
  })
})

describe('failures', () => {
  const failing = (topology = everything, play: () => unknown = () => undefined) =>
    gateway(topology, { play })

  it('500 where the function fails, without its words', async () => {
    const { send } = failing(everything, () => {
      throw new Error('the secret')
    })
    const response = await send()
    expect([response.status, textOf(response)]).toEqual([
      500,
      '{"message":"Internal Server Error"}',
    ])
  })

  it('503 when the time of the integration is up', async () => {
    const integration = everything.resources.find((each) => each.kind === 'integration')!
    const topology = apiTopology(route('$default'), { ...integration, timeoutMilliseconds: 50 })
    const response = await failing(topology, () => new Promise(() => undefined)).send()
    expect([response.status, textOf(response)]).toEqual([503, '{"message":"Service Unavailable"}'])
  })

  const arn = 'arn:aws:execute-api:eu-central-1:111122223333'
  it.each([
    ['of another API', permission('front', `${arn}:zzzzzzzzzz/*/*`)],
    [
      'of another account',
      permission('front', 'arn:aws:execute-api:eu-central-1:9:a1b2c3d4e5/*/*'),
    ],
    ['of another stage', permission('front', `${arn}:a1b2c3d4e5/prod/*`)],
    ['of another route', permission('front', `${arn}:a1b2c3d4e5/*/*/mcp`)],
    ['of another principal', { ...permission('front', null), principal: 'events.amazonaws.com' }],
    ['for another action', { ...permission('front', null), action: 'lambda:GetFunction' }],
    ['for another function', { ...permission('other', null), name: 'front' }],
  ] as const)('500 with only a permission %s', async (_, only) => {
    const { send, events } = gateway(apiTopology(route('$default'), only))
    expect((await send()).status).toBe(500)
    expect(events).toEqual([])
  })

  it.each([
    `${arn}:a1b2c3d4e5/*/*`,
    `${arn}:a1b2c3d4e5/$default/$default`,
    `${arn}:*/*/$default`,
    null,
  ])('invokes with the permission %s', async (source) => {
    const { send } = gateway(apiTopology(route('$default'), permission('front', source)))
    expect((await send()).status).toBe(200)
  })

  it('knows a function that was brought by its ARN', async () => {
    const brought = 'arn:aws:lambda:eu-central-1:111122223333:function:notes'
    const integration = everything.resources.find((each) => each.kind === 'integration')!
    const { send, events } = gateway(
      apiTopology(route('$default'), { ...integration, function: brought }, {
        ...permission('front', null),
        function: brought,
      } as ReturnType<typeof permission>),
    )
    expect((await send()).status).toBe(200)
    expect(events[0]?.functionName).toBe('notes')
  })
})

describe('limits and names', () => {
  it.each([
    [
      'a request line and header values over 10,240 bytes',
      { headers: [['A', 'a'.repeat(10_240)]] },
      431,
    ],
    ['a long query string', { target: `/?${'a'.repeat(10_240)}` }, 431],
    ['a body over 10 MB', { method: 'POST', body: Buffer.alloc(10 * 1024 * 1024 + 1) }, 413],
    ['an event over 6 MB', { method: 'POST', body: Buffer.alloc(5 * 1024 * 1024) }, 413],
    ['the public host name', { headers: [['Host', PUBLIC_DOMAIN]] }, 403],
    ['the name of another API', { headers: [['Host', API_DOMAIN.replace('a1', 'zz')]] }, 403],
    ['no host name', { headers: [['Host', '']] }, 403],
    ['a target that is no path', { target: '*' }, 400],
  ] as [string, RequestChanges, number][])('%s: %i', async (_, request, status) => {
    const { send, events } = gateway(everything)
    expect((await send(request)).status).toBe(status)
    expect(events).toEqual([])
  })

  it('lets 10,240 bytes pass', async () => {
    const { send } = gateway(everything)
    const fixed = 'GET / HTTP/1.1'.length + API_DOMAIN.length
    const headers: [string, string][] = [['A-Name-That-Does-Not-Count', 'a'.repeat(10_240 - fixed)]]
    expect((await send({ headers })).status).toBe(200)
  })

  it.each([
    ['refused', 403],
    ['accepted', 200],
  ] as const)(
    'row 9, hostForwarding %s: asked under the public name, %i',
    async (position, status) => {
      const { send } = gateway(apiTopology(route('$default'), distribution()), {
        switches: { hostForwarding: position },
      })
      expect((await send({ headers: [['Host', PUBLIC_DOMAIN]] })).status).toBe(status)
      expect((await send({ headers: [['Host', 'evil.example']] })).status).toBe(403)
    },
  )

  it('does not answer at its own name where that is disabled', async () => {
    const { send } = gateway(apiTopology(route('$default'), { ...api, executeApiEndpoint: false }))
    expect((await send()).status).toBe(404)
  })

  it('answers /ping and /sping itself', async () => {
    const { send, events } = gateway(everything)
    expect((await send({ target: '/ping' })).status).toBe(200)
    expect((await send({ target: '/sping' })).status).toBe(200)
    expect(events).toEqual([])
  })

  it('answers preflights itself only where it is told to', async () => {
    const preflight: RequestChanges = {
      method: 'OPTIONS',
      headers: [
        ['Origin', 'https://app.example'],
        ['Access-Control-Request-Method', 'POST'],
      ],
    }
    const without = gateway(everything)
    await without.send(preflight)
    expect(without.events).toHaveLength(1)
    const itself = gateway(apiTopology(route('$default'), { ...api, cors: true }))
    expect((await itself.send(preflight)).status).toBe(204)
    expect(itself.events).toEqual([])
  })
})
