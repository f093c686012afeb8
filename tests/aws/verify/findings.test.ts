import { describe, expect, test } from 'vitest'
import { describeReport, exitCode } from '../../../src/aws/verify/describe.ts'
import { verify, type Report } from '../../../src/aws/verify/verify.ts'
import {
  API_HOST,
  CALLBACK,
  CLIENT_ID,
  createSmallWorld,
  MCP_URL,
  ORIGIN,
  type Meddle,
  type SmallWorldOptions,
} from './small-world.ts'

async function reportOn(options: SmallWorldOptions): Promise<Report> {
  const world = await createSmallWorld(options)
  return verify(MCP_URL, world.ports)
}

/** Changes the JSON document at a path. */
const changed =
  (path: string, changes: Record<string, unknown>, status?: number): Meddle =>
  async (request, answer) => {
    const response = await answer()
    if (new URL(request.url).pathname !== path) return response
    const body = { ...((await response.json()) as object), ...changes }
    return Response.json(body, { status: status ?? response.status })
  }

/** Answers itself, for some requests. */
const instead =
  (applies: (request: Request, path: string) => boolean, make: () => Response): Meddle =>
  (request, answer) =>
    applies(request, new URL(request.url).pathname) ? make() : answer()

const RESOURCE = '/.well-known/oauth-protected-resource/mcp'
const SERVER = '/.well-known/oauth-authorization-server'

describe('every fault has a finding of its own', () => {
  const isMcp = (_: Request, path: string): boolean => path === '/mcp'
  test.each([
    ['RESOURCE_MISMATCH', 'error', changed(RESOURCE, { resource: `${MCP_URL}/` })],
    [
      'AUTHORIZATION_SERVER_FOREIGN',
      'error',
      changed(RESOURCE, { authorization_servers: ['https://cognito-idp.example.com/pool'] }),
    ],
    [
      'RESOURCE_METADATA_MISSING',
      'error',
      instead(
        (_, path) => path === RESOURCE,
        () => new Response('<html>', { status: 404 }),
      ),
    ],
    ['ISSUER_MISMATCH', 'error', changed(SERVER, { issuer: `${ORIGIN}/` })],
    [
      'ENDPOINT_FOREIGN',
      'error',
      changed(SERVER, { token_endpoint: 'https://evil.example/token' }),
    ],
    ['METADATA_LACKS', 'error', changed(SERVER, { code_challenge_methods_supported: ['plain'] })],
    [
      'SERVER_METADATA_MISSING',
      'error',
      instead(
        (_, path) => path === SERVER,
        () => new Response(),
      ),
    ],
    ['CLIENT_SECRET_SHARED', 'error', changed('/register', { client_secret: 's' })],
    ['MCP_OPEN', 'error', instead(isMcp, () => Response.json({ tools: [] }))],
    ['MCP_REDIRECTS', 'error', instead(isMcp, () => Response.redirect(`${ORIGIN}/mcp/`, 307))],
    ['MCP_NOT_401', 'error', instead(isMcp, () => new Response('', { status: 502 }))],
    [
      'CHALLENGE_INCOMPLETE',
      'error',
      instead(
        (request) => request.method === 'HEAD',
        () => new Response(null, { status: 401, headers: { 'www-authenticate': 'Bearer' } }),
      ),
    ],
    [
      'MCP_REDIRECTS',
      'error',
      instead(
        (_, path) => path === '/mcp/',
        () => Response.redirect(MCP_URL, 307),
      ),
    ],
    [
      'MCP_TAKES_ANY_TOKEN',
      'error',
      instead(
        (request) => request.headers.has('authorization'),
        () => Response.json({ jsonrpc: '2.0', id: null, result: {} }),
      ),
    ],
    [
      'BAD_TOKEN_NOT_401',
      'warning',
      instead(
        (request) => request.headers.has('authorization'),
        () => Response.json({ message: 'Internal Server Error' }, { status: 500 }),
      ),
    ],
    [
      'CHALLENGE_NOT_ADDED',
      'warning',
      instead(
        (request) => request.headers.has('authorization'),
        () => Response.json({ message: 'Unauthorized' }, { status: 401 }),
      ),
    ],
    [
      'TOKEN_METHODS',
      'warning',
      instead(
        (request, path) => path === '/token' && request.method === 'PUT',
        () => new Response(),
      ),
    ],
    [
      'TOKEN_NOT_OAUTH',
      'error',
      instead(
        (request, path) => path === '/token' && request.method === 'POST',
        () => new Response('<html>', { status: 403 }),
      ),
    ],
    [
      'NO_WAY_TO_SIGN_IN',
      'error',
      instead(
        (_, path) => path === '/consent',
        () => new Response(null, { status: 302, headers: { location: 'http://169.254.169.254/' } }),
      ),
    ],
  ] as [string, string, Meddle][])('%s is an %s', async (code, level, meddle) => {
    const report = await reportOn({ meddle })
    expect(report.findings.map((finding) => [finding.code, finding.level])).toContainEqual([
      code,
      level,
    ])
    for (const finding of report.findings)
      for (const text of [finding.where, finding.message, finding.fix, finding.source])
        expect(text).not.toBe('')
  })

  test('a registration that is refused names the callback and the command that lists them', async () => {
    const report = await reportOn({
      meddle: instead(
        (_, path) => path === '/register',
        () => Response.json({ error: 'invalid_redirect_uri' }, { status: 400 }),
      ),
    })
    const finding = report.findings.find(({ code }) => code === 'REGISTRATION_REFUSED')
    expect(finding?.message).toContain(CALLBACK)
    expect(finding?.fix).toContain('postern callback-urls')
  })

  test('a callback that the app client does not know is found before anybody signs in', async () => {
    const report = await reportOn({
      pool: { clients: [{ clientId: 'notesclient', callbackUrls: [], scopes: [] }] },
    })
    expect(report.findings.map(({ code }) => code)).toContain('REDIRECT_URI_UNKNOWN')
  })

  test('scopes that the app client does not have are found before anybody signs in', async () => {
    const report = await reportOn({
      pool: {
        clients: [
          {
            clientId: 'notesclient',
            callbackUrls: [CALLBACK],
            scopes: ['openid'],
          },
        ],
      },
    })
    expect(report.findings.map(({ code }) => code)).toContain('AUTHORIZATION_REFUSED')
  })

  test.each([
    ['Set-Cookie', 'set-cookie', 'TOKEN_SETS_COOKIE', 'warning'],
    ['the pool’s request id', 'x-amz-cognito-request-id', 'TOKEN_SHOWS_COGNITO', 'info'],
  ])('%s on /token is told once, for all methods', async (_, header, code, level) => {
    const report = await reportOn({
      meddle: async (request, answer) => {
        const response = await answer()
        if (new URL(request.url).pathname === '/token') response.headers.set(header, 'XSRF-TOKEN=a')
        return response
      },
    })
    expect(report.findings).toMatchObject([{ code, level }])
  })

  test.each([
    ['of the same request id', { 'apigw-requestid': 'the-same' }],
    ['with an age', { age: '3' }],
  ])('a second error %s came from the cache', async (_, headers) => {
    const report = await reportOn({
      meddle: async (request, answer) => {
        const response = await answer()
        return response.status === 404 && request.method === 'GET'
          ? Response.json({}, { status: 404, headers: headers as Record<string, string> })
          : response
      },
    })
    expect(report.findings.map(({ code }) => code)).toEqual(['ERRORS_CACHED'])
  })

  test('a function that answers /token in relay is told, and harmless', async () => {
    const report = await reportOn({ tokenPath: 'function' })
    expect(report.findings).toMatchObject([{ code: 'TOKEN_BY_FUNCTION', level: 'info' }])
    expect([exitCode(report, 'error'), exitCode(report, 'info')]).toEqual([0, 1])
  })

  test.each([
    [403, ['API_HOST_SHOWN']],
    [200, ['EDGE_BYPASSED', 'API_HOST_SHOWN']],
  ])('an API host that an answer gives away is asked; %s: %s', async (status, codes) => {
    const world = await createSmallWorld({
      api: () => new Response('{}', { status }),
      meddle: async (_, answer) => {
        const response = await answer()
        if (response.status === 404) response.headers.set('x-debug', `via ${API_HOST}`)
        return response
      },
    })
    const report = await verify(MCP_URL, world.ports)
    expect(report.findings.map(({ code }) => code)).toEqual(codes)
  })

  test('a shared secret is not taken for one that nobody sends', async () => {
    const report = await reportOn({
      secret: 'nobody',
      meddle: changed('/register', { client_secret: 'averylongsecretthatnobodyknows1' }),
    })
    expect(report.findings.map(({ code }) => code)).toEqual(['CLIENT_SECRET_SHARED'])
  })
})

describe('a look from outside', () => {
  test.each(['relay', 'broker'] as const)(
    'at %s asks nobody but the deployment and its pool',
    async (mode) => {
      const world = await createSmallWorld({ mode })
      await verify(MCP_URL, world.ports)
      for (const line of world.asked)
        expect(line).toMatch(
          /^[A-Z]+ https:\/\/(look\.example\.com|notes\.auth\.eu-central-1\.amazoncognito\.com)\//,
        )
    },
  )

  test.each([
    'https://a.auth.eu-central-1.amazoncognito.com.evil.example',
    'https://evil.example/a.auth.eu-central-1.amazoncognito.com',
    'https://a.auth.eu-central-1.amazoncognito.com:8443',
    'http://a.auth.eu-central-1.amazoncognito.com',
    'http://169.254.169.254',
  ])('follows a deployment to no address but a user pool’s: %s', async (address) => {
    const query = new URLSearchParams({ client_id: CLIENT_ID, redirect_uri: CALLBACK })
    const world = await createSmallWorld({
      meddle: (request, answer) =>
        new URL(request.url).pathname === '/consent'
          ? new Response(null, { status: 302, headers: { location: `${address}/x?${query}` } })
          : answer(),
    })
    await verify(MCP_URL, world.ports)
    expect(world.asked.filter((line) => !line.includes('//look.example.com/'))).toEqual([])
  })

  test('sends no secret, not even one that it was handed', async () => {
    const world = await createSmallWorld({
      secret: 'edge',
      meddle: changed('/register', { client_secret: 'handed-out-to-anybody' }),
    })
    const report = await verify(MCP_URL, world.ports)
    const bodies = await Promise.all(world.requests.map((request) => request.text()))
    const sent = world.requests.map(({ headers, url }) => url + JSON.stringify([...headers]))
    expect([...bodies, ...sent].join('\n')).not.toContain('handed-out-to-anybody')
    expect(JSON.stringify(report) + describeReport(report)).not.toContain('handed-out-to-anybody')
  })

  test('signs nobody in', async () => {
    const world = await createSmallWorld()
    await verify(MCP_URL, world.ports)
    expect(world.pool.counters).toMatchObject({ login: 0, refresh: 0, revoke: 0 })
  })
})

describe('the report', () => {
  test('says for each row which position is true, or what would tell', async () => {
    const text = describeReport(await reportOn({}))
    expect(text).toContain('Mode: relay')
    expect(text).toMatch(/ 3 {2}does an HTTP API rename .*\n +false \(httpApiRemaps/)
    expect(text).toMatch(/cannot tell from outside: .*\n +would tell: --login, in relay/)
    expect(text).toContain('Nothing to mend.')
  })

  test('counts findings, the worst first', async () => {
    const text = describeReport(
      await reportOn({
        tokenPath: 'function',
        meddle: changed(SERVER, { issuer: 'https://evil.example' }),
      }),
    )
    expect(text.indexOf('error ISSUER_MISMATCH')).toBeLessThan(
      text.indexOf('info TOKEN_BY_FUNCTION'),
    )
    expect(text).toContain('1 error, 1 info')
  })
})
