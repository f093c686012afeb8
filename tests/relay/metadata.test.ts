import { describe, expect, test } from 'vitest'
import { createRelay } from '../../src/relay.ts'
import { ISSUER, MCP_URL, SECRET_A } from '../support/world.ts'
import { createRelayWorld, TOOLS, type RelayWorldOptions } from './relay-world.ts'

async function get(path: string, options: RelayWorldOptions = {}): Promise<Response> {
  const { relay } = await createRelayWorld(options)
  return relay.fetch(new Request(ISSUER + path))
}

const SHARED: RelayWorldOptions = {
  relay: { dangerouslyShareClientSecret: true },
  identityProvider: { clientSecret: 'shared' },
}

describe('R1, R3, R12, R18: authorization server metadata', () => {
  test.each(['', '/mcp', '/mcp/'])('is exactly this, behind %j', async (suffix) => {
    const response = await get(`/.well-known/oauth-authorization-server${suffix}`)
    expect(await response.json()).toEqual({
      issuer: ISSUER,
      authorization_endpoint: `${ISSUER}/authorize`,
      token_endpoint: `${ISSUER}/token`,
      registration_endpoint: `${ISSUER}/register`,
      revocation_endpoint: `${ISSUER}/revoke`,
      scopes_supported: [TOOLS],
      response_types_supported: ['code'],
      response_modes_supported: ['query'],
      grant_types_supported: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_methods_supported: ['none'],
      revocation_endpoint_auth_methods_supported: ['none'],
      code_challenge_methods_supported: ['S256'],
    })
  })

  test('offers no revocation where the identity provider has none', async () => {
    const { options } = await createRelayWorld()
    const { revocationEndpoint: _none, ...identityProvider } = options.identityProvider
    const relay = createRelay({ ...options, identityProvider })
    const response = await relay.fetch(
      new Request(`${ISSUER}/.well-known/oauth-authorization-server`),
    )
    expect(Object.keys((await response.json()) as object).join()).not.toContain('revocation')
  })

  test('names only the ways to send the secret where everybody is given it', async () => {
    const response = await get('/.well-known/oauth-authorization-server', SHARED)
    expect(await response.json()).toMatchObject({
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    })
  })

  test.each(['/.well-known/openid-configuration', '/.well-known/jwks.json'])(
    '%s is 404: the tokens are not ours',
    async (path) => expect((await get(path)).status).toBe(404),
  )
})

describe('R2, R3: protected resource metadata', () => {
  test.each(['', '/mcp', '/mcp/'])('names our own origin only, behind %j', async (suffix) => {
    const response = await get(`/.well-known/oauth-protected-resource${suffix}`)
    expect(await response.json()).toEqual({
      resource: MCP_URL,
      authorization_servers: [ISSUER],
      scopes_supported: [TOOLS],
      bearer_methods_supported: ['header'],
      resource_name: 'Example',
    })
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
  })
})

describe('what is not served', () => {
  test.each(['/token', '/revoke'])('%s is 404, and the operator hears of it', async (path) => {
    const { relay, events } = await createRelayWorld()
    for (const method of ['POST', 'GET', 'OPTIONS']) {
      const response = await relay.fetch(new Request(ISSUER + path, { method }))
      expect([response.status, response.headers.get('content-type')]).toEqual([
        404,
        'application/json',
      ])
    }
    expect(events).toEqual(Array(3).fill({ type: 'relay.token-reached-function', path }))
  })

  test('/idp/callback: the identity provider answers the client itself', async () =>
    expect((await get('/idp/callback?code=x&state=y')).status).toBe(404))

  test('the MCP path, where the MCP server is guarded elsewhere', async () => {
    const { options } = await createRelayWorld()
    const { upstream: _none, ...facade } = options
    const relay = createRelay(facade)
    for (const path of ['/mcp', '/mcp/']) {
      const response = await relay.fetch(new Request(ISSUER + path, { method: 'POST' }))
      expect([response.status, await response.json()]).toEqual([404, { error: 'not_found' }])
      const head = { method: 'POST', target: path, host: 'mcp.example.test', headers: [] }
      expect(await relay.admit(head)).toMatchObject({ admitted: false, status: 404 })
    }
  })

  test('an unknown host', async () => {
    const { relay } = await createRelayWorld()
    const headers = { host: 'evil.test' }
    const url = `${ISSUER}/.well-known/oauth-authorization-server`
    expect((await relay.fetch(new Request(url, { headers }))).status).toBe(403)
  })
})

describe('keys of identity JWTs', () => {
  const path = '/.well-known/postern-identity-jwks.json'

  test('are published where a gate forwards', async () => {
    const response = await get(path, {
      relay: { upstream: 'http://upstream.test/mcp', secrets: [SECRET_A] },
    })
    expect(await response.json()).toMatchObject({ keys: [{ kty: 'OKP', use: 'sig' }] })
  })

  test('do not exist without secrets', async () => expect((await get(path)).status).toBe(404))
})
