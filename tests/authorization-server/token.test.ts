import { beforeEach, describe, expect, test } from 'vitest'
import type { PosternOptions } from '../../src/config/options.ts'
import {
  authorizeUrl,
  FetchBrowser,
  pkce,
  post,
  REDIRECT_URI,
  register,
  signIn,
  type PkcePair,
} from '../support/dance.ts'
import { createWorld, ISSUER, MCP_URL, type World } from '../support/world.ts'

let world: World
let clientId: string
let pair: PkcePair

beforeEach(async () => {
  await setUp()
})

async function setUp(postern: Partial<PosternOptions> = {}): Promise<void> {
  world = await createWorld({ postern })
  clientId = await register(world.postern)
  pair = pkce()
}

async function newCode(changes: Record<string, string | undefined> = {}): Promise<string> {
  const url = authorizeUrl(clientId, pair.challenge, changes)
  const target = await signIn(new FetchBrowser(world), url)
  return target.searchParams.get('code') ?? ''
}

function redeem(
  code: string,
  changes: Record<string, string | undefined> = {},
  headers: Record<string, string> = {},
): Promise<Response> {
  const form = {
    grant_type: 'authorization_code',
    client_id: clientId,
    code,
    code_verifier: pair.verifier,
    redirect_uri: REDIRECT_URI,
    resource: MCP_URL,
    ...changes,
  }
  return post(world.postern, '/token', form, headers)
}

async function outcome(response: Response): Promise<[number, unknown]> {
  const body = (await response.json()) as { error?: string }
  return [response.status, body.error]
}

describe('RFC 6749 §5.1 success', () => {
  test('is JSON, not stored, with everything clients need (R14)', async () => {
    const response = await redeem(await newCode())
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await response.json()).toEqual({
      access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      token_type: 'Bearer',
      expires_in: 900,
      scope: 'mcp',
      refresh_token: expect.any(String),
    })
  })

  test.each([
    ['redirect_uri may be left out (OAuth 2.1)', { redirect_uri: undefined }],
    ['resource may be left out', { resource: undefined }],
    ['resource is compared normalised', { resource: `${MCP_URL}/` }],
    ['unknown parameters are ignored', { foo: 'bar' }],
  ])('%s', async (_, changes) => {
    expect((await redeem(await newCode(), changes)).status).toBe(200)
  })

  test('the redirect_uri is the one of the request, with its port', async () => {
    const redirectUri = 'http://localhost:50505/oauth/callback'
    const code = await newCode({ redirect_uri: redirectUri })
    expect(await outcome(await redeem(code))).toEqual([400, 'invalid_grant'])
    expect((await redeem(code, { redirect_uri: redirectUri })).status).toBe(200)
  })
})

describe('R6: the client is checked before the grant', () => {
  test.each([
    ['an unknown client', { client_id: 'nobody', code: 'x' }],
    ['no client', { client_id: undefined }],
    ['a client_id that is too long', { client_id: 'x'.repeat(2049) }],
    ['a URL', { client_id: 'https://app.example/client.json' }],
  ])('%s is 401 invalid_client', async (_, changes) => {
    const response = await redeem('x', changes)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await outcome(response)).toEqual([401, 'invalid_client'])
  })

  test('a known client with a bogus code is 400 invalid_grant', async () => {
    expect(await outcome(await redeem('bogus'))).toEqual([400, 'invalid_grant'])
  })
})

describe('wrong requests', () => {
  test.each([
    ['no grant_type', { grant_type: undefined }, 'invalid_request'],
    ['another grant_type', { grant_type: 'client_credentials' }, 'unsupported_grant_type'],
    ['no code', { code: undefined }, 'invalid_request'],
    ['no code_verifier', { code_verifier: undefined }, 'invalid_request'],
    ['another code_verifier', { code_verifier: 'v'.repeat(43) }, 'invalid_grant'],
    ['the challenge as code_verifier', { code_verifier: 'CHALLENGE' }, 'invalid_grant'],
    ['a short code_verifier', { code_verifier: 'short' }, 'invalid_grant'],
    ['another redirect_uri', { redirect_uri: `${REDIRECT_URI}/` }, 'invalid_grant'],
    ['another resource', { resource: 'https://other.example/mcp' }, 'invalid_target'],
  ])(
    '%s is %s → and the code is not spent',
    async (_, changes: Record<string, string | undefined>, error) => {
      const code = await newCode()
      const wrong = { ...changes }
      if (wrong['code_verifier'] === 'CHALLENGE') wrong['code_verifier'] = pair.challenge
      expect(await outcome(await redeem(code, wrong))).toEqual([400, error])
      expect(world.idpCalls).not.toContain('POST /oauth2/token')
      expect((await redeem(code)).status).toBe(200)
    },
  )

  test('the order of checks: client, grant, PKCE, redirect_uri, resource', async () => {
    const other = await register(world.postern, { client_name: 'Other' })
    const code = await newCode()
    const wrong: Record<string, string> = {
      client_id: 'nobody',
      grant_type: 'password',
      code: 'bogus',
      code_verifier: 'v'.repeat(43),
      redirect_uri: 'https://evil.example/',
      resource: 'https://evil.example/',
    }
    const reasons: unknown[] = []
    const refused = async (): Promise<void> => {
      expect((await redeem(code, wrong)).status).toBe(wrong['client_id'] === 'nobody' ? 401 : 400)
      reasons.push((world.events.at(-1) as { reason?: string }).reason)
    }
    await refused()
    wrong['client_id'] = other
    await refused()
    wrong['grant_type'] = 'authorization_code'
    await refused()
    wrong['code'] = code
    await refused()
    for (const name of ['client_id', 'code_verifier', 'redirect_uri']) {
      delete wrong[name]
      await refused()
    }
    expect(reasons).toEqual([
      'client_unknown',
      'grant_type_unsupported',
      'code_invalid',
      'grant_of_other_client',
      'code_verifier_mismatch',
      'token_redirect_uri_mismatch',
      'resource_mismatch',
    ])
    expect(world.idpCalls).not.toContain('POST /oauth2/token')
    delete wrong['resource']
    expect((await redeem(code, wrong)).status).toBe(200)
  })

  test.each(['GET', 'PUT', 'DELETE'])('%s is 405 with Allow', async (method) => {
    const response = await world.postern.fetch(new Request(`${ISSUER}/token`, { method }))
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
  })

  test('a code of another client', async () => {
    const code = await newCode()
    const other = await register(world.postern, { client_name: 'Other' })
    expect(await outcome(await redeem(code, { client_id: other }))).toEqual([400, 'invalid_grant'])
  })

  test('a tampered code', async () => {
    const code = await newCode()
    const parts = code.split('.')
    parts[3] = `${parts[3]?.startsWith('A') === true ? 'B' : 'A'}${parts[3]?.slice(1)}`
    expect(await outcome(await redeem(parts.join('.')))).toEqual([400, 'invalid_grant'])
  })

  test('a code lives 60 seconds', async () => {
    const code = await newCode()
    world.clock.advance(59)
    expect((await redeem(code)).status).toBe(200)
    const late = await newCode()
    world.clock.advance(60)
    expect(await outcome(await redeem(late))).toEqual([400, 'invalid_grant'])
  })

  test.each([
    ['JSON', 'application/json', '{"grant_type":"authorization_code"}'],
    ['no type', '', 'grant_type=authorization_code'],
    ['broken encoding', 'application/x-www-form-urlencoded', 'grant_type=%ZZ'],
    ['encoded bytes that are no UTF-8', 'application/x-www-form-urlencoded', 'grant_type=%ff'],
    ['raw bytes that are no UTF-8', 'application/x-www-form-urlencoded', new Uint8Array([0xff])],
    ['a parameter twice', 'application/x-www-form-urlencoded', 'grant_type=a&grant_type=b'],
  ])('%s is 400 invalid_request', async (_, type, body) => {
    const response = await world.postern.fetch(
      new Request(`${ISSUER}/token`, { method: 'POST', headers: { 'content-type': type }, body }),
    )
    expect(await outcome(response)).toEqual([400, 'invalid_request'])
  })

  test('a body over 64 KiB is 413', async () => {
    const response = await redeem('x'.repeat(70_000))
    expect(await outcome(response)).toEqual([413, 'invalid_request'])
  })
})

describe('a code works once', () => {
  test('a repeat while the first is under way shares its answer', async () => {
    const code = await newCode()
    const answers = await Promise.all([redeem(code), redeem(code), redeem(code)])
    const tokens = await Promise.all(
      answers.map(
        async (answer) => ((await answer.json()) as { access_token: string }).access_token,
      ),
    )
    expect(new Set(tokens).size).toBe(1)
    expect(world.idpCalls.filter((call) => call === 'POST /oauth2/token')).toHaveLength(1)
  })

  test('a later repeat is refused', async () => {
    const code = await newCode()
    await redeem(code)
    expect(await outcome(await redeem(code))).toEqual([400, 'invalid_grant'])
    expect(world.events.at(-1)).toMatchObject({ reason: 'code_used' })
  })

  test('a refused person is refused again, and the code stays spent', async () => {
    await setUp({ access: [{ groups: ['directors'] }] })
    const code = await newCode()
    expect(await outcome(await redeem(code))).toEqual([400, 'access_denied'])
    expect(await outcome(await redeem(code))).toEqual([400, 'invalid_grant'])
    expect(world.idpCalls.filter((call) => call === 'POST /oauth2/token')).toHaveLength(1)
  })

  test('an identity provider switched after the sign-in is never sent its code', async () => {
    const code = await newCode()
    const { issuer } = world.twin
    const identityProvider = { issuer, clientId: 'other', refreshTokens: 'rotating' as const }
    world.postern = world.replica({ identityProvider })
    expect(await outcome(await redeem(code))).toEqual([400, 'invalid_grant'])
    expect(world.events.at(-1)).toMatchObject({ reason: 'grant_of_other_identity_provider' })
    expect(world.idpCalls).not.toContain('POST /oauth2/token')
  })

  test('another process is refused by the identity provider', async () => {
    const code = await newCode()
    await redeem(code)
    world.postern = world.replica()
    expect(await outcome(await redeem(code))).toEqual([400, 'invalid_grant'])
    expect(world.events.at(-1)).toMatchObject({ reason: 'idp_rejected_grant' })
  })

  test('another process may redeem it: nothing is stored', async () => {
    const code = await newCode()
    world.postern = world.replica()
    expect((await redeem(code)).status).toBe(200)
  })
})

describe('RFC 6749 §2.3 client authentication', () => {
  const secret = 'a-client-secret-of-32-characters!'
  const basic = (id: string, password: string): Record<string, string> => ({
    authorization: `Basic ${btoa(`${id}:${password}`)}`,
  })

  beforeEach(async () => {
    await setUp({
      clients: { static: [{ clientId: 'desk', secret, redirectUris: [REDIRECT_URI] }] },
    })
  })

  test('a public client that sends a secret is refused', async () => {
    expect(await outcome(await redeem('x', { client_secret: 'x' }))).toEqual([
      401,
      'invalid_client',
    ])
  })

  test('a public client may name itself by Basic with an empty password', async () => {
    const headers = basic(clientId, '')
    const response = await redeem(await newCode(), { client_id: undefined }, headers)
    expect(response.status).toBe(200)
  })

  test.each([
    ['client_secret_post', { client_id: 'desk', client_secret: secret }, {}],
    ['raw client_secret_basic', { client_id: undefined }, basic('desk', secret)],
    [
      'encoded client_secret_basic',
      { client_id: undefined },
      basic('desk', encodeURIComponent(secret)),
    ],
    ['basic with the same client_id', { client_id: 'desk' }, basic('desk', secret)],
  ])('a confidential client authenticates by %s', async (_, form, headers) => {
    clientId = 'desk'
    expect((await redeem(await newCode(), form, headers)).status).toBe(200)
  })

  test.each([
    ['no secret', { client_id: 'desk' }, {}],
    ['a wrong secret', { client_id: 'desk', client_secret: `${secret}x` }, {}],
    ['two methods', { client_id: 'desk', client_secret: secret }, basic('desk', secret)],
    ['two ids', { client_id: 'other' }, basic('desk', secret)],
    ['another scheme', { client_id: 'desk' }, { authorization: 'Bearer x' }],
    ['broken base64', { client_id: 'desk' }, { authorization: 'Basic %%%' }],
  ])('%s is 401', async (_, form, headers) => {
    const response = await redeem('x', form, headers)
    expect(await outcome(response)).toEqual([401, 'invalid_client'])
    // RFC 6749 §5.2: whoever used Basic is challenged for it.
    expect(response.headers.has('www-authenticate')).toBe('authorization' in headers)
  })

  test('metadata offers the methods once a client has a secret', async () => {
    const path = '/.well-known/oauth-authorization-server'
    const document = await (await world.postern.fetch(new Request(ISSUER + path))).json()
    expect(document).toMatchObject({
      token_endpoint_auth_methods_supported: ['none', 'client_secret_basic', 'client_secret_post'],
    })
  })
})

describe('who may sign in', () => {
  test.each([
    ['anyone', 'anyoneTheIdpAdmits', true],
    ['a group they are in', [{ groups: ['staff'] }], true],
    ['a group they are not in', [{ groups: ['directors'] }], false],
    ['their verified domain', [{ emailDomains: ['EXAMPLE.test'] }], true],
    ['another domain', [{ emailDomains: ['other.test'] }], false],
    ['all conditions of one rule', [{ groups: ['staff'], emailDomains: ['other.test'] }], false],
    ['any rule of several', [{ groups: ['directors'] }, { groups: ['staff'] }], true],
  ] as [string, PosternOptions['access'], boolean][])('%s', async (_, access, admitted) => {
    await setUp({ access })
    const response = await redeem(await newCode())
    expect(await outcome(response)).toEqual(admitted ? [200, undefined] : [400, 'access_denied'])
  })

  test('an unverified e-mail address admits nobody', async () => {
    world.twin.updateUser('ada', { emailVerified: false })
    world.postern = world.replica({ access: [{ emailDomains: ['example.test'] }] })
    expect(await outcome(await redeem(await newCode()))).toEqual([400, 'access_denied'])
  })

  test('scope = requested ∩ the resource’s ∩ what access gives', async () => {
    const resources = [
      { url: MCP_URL, upstream: 'http://u.test/', scopes: ['read', 'write', 'admin'] },
    ]
    await setUp({ resources, access: [{ groups: ['staff'], scopes: ['read', 'write'] }] })
    const scope = async (asked: string): Promise<string> => {
      const response = await redeem(await newCode({ scope: asked }))
      return ((await response.json()) as { scope: string }).scope
    }
    expect(await scope('write admin nonsense')).toBe('write')
    expect(await scope('openid email profile')).toBe('read write')
  })

  test('groups reach the token only where configured', async () => {
    await setUp({ forwardGroups: ['staff', 'other'] })
    world.twin.updateUser('ada', { groups: ['secret', 'staff'] })
    const { decodeJwt } = await import('jose')
    const body = (await (await redeem(await newCode())).json()) as { access_token: string }
    expect(decodeJwt(body.access_token)['groups']).toEqual(['staff'])
  })

  test('a token that would exceed 2 KB is refused by name', async () => {
    const groups = Array.from({ length: 60 }, (_, index) => `a-rather-long-group-name-${index}`)
    await setUp({ forwardGroups: groups })
    world.twin.updateUser('ada', { groups })
    const response = await redeem(await newCode())
    expect(await response.json()).toMatchObject({
      error: 'access_denied',
      error_description: expect.stringContaining('2048'),
    })
  })
})
