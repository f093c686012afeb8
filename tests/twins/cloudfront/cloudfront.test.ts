import { describe, expect, it } from 'vitest'
import { Clock } from '../../support/clock.ts'
import {
  API_DOMAIN,
  behavior,
  distribution,
  edge,
  origin,
  recorder,
  textOf,
  toRequest,
} from '../edge-fixture.ts'
import { ConnectionFailed, type Host, headerValues, type Internet, respond } from '../http.ts'
import { DEFAULT_SWITCHES } from '../switches.ts'
import { createCloudFront } from './cloudfront.ts'

describe('what CloudFront refuses by itself', () => {
  it.each([
    ['a host that is no alias', { headers: [['Host', 'evil.example']] }, 403],
    ['no host at all', { headers: [['Host', '']] }, 403],
    ['GET with a body', { body: 'x' }, 403],
    ['a method that it does not know', { method: 'PROPFIND' }, 403],
    ['CONNECT', { method: 'CONNECT' }, 403],
    ['a target that is no path', { target: '*' }, 400],
    ['an absolute target', { target: 'https://mcp.example.com/token' }, 400],
    ['a URL over 8,192 bytes', { target: `/${'a'.repeat(8192)}` }, 413],
    ['a request head over 20,480 bytes', { headers: [['X-Long', 'a'.repeat(20_480)]] }, 413],
    ['plain http', { protocol: 'http' as const }, 403],
  ] as [string, Parameters<ReturnType<typeof edge>['send']>[0], number][])(
    '%s',
    async (_, request, status) => {
      const { send, atApi } = edge()
      expect((await send(request)).status).toBe(status)
      expect(atApi).toEqual([])
    },
  )

  it('counts the whole URL: 8,192 bytes pass', async () => {
    const { send } = edge()
    const prefix = 'https://mcp.example.com/'.length
    const longest = `/${'a'.repeat(8192 - prefix)}`
    expect((await send({ target: longest })).status).toBe(200)
    expect((await send({ target: `${longest}a` })).status).toBe(413)
  })

  it('a method that the behavior does not allow', async () => {
    const { send, atApi } = edge({ behaviors: [behavior({ methods: ['GET', 'HEAD'] })] })
    expect((await send({ method: 'POST' })).status).toBe(403)
    expect((await send({ method: 'HEAD' })).status).toBe(200)
    expect(atApi).toHaveLength(1)
  })

  it('everything, when disabled', async () => {
    expect((await edge({ enabled: false }).send()).status).toBe(403)
  })

  it.each([
    ['GET', 301],
    ['HEAD', 301],
    ['POST', 307],
  ])('redirects %s to https where the behavior says so: %i', async (method, status) => {
    const { send } = edge({ behaviors: [behavior({ viewerProtocol: 'redirect-to-https' })] })
    const response = await send({ protocol: 'http', method, target: '/a?b' })
    expect(response.status).toBe(status)
    expect(headerValues(response.headers, 'location')).toEqual(['https://mcp.example.com/a?b'])
  })

  it('answers under its own domain too', async () => {
    const { send } = edge()
    const headers: [string, string][] = [['Host', 'd111111abcdef8.cloudfront.net']]
    expect((await send({ headers })).status).toBe(200)
  })
})

describe('an origin that does not answer', () => {
  const through = async (host: Host | undefined, changes = {}): Promise<number> => {
    const internet: Internet = new Map(host === undefined ? [] : [[API_DOMAIN, host]])
    const edgeHost = createCloudFront(
      distribution({ origins: [origin(changes)], behaviors: [behavior()] }),
      { resources: [], ignored: [] },
      { internet, now: new Clock().now, switches: DEFAULT_SWITCHES },
    )
    return (await edgeHost(toRequest('mcp.example.com', {}))).status
  }

  it('502 for a name that nothing bears', async () => {
    expect(await through(undefined)).toBe(502)
  })
  it('502 for a connection that fails', async () => {
    expect(await through(() => Promise.reject(new ConnectionFailed()))).toBe(502)
  })
  it('502 where plain http is spoken to it', async () => {
    expect(await through(recorder().host, { protocol: 'http-only' })).toBe(502)
  })
  it('502 on another port', async () => {
    expect(await through(recorder().host, { port: 8443 })).toBe(502)
  })
  it('502 where they have no version of TLS in common', async () => {
    expect(await through(recorder().host, { tlsVersions: ['TLSv1', 'TLSv1.1'] })).toBe(502)
  })
  it('504 when its time is up', async () => {
    expect(await through(() => new Promise(() => undefined), { readTimeoutSeconds: 0.01 })).toBe(
      504,
    )
  })
  it('a bug of a twin is no outage', async () => {
    await expect(through(() => Promise.reject(new TypeError('bug')))).rejects.toThrow('bug')
  })
})

describe('response headers', () => {
  const policy = {
    kind: 'responseHeadersPolicy',
    name: 'challenge',
    set: [{ name: 'WWW-Authenticate', value: 'Bearer resource_metadata="x"', override: true }],
    remove: ['Set-Cookie', 'x-amz-cognito-request-id'],
  } as const
  const withPolicy = { behaviors: [behavior({ responseHeadersPolicy: 'challenge' })] }

  it.each([
    [401, 'applied', ['Bearer resource_metadata="x"']],
    [200, 'applied', ['Bearer resource_metadata="x"']],
    [401, 'skipped', ['Bearer']],
    [200, 'skipped', ['Bearer resource_metadata="x"']],
  ] as const)('policy on %i, row 2 %s', async (status, position, expected) => {
    const { send } = edge(withPolicy, {
      resources: [policy],
      switches: { headersPolicyOnErrors: position },
      answer: { status, headers: [['www-authenticate', 'Bearer']] },
    })
    expect(headerValues((await send()).headers, 'www-authenticate')).toEqual(expected)
  })

  it('keeps what the origin sent where the policy does not override', async () => {
    const { send } = edge(withPolicy, {
      resources: [{ ...policy, set: [{ ...policy.set[0], override: false }] }],
      answer: { headers: [['WWW-AUTHENTICATE', 'Bearer']] },
    })
    expect(headerValues((await send()).headers, 'www-authenticate')).toEqual(['Bearer'])
  })

  it('removes every header that the policy names', async () => {
    const { send } = edge(withPolicy, {
      resources: [policy],
      answer: {
        headers: [
          ['set-cookie', 'XSRF-TOKEN=1'],
          ['Set-Cookie', 'b=2'],
          ['X-Amz-Cognito-Request-Id', 'id'],
          ['server', 'Server'],
        ],
      },
    })
    const { headers } = await send()
    expect(headerValues(headers, 'set-cookie')).toEqual([])
    expect(headerValues(headers, 'x-amz-cognito-request-id')).toEqual([])
    expect(headerValues(headers, 'server')).toEqual(['Server'])
  })

  it.each([
    ['removed', null, []],
    ['passed', null, ['a=1', 'b=2']],
    ['removed', 'AllViewerExceptHostHeader', ['a=1', 'b=2']],
  ] as const)('Set-Cookie, %s, policy %s', async (position, originRequestPolicy, expected) => {
    const { send } = edge(
      { behaviors: [behavior({ originRequestPolicy })] },
      {
        switches: { edgeSetCookie: position },
        answer: {
          headers: [
            ['Set-Cookie', 'a=1'],
            ['Set-Cookie', 'b=2'],
          ],
        },
      },
    )
    expect(headerValues((await send()).headers, 'set-cookie')).toEqual(expected)
  })

  it('marks every response as its own', async () => {
    const { send } = edge(
      {},
      {
        answer: {
          headers: [
            ['via', '1.1 origin'],
            ['x-cache', 'forged'],
          ],
        },
      },
    )
    const { headers } = await send()
    expect(headerValues(headers, 'x-cache')).toEqual(['Miss from cloudfront'])
    expect(headerValues(headers, 'via')).toEqual([expect.stringContaining('(CloudFront)')])
    expect(headerValues(headers, 'x-amz-cf-id')).toHaveLength(1)
  })
})

describe('errors that are cached', () => {
  /** How many of two requests the origin sees, so many seconds apart. */
  const asked = async (
    status: number,
    {
      errorResponses = [],
      headers = [],
      seconds = 0,
      method = 'GET',
    }: {
      errorResponses?: {
        status: number
        cachingSeconds: number | null
        responsePagePath: null
        responseStatus: null
      }[]
      headers?: [string, string][]
      seconds?: number
      method?: string
    } = {},
  ): Promise<number> => {
    const { send, clock, atApi } = edge({ errorResponses }, { answer: { status, headers } })
    await send({ method, target: '/mcp?first' })
    clock.advance(seconds)
    await send({ method, target: '/mcp?second' })
    return atApi.length
  }
  const never = (status: number) => [
    { status, cachingSeconds: 0, responsePagePath: null, responseStatus: null },
  ]

  it.each([404, 414, 500, 501, 502, 503, 504])('keeps %i for 10 s', async (status) => {
    expect(await asked(status, { seconds: 9 })).toBe(1)
    expect(await asked(status, { seconds: 10 })).toBe(2)
  })
  it.each([400, 401, 403, 405, 412, 415, 416, 429])('does not keep %i', async (status) => {
    expect(await asked(status)).toBe(2)
  })
  it.each([400, 403, 405, 412, 415])('keeps %i where the origin sends max-age', async (status) => {
    expect(await asked(status, { headers: [['Cache-Control', 'max-age=1']] })).toBe(1)
  })
  it('never keeps 401, whatever the origin says', async () => {
    expect(await asked(401, { headers: [['Cache-Control', 'max-age=60']] })).toBe(2)
  })
  it('is not stopped by no-store', async () => {
    expect(await asked(404, { headers: [['Cache-Control', 'no-store']] })).toBe(1)
  })
  it.each([404, 500, 503])('does not keep %i where the minimum is set to 0', async (status) => {
    expect(await asked(status, { errorResponses: never(status) })).toBe(2)
  })
  it.each(['POST', 'OPTIONS', 'DELETE'])('never for %s', async (method) => {
    expect(await asked(500, { method })).toBe(2)
  })
  it('shows one viewer what another was answered, whoever asks', async () => {
    const { send } = edge({}, { answer: { status: 404, headers: [['x-for', 'somebody else']] } })
    await send({ headers: [['Authorization', 'Bearer one']] })
    const second = await send({ headers: [['Authorization', 'Bearer two']] })
    expect(headerValues(second.headers, 'x-for')).toEqual(['somebody else'])
    expect(headerValues(second.headers, 'x-cache')).toEqual(['Error from cloudfront'])
  })
  it('keeps paths apart', async () => {
    const { send, atApi } = edge({}, { answer: { status: 404 } })
    await send({ target: '/a' })
    await send({ target: '/b' })
    expect(atApi).toHaveLength(2)
  })
})

describe('responses that are cached', () => {
  const twice = async (cachePolicy: string, headers: [string, string][], targets = ['/', '/']) => {
    const { send, atApi } = edge(
      { behaviors: [behavior({ cachePolicy })] },
      { answer: { headers } },
    )
    for (const target of targets) await send({ target })
    return atApi.length
  }

  it('CachingDisabled keeps nothing', async () => {
    expect(await twice('CachingDisabled', [['Cache-Control', 'max-age=3600']])).toBe(2)
  })
  it('CachingOptimized keeps what says nothing, for a day, and ignores the query string', async () => {
    expect(await twice('CachingOptimized', [], ['/?a', '/?b'])).toBe(1)
  })
  it('UseOriginCacheControlHeaders-QueryStrings keeps what the origin says, by query string', async () => {
    const policy = 'UseOriginCacheControlHeaders-QueryStrings'
    expect(await twice(policy, [])).toBe(2)
    expect(await twice(policy, [['Cache-Control', 'max-age=3600']])).toBe(1)
    expect(await twice(policy, [['Cache-Control', 'max-age=3600']], ['/?a', '/?b'])).toBe(2)
    expect(await twice(policy, [['Cache-Control', 'no-store']])).toBe(2)
  })
})

describe('Generate custom error responses', () => {
  it('replaces body and status, and so hides the challenge', async () => {
    const settings = {
      status: 403,
      cachingSeconds: 0,
      responsePagePath: '/sorry.html',
      responseStatus: 200,
    }
    const internet: Internet = new Map<string, Host>([
      [
        API_DOMAIN,
        async ({ target }) =>
          target === '/sorry.html' ? respond(200, [], 'sorry') : respond(403, [['a', 'b']], '{}'),
      ],
    ])
    const host = createCloudFront(
      distribution({ errorResponses: [settings] }),
      { resources: [], ignored: [] },
      { internet, now: new Clock().now, switches: DEFAULT_SWITCHES },
    )
    const response = await host(toRequest('mcp.example.com', { target: '/mcp' }))
    expect([response.status, textOf(response)]).toEqual([200, 'sorry'])
    expect(headerValues(response.headers, 'a')).toEqual([])
  })
})

describe('what CloudFront would not create', () => {
  it.each([
    ['a dangling origin', { behaviors: [behavior({ origin: 'gone' })] }, /no origin "gone"/],
    [
      'a default behavior that is not last',
      { behaviors: [behavior(), behavior({ pattern: '/a' })] },
      /not last/,
    ],
    [
      'a certificate elsewhere',
      { certificateArn: 'arn:aws:acm:eu-central-1:1:certificate/1' },
      /us-east-1/,
    ],
    ['aliases without a certificate', { certificateArn: null }, /us-east-1/],
    ['some methods', { behaviors: [behavior({ methods: ['GET', 'HEAD', 'POST'] })] }, /methods/],
    ['an origin path without a slash', { origins: [origin({ path: 'oauth2' })] }, /slash/],
    ['an origin path that ends with a slash', { origins: [origin({ path: '/oauth2/' })] }, /slash/],
    ['an origin waited for too long', { origins: [origin({ readTimeoutSeconds: 300 })] }, /120 s/],
    [
      'Host as origin header',
      { origins: [origin({ headers: [{ name: 'host', value: 'a' }] })] },
      /host/,
    ],
    ['an unknown policy', { behaviors: [behavior({ cachePolicy: 'Nothing' })] }, /unknown policy/],
    ['no cache policy', { behaviors: [behavior({ cachePolicy: null })] }, /unknown policy/],
    [
      'a missing headers policy',
      { behaviors: [behavior({ responseHeadersPolicy: 'gone' })] },
      /"gone"/,
    ],
    ['a missing function', { behaviors: [behavior({ viewerRequest: 'gone' })] }, /"gone"/],
  ] as [string, Partial<ReturnType<typeof distribution>>, RegExp][])(
    '%s',
    (_, changes, message) => {
      expect(() => edge(changes)).toThrow(message)
    },
  )

  it('a headers policy that removes what cannot be removed', () => {
    const resources = [
      { kind: 'responseHeadersPolicy', name: 'p', set: [], remove: ['Content-Length'] } as const,
    ]
    const behaviors = [behavior({ responseHeadersPolicy: 'p' })]
    expect(() => edge({ behaviors }, { resources })).toThrow(/Content-Length is not allowed/)
  })
})
