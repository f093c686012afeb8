import { describe, expect, test } from 'vitest'
import { REDIRECT_URI } from '../support/dance.ts'
import { ISSUER } from '../support/world.ts'
import { OPEN_REDIRECTS, REGISTERED_REDIRECT_URIS } from '../protocol/open-redirects.ts'
import { CLAUDE, CLIENT_ID, createRelayWorld, type RelayWorldOptions } from './relay-world.ts'

async function register(
  metadata: unknown,
  options: RelayWorldOptions = {},
): Promise<{ status: number; body: Record<string, unknown>; events: object[] }> {
  const { relay, events } = await createRelayWorld(options)
  const response = await relay.fetch(
    new Request(`${ISSUER}/register`, { method: 'POST', body: JSON.stringify(metadata) }),
  )
  const body = (await response.json()) as Record<string, unknown>
  return { status: response.status, body, events }
}

describe('R9: registration', () => {
  test('answers with the one client of the identity provider, as a public client', async () => {
    const { status, body, events } = await register({
      redirect_uris: [REDIRECT_URI],
      client_name: 'MCP CLI Proxy',
      token_endpoint_auth_method: 'client_secret_post',
      grant_types: ['authorization_code', 'refresh_token', 'device_code'],
      scope: 'anything',
    })
    expect(status).toBe(201)
    expect(body).toEqual({
      client_id: CLIENT_ID,
      client_id_issued_at: expect.any(Number),
      client_name: 'MCP CLI Proxy',
      redirect_uris: [REDIRECT_URI],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      scope: 'anything',
    })
    expect(events).toEqual([
      {
        type: 'client.registered',
        client: CLIENT_ID,
        clientName: 'MCP CLI Proxy',
        redirectHosts: ['localhost:3334'],
      },
    ])
  })

  test('keeps and echoes what the identity provider knows of a mixed array', async () => {
    const { status, body } = await register({
      redirect_uris: ['https://unknown.test/cb', CLAUDE, REDIRECT_URI, 'http://localhost:1/x'],
    })
    expect([status, body['redirect_uris']]).toEqual([201, [CLAUDE, REDIRECT_URI]])
  })

  test.each([
    ['another port', 'http://localhost:3335/oauth/callback'],
    ['no port', 'http://localhost/oauth/callback'],
    ['the other loopback host', 'http://[::1]:3334/oauth/callback'],
    ['a trailing slash', `${REDIRECT_URI}/`],
    ['a query', `${REDIRECT_URI}?a=b`],
    ['a known client that is not configured', 'https://vscode.dev/redirect'],
    ['a prefix of a known client', 'https://chatgpt.com/connector/oauth/abc'],
  ])('%s is refused, and says what the operator must add', async (_what, uri) => {
    const { status, body, events } = await register({ redirect_uris: [uri] })
    expect([status, body['error']]).toEqual([400, 'invalid_redirect_uri'])
    expect(body['error_description']).toMatch(/redirect_uris\[0\].*callback URLs.*redirectUris/)
    expect(events).toEqual([
      {
        type: 'registration.refused',
        reason: 'redirect_uri_refused',
        redirectHosts: [new URL(uri).host],
      },
    ])
  })

  test.each([
    ['not JSON', undefined],
    ['an array', []],
    ['null', null],
    ['no redirect URIs', {}],
    ['redirect URIs of another type', { redirect_uris: [1] }],
  ])('%s is 400', async (_what, metadata) => {
    const { status, body } = await register(metadata)
    expect(status).toBe(400)
    expect(body['error']).toMatch(/^invalid_(?:redirect_uri|client_metadata)$/)
  })

  test('only POST, and any page may', async () => {
    const { relay } = await createRelayWorld()
    expect((await relay.fetch(new Request(`${ISSUER}/register`))).status).toBe(405)
    const headers = { origin: 'https://inspector.test', 'access-control-request-method': 'POST' }
    const preflight = new Request(`${ISSUER}/register`, { method: 'OPTIONS', headers })
    const response = await relay.fetch(preflight)
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
  })
})

describe('open redirects', () => {
  test.each(OPEN_REDIRECTS)('$trick: none is registered', async ({ foreign, onAllowedHost }) => {
    const { relay } = await createRelayWorld({
      relay: { redirectUris: [...REGISTERED_REDIRECT_URIS] },
    })
    for (const uri of [...foreign, ...onAllowedHost]) {
      const body = JSON.stringify({ redirect_uris: [uri] })
      const response = await relay.fetch(
        new Request(`${ISSUER}/register`, { method: 'POST', body }),
      )
      expect([uri, response.status]).toEqual([uri, 400])
    }
  })
})

describe('dangerouslyShareClientSecret', () => {
  test('hands out the secret, which never expires', async () => {
    const { body } = await register(
      { redirect_uris: [REDIRECT_URI] },
      {
        relay: { dangerouslyShareClientSecret: true },
        identityProvider: { clientSecret: 'everybodys' },
      },
    )
    expect(body).toMatchObject({
      client_id: CLIENT_ID,
      client_secret: 'everybodys',
      client_secret_expires_at: 0,
      token_endpoint_auth_method: 'client_secret_post',
    })
  })

  test('without it a secret for the token endpoint stays there', async () => {
    const { body } = await register(
      { redirect_uris: [REDIRECT_URI] },
      { relay: { tokenPath: 'function' }, identityProvider: { clientSecret: 'own' } },
    )
    expect(JSON.stringify(body)).not.toContain('own')
    expect(body['token_endpoint_auth_method']).toBe('none')
  })
})
