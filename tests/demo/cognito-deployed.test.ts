import { describe, expect, test } from 'vitest'
import type { CognitoTwinOptions } from '../../src/demo/cognito-twin/options.ts'
import {
  ADA,
  authorizePath,
  CALLBACK,
  codeForm,
  createTestTwin,
  errorOf,
  locationOf,
  obtainCode,
  obtainTokens,
  ORIGIN,
  PUBLIC,
  refreshForm,
  type TestTwin,
} from './twin-support.ts'

const ISSUER = 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI'
const DAY = 24 * 60 * 60 * 1000

/** The one client, changed. */
function createWith(
  client: Partial<CognitoTwinOptions['clients'][number]>,
  pool: Partial<CognitoTwinOptions> = {},
): Promise<TestTwin> {
  return createTestTwin({
    clients: [
      { clientId: PUBLIC, callbackUrls: [CALLBACK], scopes: ['openid', 'email'], ...client },
    ],
    ...pool,
  })
}

async function loginPageOf(test: TestTwin): Promise<Response> {
  const redirected = await test.get(authorizePath())
  return test.browser.request(new URL(locationOf(redirected), ORIGIN))
}

function claimsOf(token: string): Record<string, unknown> {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()
  return JSON.parse(payload) as Record<string, unknown>
}

describe('Cognito: an issuer at the name of the service, pages at the domain', () => {
  test('discovery and keys are at the issuer, everything else at the domain', async () => {
    const test = await createTestTwin({ issuer: ISSUER })
    const discovery = await test.twin.fetch(
      new Request(`${ISSUER}/.well-known/openid-configuration`),
    )
    expect(await discovery.json()).toMatchObject({
      issuer: ISSUER,
      jwks_uri: `${ISSUER}/.well-known/jwks.json`,
      token_endpoint: `${ORIGIN}/oauth2/token`,
    })
    const elsewhere = [
      await test.get('/.well-known/openid-configuration'),
      await test.get(`/${ISSUER.split('/').at(-1)}/.well-known/openid-configuration`),
      await test.twin.fetch(new Request(new URL('/login', ISSUER))),
      await test.twin.fetch(new Request(`${ISSUER.toLowerCase()}/.well-known/jwks.json`)),
    ]
    expect(elsewhere.map(({ status }) => status)).toEqual([404, 404, 404, 404])
  })

  test('tokens bear that issuer', async () => {
    const { access_token: token } = await obtainTokens(await createTestTwin({ issuer: ISSUER }))
    expect(claimsOf(token)['iss']).toBe(ISSUER)
  })

  test('answers to no third name', async () => {
    const { twin } = await createTestTwin({ issuer: ISSUER })
    const response = await twin.fetch(new Request('https://mcp.example.com/oauth2/authorize'))
    expect(response.status).toBe(403)
  })
})

describe('Cognito: each app client has its own settings', () => {
  test('lifetimes, rotation and revocation', async () => {
    const test = await createWith({
      settings: { accessTokenSeconds: 300, refreshTokenRotation: true, tokenRevocation: false },
    })
    const tokens = await obtainTokens(test)
    expect(tokens.expires_in).toBe(300)
    expect(claimsOf(tokens.access_token)).not.toHaveProperty('origin_jti')
    const refreshed = await test.post('/oauth2/token', refreshForm(tokens.refresh_token))
    expect(await refreshed.json()).toHaveProperty('refresh_token')
    const revocation = { token: tokens.refresh_token, client_id: PUBLIC }
    expect(await errorOf(await test.post('/oauth2/revoke', revocation))).toBe('400 invalid_request')
  })

  test.each([[true], [false]])(
    'a sign-in lasts 30 days from its beginning (rotation: %s)',
    async (refreshTokenRotation) => {
      const test = await createWith({ settings: { refreshTokenRotation } })
      let { refresh_token: token } = await obtainTokens(test)
      const refreshAt = async (day: number) => {
        test.clock.ms = 1_800_000_000_000 + day * DAY
        const response = await test.post('/oauth2/token', refreshForm(token))
        const { refresh_token: next } = (await response.clone().json()) as {
          refresh_token?: string
        }
        token = next ?? token
        return response.status === 200 ? '200' : errorOf(response)
      }
      expect(await refreshAt(15)).toBe('200')
      expect(await refreshAt(29)).toBe('200')
      expect(await refreshAt(31)).toBe('400 invalid_grant')
    },
  )

  test('without the code grant no code', async () => {
    const test = await createWith({ codeGrant: false })
    expect(locationOf(await test.get(authorizePath()))).toBe(
      `${CALLBACK}?state=state-1&error=unauthorized_client`,
    )
  })

  test('refuses a grace period over a minute', async () => {
    await expect(createWith({ settings: { retryGracePeriodSeconds: 61 } })).rejects.toThrow(
      'retryGracePeriodSeconds',
    )
  })
})

describe('Cognito: what people find at the domain', () => {
  test.each([
    ['form', 200, true],
    ['no-identity-provider', 200, false],
    ['no-branding', 403, false],
  ] as const)('%s', async (loginPage, status, hasForm) => {
    const response = await loginPageOf(await createWith({ loginPage }))
    expect(response.status).toBe(status)
    expect((await response.text()).includes('<form')).toBe(hasForm)
  })

  test.each(['no-identity-provider', 'no-branding'] as const)(
    'nobody signs in past a page without a form (%s)',
    async (loginPage) => {
      const test = await createWith({ loginPage })
      const path = authorizePath().replace('/oauth2/authorize', '/login')
      for (const cookie of ['XSRF-TOKEN-7421=a', '']) {
        const response = await test.post(path, { ...ADA, _csrf: 'a' }, { cookie })
        expect([response.status, locationOf(response)]).toEqual([403, ''])
        expect(await response.text()).not.toContain('<form')
      }
    },
  )

  test.each([
    [true, 'Incorrect username or password.'],
    [false, 'User does not exist.'],
  ])('whether an account exists (prevented: %s)', async (prevented, text) => {
    const { browser } = await createWith({ preventUserExistenceErrors: prevented })
    const nobody = { username: 'nobody', password: 'x' }
    const response = await browser.submitLogin(new URL(authorizePath(), ORIGIN), nobody)
    expect(await response.text()).toContain(text)
  })

  test.each([[true], [false]])('sign-up is offered only where it is open (%s)', async (open) => {
    const response = await loginPageOf(await createWith({}, { selfSignUp: open }))
    expect((await response.text()).includes('Create an account')).toBe(open)
  })

  test('with e-mail addresses as usernames, the username of tokens is a UUID', async () => {
    const people = { signInWith: 'email', users: [{ ...ADA, email: 'ada@example.com' }] } as const
    const test = await createWith({}, { ...people, users: [...people.users] })
    const start = new URL(authorizePath(), ORIGIN)
    const refused = await test.browser.submitLogin(start, ADA)
    expect(refused.status).toBe(400)
    const signedIn = await test.browser.submitLogin(start, { ...ADA, username: 'ada@example.com' })
    const code = new URL(locationOf(signedIn)).searchParams.get('code') ?? ''
    const response = await test.post('/oauth2/token', codeForm(code))
    const { access_token: token } = (await response.json()) as { access_token: string }
    const { sub, username } = claimsOf(token)
    expect(username).toBe(sub)
    test.twin.disableUser('ada@example.com')
    await expect(obtainCode(test)).rejects.toThrow()
  })

  test('refuses people without the e-mail address that they would sign in with', async () => {
    await expect(createWith({}, { signInWith: 'email', users: [ADA] })).rejects.toThrow('no email')
  })
})

describe('Cognito: new signing keys', () => {
  test('sign from then on, while the old ones stay published', async () => {
    const test = await createTestTwin()
    const before = await obtainTokens(test)
    await test.twin.rotateKeys()
    const after = await obtainTokens(test)
    const kidOf = (token: string) =>
      (JSON.parse(atob(token.split('.')[0] ?? '')) as { kid: string }).kid
    expect(kidOf(after.access_token)).not.toBe(kidOf(before.access_token))
    const response = await test.get('/us-east-1_Demo/.well-known/jwks.json')
    const { keys } = (await response.json()) as { keys: { kid: string }[] }
    expect(keys.map(({ kid }) => kid)).toEqual(
      expect.arrayContaining([kidOf(before.access_token), kidOf(after.access_token)]),
    )
    const userInfo = await test.get('/oauth2/userInfo', {
      authorization: `Bearer ${before.access_token}`,
    })
    expect(userInfo.status).toBe(200)
  })

  test('an ID token is no access token', async () => {
    const test = await createTestTwin()
    const { id_token: token = '' } = await obtainTokens(test)
    const response = await test.get('/oauth2/userInfo', { authorization: `Bearer ${token}` })
    expect(response.status).toBe(401)
  })
})
