import { beforeAll, describe, expect, test } from 'vitest'
import {
  ADA,
  authorizePath,
  CALLBACK,
  codeForm,
  createPkce,
  createTestTwin,
  errorOf,
  locationOf,
  MCP,
  obtainCode,
  ORIGIN,
  OTHER_CALLBACK,
  PUBLIC,
  type TestTwin,
} from './twin-support.ts'

let shared: TestTwin
beforeAll(async () => {
  shared = await createTestTwin()
})

const { challenge } = createPkce()

describe('Cognito: client and callback URL are checked first, and fail on its own page', () => {
  test.each([
    ['unknown client', { client_id: 'nobody' }],
    ['another port', { redirect_uri: 'http://127.0.0.1:3335/oauth/callback' }],
    ['localhost for 127.0.0.1', { redirect_uri: 'http://localhost:3334/oauth/callback' }],
    ['trailing slash', { redirect_uri: `${CALLBACK}/` }],
    ['extra query', { redirect_uri: `${CALLBACK}?x=1` }],
    ['fragment', { redirect_uri: `${CALLBACK}#x` }],
    ['another case', { redirect_uri: CALLBACK.replace('oauth', 'OAuth') }],
    ['longer scheme', { redirect_uri: `x${OTHER_CALLBACK}` }],
  ])('%s: 302 to /error?error=redirect_mismatch', async (_name, overrides) => {
    const response = await shared.get(authorizePath(overrides))
    expect(response.status).toBe(302)
    const location = new URL(locationOf(response), ORIGIN)
    expect(location.origin + location.pathname).toBe(`${ORIGIN}/error`)
    expect(location.searchParams.get('error')).toBe('redirect_mismatch')
    expect(location.searchParams.has('state')).toBe(false)
  })

  test.each([['client_id'], ['redirect_uri']])('%s missing', async (name) => {
    const response = await shared.get(authorizePath({ [name]: null }))
    expect(locationOf(response)).toMatch(/^\/error\?error=invalid_request/)
  })

  test('the error page is HTML with status 400', async () => {
    const response = await shared.get('/error?error=redirect_mismatch&client_id=nobody')
    expect(response.status).toBe(400)
    expect(response.headers.get('content-type')).toContain('text/html')
    expect(await response.text()).toContain('redirect_mismatch')
  })
})

describe('Cognito: every other problem goes to the callback URL with state', () => {
  test.each([
    ['no response_type', { response_type: null }, 'invalid_request'],
    ['unknown response_type', { response_type: 'id_token' }, 'invalid_request'],
    ['implicit grant not allowed', { response_type: 'token' }, 'unauthorized_client'],
    [
      'plain PKCE',
      { code_challenge: challenge, code_challenge_method: 'plain' },
      'invalid_request',
    ],
    ['challenge without method', { code_challenge: challenge }, 'invalid_request'],
    ['method without challenge', { code_challenge_method: 'S256' }, 'invalid_request'],
    [
      'malformed challenge',
      { code_challenge: 'x', code_challenge_method: 'S256' },
      'invalid_request',
    ],
    ['unknown prompt', { prompt: 'sometimes' }, 'invalid_request'],
    ['prompt=none without session', { prompt: 'none' }, 'login_required'],
    ['resource that is no URL', { resource: 'mcp' }, 'invalid_request'],
    ['http resource off localhost', { resource: 'http://example.com' }, 'invalid_request'],
  ])('%s', async (_name, overrides, error) => {
    const response = await shared.get(authorizePath(overrides))
    expect(locationOf(response)).toBe(`${CALLBACK}?state=state-1&error=${error}`)
  })

  test('two resources', async () => {
    const response = await shared.get(`${authorizePath({ resource: MCP })}&resource=${MCP}2`)
    expect(locationOf(response)).toContain('error=invalid_request')
  })

  test('state that is JSON', async () => {
    const response = await shared.get(authorizePath({ state: '{"a":1}' }))
    expect(new URL(locationOf(response)).searchParams.get('error')).toBe('invalid_request')
  })

  test('POST is not supported', async () => {
    expect((await shared.post('/oauth2/authorize', {})).status).toBe(405)
  })
})

describe('Cognito: scope', () => {
  test.each([
    [
      'redirect-with-description',
      `${CALLBACK}?error_description=invalid_scope&state=state-1&error=invalid_request`,
    ],
    ['redirect-invalid-scope', `${CALLBACK}?state=state-1&error=invalid_scope`],
    ['error-page', `/error?error=invalid_scope&client_id=${PUBLIC}`],
  ] as const)('unknown scope, switch %s', async (invalidScope, location) => {
    const twin = await createTestTwin({ invalidScope })
    for (const scope of ['openid offline_access', 'openid phone', 'openid nonsense', 'email'])
      expect(locationOf(await twin.get(authorizePath({ scope })))).toBe(location)
  })

  test('unknown scope, switch ignored: granted without it', async () => {
    const twin = await createTestTwin({ invalidScope: 'ignored' })
    const code = await obtainCode(twin, { scope: 'openid offline_access' })
    const response = await twin.post('/oauth2/token', codeForm(code))
    expect(response.status).toBe(200)
  })

  test('omitted: all scopes of the client', async () => {
    const code = await obtainCode(shared, { scope: null })
    expect((await shared.post('/oauth2/token', codeForm(code))).status).toBe(200)
  })

  test('omitted, switch invalid-grant-at-token', async () => {
    const twin = await createTestTwin({ scopeOmitted: 'invalid-grant-at-token' })
    const code = await obtainCode(twin, { scope: null })
    expect(await errorOf(await twin.post('/oauth2/token', codeForm(code)))).toBe(
      '400 invalid_grant',
    )
  })
})

describe('Cognito: signing in', () => {
  test('authorize redirects to the login endpoint with the same parameters', async () => {
    const path = authorizePath({ nonce: 'n', unknown_extra: 'x' })
    expect(locationOf(await shared.get(path))).toBe(path.replace('/oauth2/authorize', '/login'))
  })

  test('a code and the state reach the callback URL, without iss', async () => {
    const response = await shared.browser.submitLogin(
      new URL(authorizePath({ prompt: 'login' }), ORIGIN),
      ADA,
    )
    expect(locationOf(response)).toMatch(
      /^http:\/\/127\.0\.0\.1:3334\/oauth\/callback\?code=[0-9a-f-]{36}&state=state-1$/,
    )
  })

  test('a custom-scheme callback URL is used as registered', async () => {
    const response = await shared.browser.submitLogin(
      new URL(authorizePath({ prompt: 'login', redirect_uri: OTHER_CALLBACK }), ORIGIN),
      ADA,
    )
    expect(locationOf(response)).toMatch(/^myapp:\/\/callback\?code=/)
  })

  test.each([
    ['wrong password', { username: 'ada', password: 'wrong' }],
    ['unknown user', { username: 'eve', password: ADA.password }],
    ['user named like an object member', { username: 'constructor', password: '' }],
  ])('%s: the page again, with an alert', async (_name, person) => {
    const twin = await createTestTwin()
    const response = await twin.browser.submitLogin(new URL(authorizePath(), ORIGIN), person)
    expect(response.status).toBe(400)
    const page = await response.text()
    expect(page).toContain('role="alert">Incorrect username or password.<')
    expect(page).toContain(`value="${person.username}"`)
    expect([...twin.browser.cookies.keys()]).toEqual(['XSRF-TOKEN-7421'])
  })

  test('a form without the matching XSRF cookie signs nobody in', async () => {
    const path = authorizePath().replace('/oauth2/authorize', '/login')
    for (const headers of [{}, { cookie: 'XSRF-TOKEN-7421=other' }]) {
      const response = await shared.post(path, { ...ADA, _csrf: 'guess' }, headers)
      expect(response.status).toBe(400)
      expect(response.headers.getSetCookie().join()).not.toContain('cognito-7421=')
    }
  })

  test('two tabs: both sign-in pages stay usable', async () => {
    const { browser } = await createTestTwin()
    const url = new URL(authorizePath().replace('/oauth2/authorize', '/login'), ORIGIN)
    const csrfOf = async () =>
      /name="_csrf" value="([^"]+)"/.exec(await (await browser.request(url)).text())?.[1] ?? ''
    const first = await csrfOf()
    await csrfOf()
    expect((await browser.request(url, { ...ADA, _csrf: first })).status).toBe(302)
  })

  test('a disabled user cannot sign in', async () => {
    const twin = await createTestTwin()
    twin.twin.disableUser('ada')
    const response = await twin.browser.submitLogin(new URL(authorizePath(), ORIGIN), ADA)
    expect(await response.text()).toContain('User is disabled.')
  })
})

describe('Cognito: the browser session', () => {
  test('lasts one hour, answers silently, and prompt=login ignores it', async () => {
    const twin = await createTestTwin()
    await obtainCode(twin)
    const authorize = async (overrides: Record<string, string>) =>
      locationOf(await twin.browser.request(new URL(authorizePath(overrides), ORIGIN)))
    expect(await authorize({})).toContain('?code=')
    expect(await authorize({ prompt: 'none' })).toContain('?code=')
    for (const prompt of ['login', 'select_account', 'consent'])
      expect(await authorize({ prompt })).toMatch(/^\/login\?/)
    twin.clock.ms += 3600_000 - 1
    expect(await authorize({})).toContain('?code=')
    twin.clock.ms += 1
    expect(await authorize({})).toMatch(/^\/login\?/)
    expect(await authorize({ prompt: 'none' })).toContain('error=login_required')
  })

  test('is worth nothing once the user is disabled', async () => {
    const twin = await createTestTwin()
    await obtainCode(twin)
    twin.twin.disableUser('ada')
    const response = await twin.browser.request(new URL(authorizePath(), ORIGIN))
    expect(locationOf(response)).toMatch(/^\/login\?/)
  })

  test('logout ends it and goes to a registered sign-out URL only', async () => {
    const twin = await createTestTwin()
    await obtainCode(twin)
    const session = twin.browser.cookies.get('cognito-7421') ?? ''
    const logout = async (uri: string) =>
      twin.browser.request(`${ORIGIN}/logout?client_id=${PUBLIC}&logout_uri=${uri}`)
    expect(locationOf(await logout('http://localhost:3334/signed-out'))).toBe(
      'http://localhost:3334/signed-out',
    )
    twin.browser.cookies.set('cognito-7421', session)
    const response = await twin.browser.request(new URL(authorizePath(), ORIGIN))
    expect(locationOf(response)).toMatch(/^\/login\?/)
    expect(locationOf(await logout('https://evil.example/'))).toMatch(/^\/error\?/)
  })

  test('logout with the parameters of authorize shows the sign-in page', async () => {
    const response = await shared.get(authorizePath().replace('/oauth2/authorize', '/logout'))
    expect(locationOf(response)).toMatch(/^\/login\?response_type=code/)
  })
})

describe('pages', () => {
  const login = (overrides: Record<string, string>) =>
    shared.get(authorizePath(overrides).replace('/oauth2/authorize', '/login'))

  test('carry the demo mark, and a policy without scripts and without form-action', async () => {
    for (const response of [await login({}), await shared.get('/error?error=x')]) {
      expect(await response.text()).toContain('Demo user pool — not Amazon Cognito')
      const policy = response.headers.get('content-security-policy') ?? ''
      expect(policy).toContain("default-src 'none'")
      expect(policy).toContain("frame-ancestors 'none'")
      expect(policy).not.toMatch(/script-src|form-action|unsafe/)
    }
  })

  test('label every field', async () => {
    const page = await (await login({})).text()
    for (const field of ['username', 'password'])
      expect(page).toMatch(new RegExp(`<label for="${field}">[\\s\\S]*<input\\s+id="${field}"`))
  })

  const hostile = `"><script>alert(1)</script><a b='`
  test.each([
    ['login_hint', () => login({ login_hint: hostile })],
    ['state', () => login({ state: hostile })],
    ['error', () => shared.get(`/error?error=${encodeURIComponent(hostile)}`)],
    ['client_id', () => shared.get(`/error?error=x&client_id=${encodeURIComponent(hostile)}`)],
  ])('escape %s', async (_name, load) => {
    const page = await (await load()).text()
    expect(page).not.toContain('<script')
    expect(page).not.toContain(`<a b=`)
  })

  test('the error page shows no text of the address', async () => {
    for (const code of ['call+555-0100', 'toString'])
      expect(await (await shared.get(`/error?error=${code}`)).text()).not.toMatch(/555|toString/)
  })

  test('escape the username that comes back', async () => {
    const response = await shared.browser.submitLogin(
      new URL(authorizePath({ prompt: 'login' }), ORIGIN),
      { username: hostile, password: 'x' },
    )
    expect(await response.text()).not.toContain('<script')
  })
})
