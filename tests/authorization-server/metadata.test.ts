import { decodeJwt } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { authorizeUrl, callMcp, obtainTokens, pkce } from '../support/dance.ts'
import {
  createWorld,
  ISSUER,
  MCP_URL,
  SECRET_A,
  SECRET_B,
  UPSTREAM,
  type World,
} from '../support/world.ts'

let world: World

// Nothing here changes it.
beforeAll(async () => {
  world = await createWorld()
})

async function get(path: string, init: RequestInit = {}, resources?: string[]): Promise<Response> {
  const postern =
    resources === undefined
      ? world.postern
      : world.replica({
          resources: resources.map((url) => ({ url, upstream: UPSTREAM, scopes: [`${url}#s`] })),
        })
  return postern.fetch(new Request(ISSUER + path, init))
}

describe('RFC 8414 authorization server metadata', () => {
  test.each([
    '/.well-known/oauth-authorization-server',
    '/.well-known/oauth-authorization-server/mcp',
    '/.well-known/oauth-authorization-server/mcp/',
  ])('is served at %s with one and the same issuer', async (path) => {
    const response = await get(path)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(await response.json()).toEqual({
      issuer: ISSUER,
      authorization_endpoint: `${ISSUER}/authorize`,
      token_endpoint: `${ISSUER}/token`,
      registration_endpoint: `${ISSUER}/register`,
      revocation_endpoint: `${ISSUER}/revoke`,
      jwks_uri: `${ISSUER}/.well-known/jwks.json`,
      scopes_supported: ['mcp'],
      response_types_supported: ['code'],
      response_modes_supported: ['query'],
      grant_types_supported: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_methods_supported: ['none'],
      revocation_endpoint_auth_methods_supported: ['none'],
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
    })
  })

  test.each([
    '/.well-known/openid-configuration',
    '/.well-known/openid-configuration/mcp',
    '/mcp/.well-known/openid-configuration',
    '/.well-known/oauth-authorization-server/other',
  ])('%s is 404: Postern is no OpenID provider', async (path) => {
    expect((await get(path)).status).toBe(404)
  })

  test('HEAD answers like GET, without a body', async () => {
    const response = await get('/.well-known/oauth-authorization-server', { method: 'HEAD' })
    expect(response.status).toBe(200)
    expect(await response.text()).toBe('')
  })
})

describe('R1: the issuer', () => {
  test('is the same bytes in every place a client compares', async () => {
    const read = async (path: string): Promise<Record<string, unknown>> =>
      (await (await get(path)).json()) as Record<string, unknown>
    const tokens = await obtainTokens(world)
    const url = authorizeUrl(tokens.clientId, pkce().challenge, { response_type: 'token' })
    const error = await world.postern.fetch(new Request(url))
    const challenge = (await callMcp(world.postern, undefined)).headers.get('www-authenticate')
    expect([
      (await read('/.well-known/oauth-authorization-server'))['issuer'],
      (await read('/.well-known/oauth-authorization-server/mcp'))['issuer'],
      (await read('/.well-known/oauth-protected-resource'))['authorization_servers'],
      (await read('/.well-known/oauth-protected-resource/mcp'))['authorization_servers'],
      new URL(error.headers.get('location') ?? '').searchParams.get('iss'),
      decodeJwt(tokens.access_token).iss,
      /resource_metadata="(.*?)\/\.well-known/.exec(challenge ?? '')?.[1],
    ]).toEqual([ISSUER, ISSUER, [ISSUER], [ISSUER], ISSUER, ISSUER, ISSUER])
  })
})

describe('R19 CORS', () => {
  const origin = 'https://inspector.example'

  test.each([
    '/.well-known/oauth-authorization-server',
    '/.well-known/oauth-protected-resource/mcp',
    '/.well-known/jwks.json',
  ])('%s may be read by any origin', async (path) => {
    const response = await get(path, { headers: { origin } })
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
  })

  test.each(['/token', '/register', '/revoke'])(
    '%s may be posted to by any origin',
    async (path) => {
      const headers = {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'mcp-protocol-version, content-type',
      }
      const response = await get(path, { method: 'OPTIONS', headers })
      expect(response.status).toBe(204)
      expect(response.headers.get('access-control-allow-origin')).toBe('*')
      expect(response.headers.get('access-control-allow-headers')).toContain('mcp-protocol-version')
    },
  )

  test.each(['/authorize', '/consent', '/idp/callback'])(
    '%s belongs to the browser of a person: no CORS',
    async (path) => {
      const response = await get(path, { headers: { origin } })
      expect(response.headers.get('access-control-allow-origin')).toBeNull()
    },
  )
})

describe('RFC 9728 protected resource metadata', () => {
  test.each([
    '/.well-known/oauth-protected-resource',
    '/.well-known/oauth-protected-resource/mcp',
    '/.well-known/oauth-protected-resource/mcp/',
  ])('of the only resource is served at %s', async (path) => {
    expect(await (await get(path)).json()).toEqual({
      resource: MCP_URL,
      authorization_servers: [ISSUER],
      scopes_supported: ['mcp'],
      bearer_methods_supported: ['header'],
      resource_name: 'Example',
    })
  })

  test('each of several resources has its own, and there is none at the root', async () => {
    const urls = [`${ISSUER}/a/mcp`, `${ISSUER}/b`]
    for (const url of urls) {
      const path = `/.well-known/oauth-protected-resource${new URL(url).pathname}`
      const document = (await (await get(path, {}, urls)).json()) as Record<string, unknown>
      expect(document).toMatchObject({ resource: url, scopes_supported: [`${url}#s`] })
    }
    const root = await get('/.well-known/oauth-protected-resource', {}, urls)
    expect(root.status).toBe(404)
  })
})

describe('JWKS', () => {
  test('has the public keys of all secrets and nothing private', async () => {
    const response = await get('/.well-known/jwks.json')
    const { keys } = (await response.json()) as { keys: Record<string, unknown>[] }
    expect(keys).toHaveLength(1)
    expect(Object.keys(keys[0] ?? {}).toSorted()).toEqual(
      ['alg', 'crv', 'kid', 'kty', 'use', 'x'].toSorted(),
    )
  })

  test('has the keys of every secret that may sign, none of a retired one', async () => {
    const kids = async (secrets: string[], retiredSecrets: string[] = []): Promise<string[]> => {
      const replica = world.replica({ secrets, retiredSecrets })
      const response = await replica.fetch(new Request(`${ISSUER}/.well-known/jwks.json`))
      const { keys } = (await response.json()) as { keys: { kid: string }[] }
      return keys.map(({ kid }) => kid)
    }
    const [a] = await kids([SECRET_A])
    const [b] = await kids([SECRET_B])
    expect(a).not.toBe(b)
    expect(await kids([SECRET_B, SECRET_A])).toEqual([b, a])
    expect(await kids([SECRET_B], [SECRET_A])).toEqual([b])
  })

  test('the keys of identity JWTs are published apart', async () => {
    const read = async (path: string): Promise<string[]> => {
      const { keys } = (await (await get(path)).json()) as { keys: { kid: string }[] }
      return keys.map(({ kid }) => kid)
    }
    const [issued] = await read('/.well-known/jwks.json')
    expect(await read('/.well-known/postern-identity-jwks.json')).not.toContain(issued)
  })
})
