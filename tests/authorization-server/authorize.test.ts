import { beforeEach, describe, expect, test } from 'vitest'
import { authorizeUrl, FetchBrowser, HTML, pkce, REDIRECT_URI, register } from '../support/dance.ts'
import { createWorld, ISSUER, MCP_URL, UPSTREAM, type World } from '../support/world.ts'

let world: World
let clientId: string
const { challenge } = pkce()

beforeEach(async () => {
  world = await createWorld()
  clientId = await register(world.postern)
})

function get(url: string, headers: Record<string, string> = {}): Promise<Response> {
  return world.postern.fetch(new Request(url, { headers }))
}

describe('phase 1: nobody is redirected before client and redirect_uri are proven', () => {
  const cases: [string, Record<string, string | undefined>, string][] = [
    ['no client_id', { client_id: undefined }, 'invalid_client'],
    ['an unknown client_id', { client_id: 'nobody' }, 'invalid_client'],
    ['a client_id of 2,049 bytes', { client_id: 'x'.repeat(2049) }, 'invalid_client'],
    ['a metadata document URL', { client_id: 'https://app.example/c.json' }, 'invalid_client'],
    ['no redirect_uri', { redirect_uri: undefined }, 'invalid_request'],
    ['another redirect_uri', { redirect_uri: 'https://evil.example/' }, 'invalid_request'],
    ['another path', { redirect_uri: 'http://localhost:3334/other' }, 'invalid_request'],
    [
      'another loopback name',
      { redirect_uri: 'http://127.0.0.1:3334/oauth/callback' },
      'invalid_request',
    ],
    ['a trailing slash', { redirect_uri: `${REDIRECT_URI}/` }, 'invalid_request'],
    [
      'user information',
      { redirect_uri: 'http://localhost:3334@evil.example/oauth/callback' },
      'invalid_request',
    ],
  ]
  test.each(cases)('%s is JSON to machines', async (_, changes, error) => {
    const response = await get(authorizeUrl(clientId, challenge, changes), {
      accept: 'application/json',
    })
    expect(response.status).toBe(400)
    expect(response.headers.get('location')).toBeNull()
    expect(await response.json()).toMatchObject({ error })
  })

  test.each(cases)('%s is a page to browsers', async (_, changes, error) => {
    const response = await get(authorizeUrl(clientId, challenge, changes), { accept: HTML })
    expect(response.status).toBe(400)
    expect(response.headers.get('location')).toBeNull()
    const page = await response.text()
    expect(page).toContain(`<code>${error}</code>`)
    expect(page).not.toContain('evil.example')
  })

  test('R7: the page about an unknown client says what to delete', async () => {
    const url = authorizeUrl('nobody', challenge)
    expect(await (await get(url, { accept: HTML })).text()).toContain('.mcp-auth')
  })

  test.each(['client_id', 'redirect_uri', 'state', 'scope', 'code_challenge', 'resource'])(
    'a second %s is refused without a redirect',
    async (name) => {
      const response = await get(`${authorizeUrl(clientId, challenge)}&${name}=again`)
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({ error: 'invalid_request' })
    },
  )

  test.each(['%ZZ', '%', '%ff%fe', '%C3'])('broken encoding %s is refused', async (broken) => {
    const response = await get(`${authorizeUrl(clientId, challenge)}&extra=${broken}`)
    expect(response.status).toBe(400)
    expect(response.headers.get('location')).toBeNull()
  })

  test('R10: any port of the registered loopback name is accepted', async () => {
    const redirectUri = 'http://localhost:51000/oauth/callback'
    const response = await get(authorizeUrl(clientId, challenge, { redirect_uri: redirectUri }))
    expect(response.status).toBe(200)
  })
})

describe('phase 2: everything else is told to the client, with state and iss', () => {
  const cases: [string, Record<string, string | undefined>, string][] = [
    ['no response_type', { response_type: undefined }, 'invalid_request'],
    ['response_type=token', { response_type: 'token' }, 'unsupported_response_type'],
    ['response_mode=fragment', { response_mode: 'fragment' }, 'invalid_request'],
    ['a request object', { request: 'eyJ' }, 'request_not_supported'],
    ['a request_uri', { request_uri: 'urn:x' }, 'request_uri_not_supported'],
    ['no PKCE', { code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
    ['PKCE without a method', { code_challenge_method: undefined }, 'invalid_request'],
    ['plain PKCE', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['a short challenge', { code_challenge: 'short' }, 'invalid_request'],
    ['another resource', { resource: 'https://other.example/mcp' }, 'invalid_target'],
    ['a longer resource', { resource: `${MCP_URL}/x` }, 'invalid_target'],
    ['a state of 1,025 bytes', { state: 's'.repeat(1025) }, 'invalid_request'],
    ['a scope of 1,025 bytes', { scope: 's'.repeat(1025) }, 'invalid_request'],
  ]
  test.each(cases)('%s', async (_, changes, error) => {
    const response = await get(authorizeUrl(clientId, challenge, changes))
    expect(response.status).toBe(302)
    const location = new URL(response.headers.get('location') ?? '')
    expect(location.href.startsWith(`${REDIRECT_URI}?`)).toBe(true)
    expect(Object.fromEntries(location.searchParams)).toMatchObject({
      error,
      iss: ISSUER,
      state: changes['state'] ?? 'client-state',
    })
  })

  test('an absurd state is not even sent back', async () => {
    const url = authorizeUrl(clientId, challenge, { state: 's'.repeat(7000) })
    const response = await get(url)
    expect([response.status, response.headers.get('location')]).toEqual([400, null])
  })

  test('cookie, code and redirect are foretold: too long together is refused before consent', async () => {
    const long = `http://localhost:3334/${'p'.repeat(990)}`
    const wide = await register(world.postern, { redirect_uris: [long] })
    const fits = authorizeUrl(wide, challenge, { redirect_uri: long, state: 's' })
    expect((await get(fits)).status).toBe(200)
    const url = authorizeUrl(wide, challenge, { redirect_uri: long, state: '"'.repeat(1024) })
    const location = new URL((await get(url)).headers.get('location') ?? '')
    expect(location.searchParams.get('error_description')).toMatch(/too long together/)
  })
})

describe('what is accepted', () => {
  test.each([
    ['no resource', { resource: undefined }],
    ['a trailing slash', { resource: `${MCP_URL}/` }],
    ['upper case host', { resource: 'HTTPS://MCP.EXAMPLE.TEST/mcp' }],
    ['the default port', { resource: 'https://mcp.example.test:443/mcp' }],
    ['a state of 1,024 bytes', { state: 's'.repeat(1024) }],
    ['unknown scopes', { scope: 'openid email profile offline_access claudeai' }],
    ['no scope', { scope: undefined }],
    ['no state', { state: undefined }],
    ['prompt=consent', { prompt: 'consent' }],
    ['empty parameters', { nonce: '' }],
  ])('%s', async (_, changes) => {
    const response = await get(authorizeUrl(clientId, challenge, changes))
    expect(response.status).toBe(200)
    expect(await response.text()).toContain('<code>mcp</code>')
  })

  test('with several resources one must be named', async () => {
    const two = [`${ISSUER}/a`, `${ISSUER}/b`].map((url) => ({ url, upstream: UPSTREAM }))
    world = await createWorld({ postern: { resources: two } })
    clientId = await register(world.postern)
    const none = await get(authorizeUrl(clientId, challenge, { resource: undefined }))
    expect(none.headers.get('location')).toContain('error=invalid_target')
    const one = await get(authorizeUrl(clientId, challenge, { resource: `${ISSUER}/b` }))
    expect(await one.text()).toContain(`<code>${ISSUER}/b</code>`)
  })
})

describe('R8: GET /authorize changes nothing', () => {
  test('it asks nobody upstream, and only gives a browser that has none a cookie', async () => {
    const browser = new FetchBrowser(world)
    const url = authorizeUrl(clientId, challenge)
    const first = await browser.get(url)
    expect(first.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^__Host-postern-browser=[\w-]{22}; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
      ),
    ])
    const second = await browser.get(url)
    expect(second.status).toBe(200)
    expect(second.headers.getSetCookie()).toEqual([])
    expect(world.idpCalls).toEqual([])
  })

  test('two browser cookies are refused: somebody may have planted one', async () => {
    const cookie = '__Host-postern-browser=a; __Host-postern-browser=b'
    const response = await get(authorizeUrl(clientId, challenge), { cookie })
    expect([response.status, response.headers.get('location')]).toEqual([400, null])
    expect(world.events.at(-1)).toMatchObject({ reason: 'cookie_duplicated' })
  })

  test('a restart between page and pre-flight changes nothing', async () => {
    const url = authorizeUrl(clientId, challenge)
    expect((await world.replica().fetch(new Request(url))).status).toBe(200)
  })

  test('machines may pre-flight it with JSON and HEAD', async () => {
    const url = authorizeUrl(clientId, challenge)
    expect((await get(url, { accept: 'application/json' })).status).toBe(200)
    const head = await world.postern.fetch(new Request(url, { method: 'HEAD' }))
    expect([head.status, await head.text()]).toEqual([200, ''])
  })
})

describe('consent page', () => {
  async function page(name: string, uris: string[], redirectUri: string): Promise<Response> {
    const id = await register(world.postern, { client_name: name, redirect_uris: uris })
    return get(authorizeUrl(id, challenge, { redirect_uri: redirectUri }), { accept: HTML })
  }

  test('headers: no script, no frame, form only to ourselves, never cached', async () => {
    const { headers } = await page('App', [REDIRECT_URI], REDIRECT_URI)
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
    )
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('referrer-policy')).toBe('same-origin')
  })

  test.each([
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    '\u202Eevil\u202C',
    'Cla\u200Bude',
    '\u0000\u0007\r\nSet-Cookie: x',
    "' onmouseover='alert(1)",
  ])('a hostile name %j stays text', async (name) => {
    const text = await (await page(name, [REDIRECT_URI], REDIRECT_URI)).text()
    expect(text).not.toMatch(/<script|<img|\u202E|\u200B|\u0000|\u0007|' onmouseover='/)
    expect(text).toContain('unverified app')
  })

  test('a name is identity only when every redirect URI is that client’s own', async () => {
    const hosted = 'https://claude.ai/api/mcp/auth_callback'
    const proven = await (await page('Evil', [hosted], hosted)).text()
    expect(proven).toContain('Allow Claude to use')
    expect(proven).not.toContain('unverified')
    const mixed = await (await page('Claude', [hosted, REDIRECT_URI], hosted)).text()
    expect(mixed).toContain('unverified app')
  })

  test('warns about loopback, and only there', async () => {
    const loopback = await (await page('App', [REDIRECT_URI], REDIRECT_URI)).text()
    expect(loopback).toContain('Continue only if you have just started this yourself')
    const hosted = 'https://vscode.dev/redirect'
    expect(await (await page('App', [hosted], hosted)).text()).not.toContain('Continue only if')
  })
})
