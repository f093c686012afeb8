import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  jwtVerify,
  type JSONWebKeySet,
} from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  authorizePath,
  basic,
  CALLBACK,
  codeForm,
  CONFIDENTIAL,
  createPkce,
  createTestTwin,
  errorOf,
  locationOf,
  MCP,
  obtainCode,
  obtainTokens,
  ORIGIN,
  OTHER_CALLBACK,
  PUBLIC,
  refreshForm,
  SECRET,
  type TestTwin,
  type Tokens,
} from './twin-support.ts'

let shared: TestTwin
beforeAll(async () => {
  shared = await createTestTwin()
})

const token = (form: Record<string, string>, headers: HeadersInit = {}, twin = shared) =>
  twin.post('/oauth2/token', form, headers)

describe('Cognito: token endpoint', () => {
  test.each([
    ['no grant_type', { client_id: PUBLIC }, '400 invalid_request'],
    ['unknown grant', { grant_type: 'password', client_id: PUBLIC }, '400 unsupported_grant_type'],
    [
      'client_credentials on a client with the code grant',
      { grant_type: 'client_credentials', client_id: PUBLIC },
      '400 unauthorized_client',
    ],
    ['no client', { grant_type: 'authorization_code', code: 'x' }, '400 invalid_request'],
    [
      'unknown client',
      { grant_type: 'authorization_code', client_id: 'nobody', code: 'x' },
      '400 invalid_client',
    ],
    [
      'no code',
      { grant_type: 'authorization_code', client_id: PUBLIC, redirect_uri: CALLBACK },
      '400 invalid_request',
    ],
    [
      'no redirect_uri',
      { grant_type: 'authorization_code', client_id: PUBLIC, code: 'x' },
      '400 invalid_request',
    ],
    ['unknown code', codeForm('x'), '400 invalid_grant'],
    ['no refresh token', { grant_type: 'refresh_token', client_id: PUBLIC }, '400 invalid_request'],
    ['unknown refresh token', refreshForm('x'), '400 invalid_grant'],
  ])('%s: %s', async (_name, form, expected) => {
    expect(await errorOf(await token(form))).toBe(expected)
  })

  test('a JSON body is refused', async () => {
    const response = await shared.twin.fetch(
      new Request(`${ORIGIN}/oauth2/token`, {
        method: 'POST',
        body: JSON.stringify(codeForm('x')),
        headers: { 'content-type': 'application/json' },
      }),
    )
    expect(await errorOf(response)).toBe('400 invalid_request')
  })

  test('GET is 405 with an XSRF cookie and the request id', async () => {
    const response = await shared.get('/oauth2/token')
    expect(response.status).toBe(405)
    expect(response.headers.get('set-cookie')).toContain('XSRF-TOKEN')
    expect(response.headers.get('x-amz-cognito-request-id')).not.toBeNull()
  })

  test('any origin may read the response, errors included', async () => {
    const response = await token({})
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    const preflight = await shared.twin.fetch(
      new Request(`${ORIGIN}/oauth2/token`, { method: 'OPTIONS' }),
    )
    expect(preflight.status).toBe(200)
  })

  test('another host name is refused', async () => {
    const response = await shared.twin.fetch(
      new Request('http://rebound.example:7421/oauth2/token', { method: 'POST' }),
    )
    expect(response.status).toBe(403)
  })
})

describe('Cognito: client authentication', () => {
  const own = { client_id: CONFIDENTIAL }
  const post = { client_id: CONFIDENTIAL, client_secret: SECRET }
  test.each([
    ['basic', {}, basic(CONFIDENTIAL, SECRET), '200'],
    ['basic with client_id in the body', own, basic(CONFIDENTIAL, SECRET), '200'],
    [
      'basic with another client_id',
      { client_id: PUBLIC },
      basic(CONFIDENTIAL, SECRET),
      '400 invalid_client',
    ],
    ['basic and body secret', { client_secret: SECRET }, basic(CONFIDENTIAL, SECRET), '200'],
    ['basic, wrong secret', {}, basic(CONFIDENTIAL, 'wrong'), '400 invalid_client'],
    ['basic, no colon', {}, { authorization: `Basic ${btoa('x')}` }, '400 invalid_client'],
    ['bearer', own, { authorization: 'Bearer x' }, '400 invalid_client'],
    ['post', post, {}, '200'],
    ['post, wrong secret', { ...own, client_secret: 'wrong' }, {}, '400 invalid_client'],
    ['no secret at all', own, {}, '400 invalid_client'],
  ])('confidential client: %s', async (_name, form, headers, expected) => {
    const code = await obtainCode(shared, { client_id: CONFIDENTIAL })
    const grant = { grant_type: 'authorization_code', code, redirect_uri: CALLBACK }
    const response = await token({ ...grant, ...form }, headers)
    expect(response.status === 200 ? '200' : await errorOf(response)).toBe(expected)
  })

  test.each([
    ['basic with empty secret', basic(PUBLIC, ''), {}],
    ['basic of another client', basic(CONFIDENTIAL, SECRET), {}],
    ['bearer', { authorization: 'Bearer x' }, {}],
    ['a body secret', {}, { client_secret: 'x' }],
  ])('public client with %s: 400, and the code is gone', async (_name, headers, extra) => {
    const code = await obtainCode(shared)
    expect(await errorOf(await token({ ...codeForm(code), ...extra }, headers))).toBe(
      '400 invalid_client',
    )
    expect(await errorOf(await token(codeForm(code)))).toBe('400 invalid_grant')
  })

  test('switch failedAuthenticationBurnsCode=false keeps the code', async () => {
    const twin = await createTestTwin({ failedAuthenticationBurnsCode: false })
    const code = await obtainCode(twin)
    await token(codeForm(code), basic(PUBLIC, 'x'), twin)
    expect((await token(codeForm(code), {}, twin)).status).toBe(200)
  })

  test('switch basicAndBodySecret=invalid-request', async () => {
    const twin = await createTestTwin({ basicAndBodySecret: 'invalid-request' })
    const form = { grant_type: 'refresh_token', refresh_token: 'x', client_secret: SECRET }
    expect(await errorOf(await token(form, basic(CONFIDENTIAL, SECRET), twin))).toBe(
      '400 invalid_request',
    )
  })
})

describe('Cognito: authorization code', () => {
  test('works once', async () => {
    const code = await obtainCode(shared)
    expect((await token(codeForm(code))).status).toBe(200)
    expect(await errorOf(await token(codeForm(code)))).toBe('400 invalid_grant')
  })

  test.each([
    [299_999, '200'],
    [300_000, '400 invalid_grant'],
  ])('after %i ms: %s', async (elapsed, expected) => {
    const twin = await createTestTwin()
    const code = await obtainCode(twin)
    twin.clock.ms += elapsed
    const response = await token(codeForm(code), {}, twin)
    expect(response.status === 200 ? '200' : await errorOf(response)).toBe(expected)
  })

  test('another redirect_uri: unauthorized_client, invalid_redirect', async () => {
    const code = await obtainCode(shared)
    const response = await token({ ...codeForm(code), redirect_uri: OTHER_CALLBACK })
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({
      error: 'unauthorized_client',
      error_description: 'invalid_redirect',
    })
  })

  test('another client', async () => {
    const code = await obtainCode(shared)
    const form = { ...codeForm(code), client_id: CONFIDENTIAL, client_secret: SECRET }
    expect(await errorOf(await token(form))).toBe('400 invalid_grant')
  })

  test('of a user disabled since', async () => {
    const twin = await createTestTwin()
    const code = await obtainCode(twin)
    twin.twin.disableUser('ada')
    expect(await errorOf(await token(codeForm(code), {}, twin))).toBe('400 invalid_grant')
  })

  test.each([
    ['right verifier', (verifier: string) => ({ code_verifier: verifier }), '200'],
    ['wrong verifier', () => ({ code_verifier: createPkce().verifier }), '400 invalid_grant'],
    ['no verifier', () => ({}), '400 invalid_grant'],
  ])('PKCE: %s', async (_name, extra, expected) => {
    const { verifier, challenge } = createPkce()
    const code = await obtainCode(shared, {
      code_challenge: challenge,
      code_challenge_method: 'S256',
    })
    const response = await token({ ...codeForm(code), ...extra(verifier) })
    expect(response.status === 200 ? '200' : await errorOf(response)).toBe(expected)
  })
})

describe('Cognito: what the tokens say', () => {
  test('response and claims of both tokens', async () => {
    const tokens = await obtainTokens(shared, { nonce: 'n-1' })
    expect(Object.keys(tokens).sort()).toEqual([
      'access_token',
      'expires_in',
      'id_token',
      'refresh_token',
      'token_type',
    ])
    expect(tokens).toMatchObject({ token_type: 'Bearer', expires_in: 3600 })
    const access = decodeJwt(tokens.access_token)
    const seconds = shared.clock.ms / 1000
    expect(access).toMatchObject({
      iss: `${ORIGIN}/us-east-1_Demo`,
      version: 2,
      client_id: PUBLIC,
      token_use: 'access',
      scope: 'openid email',
      username: 'ada',
      'cognito:groups': ['Admins', 'Readers'],
      auth_time: seconds,
      iat: seconds,
      exp: seconds + 3600,
    })
    expect(access).not.toHaveProperty('aud')
    expect(access).not.toHaveProperty('email')
    const id = decodeJwt(tokens.id_token ?? '')
    expect(id).toMatchObject({
      sub: access.sub,
      aud: PUBLIC,
      token_use: 'id',
      nonce: 'n-1',
      email: 'ada@example.com',
      email_verified: true,
      'cognito:username': 'ada',
      origin_jti: access['origin_jti'],
    })
    expect(id).not.toHaveProperty('client_id')
  })

  test('RS256, a kid of its own for each kind, both in the JWKS', async () => {
    const tokens = await obtainTokens(shared)
    const headers = [tokens.access_token, tokens.id_token ?? ''].map(decodeProtectedHeader)
    expect(headers[0]?.kid).not.toBe(headers[1]?.kid)
    for (const header of headers) expect(Object.keys(header).sort()).toEqual(['alg', 'kid'])
    const response = await shared.get('/us-east-1_Demo/.well-known/jwks.json')
    const keySet = (await response.json()) as JSONWebKeySet
    for (const key of keySet.keys) expect(key).not.toHaveProperty('d')
    const jwks = createLocalJWKSet(keySet)
    const currentDate = new Date(shared.clock.ms)
    for (const jwt of [tokens.access_token, tokens.id_token ?? ''])
      await expect(
        jwtVerify(jwt, jwks, { algorithms: ['RS256'], currentDate }),
      ).resolves.toBeDefined()
  })

  test('no ID token without openid', async () => {
    const tokens = await obtainTokens(shared, { scope: `${MCP}/tools` })
    expect(tokens).not.toHaveProperty('id_token')
    expect(decodeJwt(tokens.access_token)['scope']).toBe(`${MCP}/tools`)
  })

  test('no origin_jti without token revocation', async () => {
    const tokens = await obtainTokens(await createTestTwin({ tokenRevocation: false }))
    expect(decodeJwt(tokens.access_token)).not.toHaveProperty('origin_jti')
  })

  const other = 'https://other.example/mcp'
  test.each([
    ['lenient', MCP, MCP],
    ['lenient', other, other],
    ['strict', MCP, MCP],
    ['ignored', MCP, undefined],
    ['ignored', 'nonsense', undefined],
  ] as const)(
    'resource binding %s, resource %s: %s',
    async (resourceBinding, resource, expected) => {
      const twin = await createTestTwin({ resourceBinding })
      const response = await token(codeForm(await obtainCode(twin, { resource })), {}, twin)
      const tokens = (await response.json()) as Tokens
      expect(decodeJwt(tokens.access_token).aud).toBe(expected)
      const refreshed = await token(refreshForm(tokens.refresh_token ?? ''), {}, twin)
      expect(decodeJwt(((await refreshed.json()) as Tokens).access_token).aud).toBe(expected)
    },
  )

  test.each([[other], [`${MCP}/`]])(
    'resource binding strict, resource %s: refused',
    async (resource) => {
      const twin = await createTestTwin({ resourceBinding: 'strict' })
      const code = await obtainCode(twin, { resource })
      expect(await errorOf(await token(codeForm(code), {}, twin))).toBe('400 invalid_grant')
    },
  )

  test.each([
    ['ignored', 200],
    ['invalid-request', 400],
  ] as const)('resource at the token endpoint, switch %s', async (resourceAtToken, status) => {
    const twin = await createTestTwin({ resourceAtToken })
    const form = { ...codeForm(await obtainCode(twin)), resource: MCP }
    expect((await token(form, {}, twin)).status).toBe(status)
  })
})

describe('Cognito: refresh', () => {
  const refresh = async (twin: TestTwin, refreshToken: string) => {
    const response = await token(refreshForm(refreshToken), {}, twin)
    return response.status === 200 ? ((await response.json()) as Tokens) : errorOf(response)
  }

  test('without rotation: no refresh token, same sign-in, no nonce, new groups', async () => {
    const twin = await createTestTwin()
    const first = await obtainTokens(twin, { nonce: 'n-1' })
    twin.clock.ms += 1800_000
    twin.twin.updateUser('ada', { groups: ['Readers'] })
    const second = (await refresh(twin, first.refresh_token)) as Tokens
    expect(Object.keys(second).sort()).toEqual([
      'access_token',
      'expires_in',
      'id_token',
      'token_type',
    ])
    const [before, after] = [first, second].map((set) => decodeJwt(set.id_token ?? ''))
    expect(after?.['auth_time']).toBe(before?.['auth_time'])
    expect(after?.['origin_jti']).toBe(before?.['origin_jti'])
    expect(after?.jti).not.toBe(before?.jti)
    expect(after?.iat).toBe((before?.iat ?? 0) + 1800)
    expect(after).not.toHaveProperty('nonce')
    expect(after?.['cognito:groups']).toEqual(['Readers'])
    expect(await refresh(twin, first.refresh_token)).toBeTypeOf('object')
  })

  test('switch nonceOnRefresh', async () => {
    const twin = await createTestTwin({ nonceOnRefresh: true })
    const first = await obtainTokens(twin, { nonce: 'n-1' })
    const second = (await refresh(twin, first.refresh_token)) as Tokens
    expect(decodeJwt(second.id_token ?? '')['nonce']).toBe('n-1')
  })

  test.each([
    [60, 59_999, 'object'],
    [60, 60_000, 'string'],
    [0, 0, 'string'],
  ] as const)('rotation, grace %i s: the old one after %i ms', async (grace, elapsed, type) => {
    const twin = await createTestTwin({
      refreshTokenRotation: true,
      retryGracePeriodSeconds: grace,
    })
    const first = await obtainTokens(twin)
    const second = (await refresh(twin, first.refresh_token)) as Tokens
    expect(second.refresh_token).toBeTypeOf('string')
    expect(second.refresh_token).not.toBe(first.refresh_token)
    twin.clock.ms += elapsed
    expect(await refresh(twin, first.refresh_token)).toBeTypeOf(type)
    expect(await refresh(twin, second.refresh_token ?? '')).toBeTypeOf('object')
  })

  test('rotation, no grace: of two at once one wins', async () => {
    const twin = await createTestTwin({ refreshTokenRotation: true, retryGracePeriodSeconds: 0 })
    const { refresh_token: first } = await obtainTokens(twin)
    const results = await Promise.all([refresh(twin, first), refresh(twin, first)])
    expect(results.map((result) => typeof result).sort()).toEqual(['object', 'string'])
  })

  test.each([[false], [true]])(
    'ends with the lifetime of the first token, rotation %s',
    async (refreshTokenRotation) => {
      const twin = await createTestTwin({ refreshTokenRotation, refreshTokenSeconds: 7200 })
      const first = await obtainTokens(twin)
      twin.clock.ms += 7199_000
      const second = (await refresh(twin, first.refresh_token)) as Tokens
      twin.clock.ms += 1000
      expect(await refresh(twin, second.refresh_token ?? first.refresh_token)).toBe(
        '400 invalid_grant',
      )
    },
  )

  test.each([
    ['disabled user', (twin: TestTwin) => twin.twin.disableUser('ada')],
    ['revocation of everything', (twin: TestTwin) => twin.twin.revokeAllRefreshTokens()],
  ])('%s ends it', async (_name, end) => {
    const twin = await createTestTwin()
    const { refresh_token: refreshToken } = await obtainTokens(twin)
    end(twin)
    expect(await refresh(twin, refreshToken)).toBe('400 invalid_grant')
  })

  test('belongs to its client', async () => {
    const { refresh_token: refreshToken } = await obtainTokens(shared)
    const form = { grant_type: 'refresh_token', refresh_token: refreshToken }
    expect(await errorOf(await token(form, basic(CONFIDENTIAL, SECRET)))).toBe('400 invalid_grant')
  })
})

describe('Cognito: the counters', () => {
  test('count calls by endpoint', async () => {
    const twin = await createTestTwin()
    const tokens = await obtainTokens(twin)
    await token(refreshForm(tokens.refresh_token), {}, twin)
    await twin.post('/oauth2/revoke', {})
    await twin.get('/oauth2/userInfo')
    expect(locationOf(await twin.get(authorizePath()))).toMatch(/^\/login/)
    expect(twin.twin.counters).toEqual({
      authorize: 2,
      login: 1,
      token: 1,
      refresh: 1,
      revoke: 1,
      userInfo: 1,
    })
  })
})
