import { beforeAll, describe, expect, test } from 'vitest'
import {
  basic,
  CONFIDENTIAL,
  createTestTwin,
  errorOf,
  MCP,
  obtainTokens,
  ORIGIN,
  PUBLIC,
  refreshForm,
  SECRET,
  type TestTwin,
} from './twin-support.ts'

let shared: TestTwin
beforeAll(async () => {
  shared = await createTestTwin()
})

describe('Cognito: discovery', () => {
  test('has exactly the documented members', async () => {
    const response = await shared.get('/us-east-1_Demo/.well-known/openid-configuration')
    expect(await response.json()).toEqual({
      authorization_endpoint: `${ORIGIN}/oauth2/authorize`,
      end_session_endpoint: `${ORIGIN}/logout`,
      id_token_signing_alg_values_supported: ['RS256'],
      issuer: `${ORIGIN}/us-east-1_Demo`,
      jwks_uri: `${ORIGIN}/us-east-1_Demo/.well-known/jwks.json`,
      response_types_supported: ['code', 'token'],
      revocation_endpoint: `${ORIGIN}/oauth2/revoke`,
      scopes_supported: ['openid', 'email', 'phone', 'profile'],
      subject_types_supported: ['public'],
      token_endpoint: `${ORIGIN}/oauth2/token`,
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
      userinfo_endpoint: `${ORIGIN}/oauth2/userInfo`,
    })
  })

  test.each([
    ['/.well-known/oauth-authorization-server'],
    ['/.well-known/oauth-authorization-server/us-east-1_Demo'],
    ['/.well-known/openid-configuration'],
    ['/us-east-1_Demo/.well-known/oauth-authorization-server'],
    ['/register'],
    ['/toString'],
  ])('%s does not exist', async (path) => {
    expect((await shared.get(path)).status).toBe(404)
  })
})

describe('Cognito: revoke', () => {
  const revoke = (form: Record<string, string>, headers: HeadersInit = {}, twin = shared) =>
    twin.post('/oauth2/revoke', form, headers)

  test('ends the refresh token and its access tokens, and answers 200 again', async () => {
    const tokens = await obtainTokens(shared)
    const userInfo = () =>
      shared.get('/oauth2/userInfo', { authorization: `Bearer ${tokens.access_token}` })
    expect((await userInfo()).status).toBe(200)
    for (let round = 1; round <= 2; round++) {
      const response = await revoke({ client_id: PUBLIC, token: tokens.refresh_token })
      expect(response.status).toBe(200)
      expect(await response.text()).toBe('')
    }
    expect(
      await errorOf(await shared.post('/oauth2/token', refreshForm(tokens.refresh_token))),
    ).toBe('400 invalid_grant')
    expect((await userInfo()).status).toBe(401)
  })

  test.each([
    ['no token', { client_id: PUBLIC }, {}, '400 invalid_request'],
    ['no client', { token: 'x' }, {}, '400 invalid_request'],
    ['unknown client', { client_id: 'nobody', token: 'x' }, {}, '401 invalid_client'],
    ['wrong secret', { token: 'x' }, basic(CONFIDENTIAL, 'wrong'), '401 invalid_client'],
    ['access token', { client_id: PUBLIC, token: 'a.b.c' }, {}, '400 unsupported_token_type'],
  ])('%s: %s', async (_name, form, headers, expected) => {
    expect(await errorOf(await revoke(form, headers))).toBe(expected)
  })

  test('an unknown token is fine, a foreign one is left alone', async () => {
    const { refresh_token: token } = await obtainTokens(shared)
    expect((await revoke({ token: 'unknown' }, basic(CONFIDENTIAL, SECRET))).status).toBe(200)
    expect((await revoke({ token }, basic(CONFIDENTIAL, SECRET))).status).toBe(200)
    expect((await shared.post('/oauth2/token', refreshForm(token))).status).toBe(200)
  })

  test('switched off: invalid_request', async () => {
    const twin = await createTestTwin({ tokenRevocation: false })
    const { refresh_token: token } = await obtainTokens(twin)
    expect(await errorOf(await revoke({ client_id: PUBLIC, token }, {}, twin))).toBe(
      '400 invalid_request',
    )
  })

  test('GET is 405', async () => {
    expect((await shared.get('/oauth2/revoke')).status).toBe(405)
  })
})

describe('Cognito: userInfo', () => {
  const INVALID =
    'error="invalid_token", error_description="Access token is expired, disabled, or deleted, or the user has globally signed out."'
  const userInfo = (token: string, twin = shared) =>
    twin.get('/oauth2/userInfo', { authorization: `Bearer ${token}` })

  test('gives attributes, with booleans as strings', async () => {
    const { access_token: token } = await obtainTokens(shared)
    expect(await (await userInfo(token)).json()).toEqual({
      sub: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      email: 'ada@example.com',
      email_verified: 'true',
      username: 'ada',
    })
  })

  test('openid alone gives all attributes', async () => {
    const { access_token: token } = await obtainTokens(shared, { scope: 'openid' })
    expect(await (await userInfo(token)).json()).toHaveProperty('email')
  })

  test('no token: 400', async () => {
    const response = await shared.get('/oauth2/userInfo')
    expect(response.status).toBe(400)
    expect(response.headers.get('www-authenticate')).toContain('error="invalid_request"')
  })

  test.each<[string, (twin: TestTwin) => Promise<string>]>([
    ['garbage', () => Promise.resolve('a.b.c')],
    ['an ID token', async (twin) => (await obtainTokens(twin)).id_token ?? ''],
    [
      'a token without openid',
      async (twin) => (await obtainTokens(twin, { scope: `${MCP}/tools` })).access_token,
    ],
    [
      'an expired token',
      async (twin) => {
        const { access_token: token } = await obtainTokens(twin)
        twin.clock.ms += 3600_000
        return token
      },
    ],
    [
      'a disabled user',
      async (twin) => {
        const { access_token: token } = await obtainTokens(twin)
        twin.twin.disableUser('ada')
        return token
      },
    ],
    ["another pool's token", async () => (await obtainTokens(shared)).access_token],
  ])('%s: 401 without an auth-scheme', async (_name, arrange) => {
    const twin = await createTestTwin()
    const response = await userInfo(await arrange(twin), twin)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe(INVALID)
  })
})
