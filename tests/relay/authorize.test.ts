import { beforeEach, describe, expect, test } from 'vitest'
import { HTML, pkce, REDIRECT_URI } from '../support/dance.ts'
import { MCP_URL } from '../support/world.ts'
import { OPEN_REDIRECTS, REGISTERED_REDIRECT_URIS } from '../protocol/open-redirects.ts'
import {
  ADMIN,
  CLAUDE,
  CLIENT_ID,
  createRelayWorld,
  hiddenFields,
  relayAuthorizeUrl,
  TOOLS,
  type RelayWorld,
} from './relay-world.ts'

let world: RelayWorld

beforeEach(async () => {
  world = await createRelayWorld()
})

function open(url: string, headers: Record<string, string> = {}): Promise<Response> {
  return world.relay.fetch(new Request(url, { headers }))
}

function authorize(changes: Record<string, string | undefined>): Promise<Response> {
  return open(relayAuthorizeUrl(pkce().challenge, changes), { accept: HTML })
}

describe('phase 1: client and redirect_uri fail to a page, never to a redirect', () => {
  test.each<[string, Record<string, string | undefined>, string]>([
    ['no client_id', { client_id: undefined }, 'invalid_client'],
    ['another client', { client_id: 'other' }, 'invalid_client'],
    ['another case', { client_id: CLIENT_ID.toUpperCase() }, 'invalid_client'],
    ['no redirect_uri', { redirect_uri: undefined }, 'invalid_request'],
    ['another port', { redirect_uri: 'http://localhost:3335/oauth/callback' }, 'invalid_request'],
    [
      'another loopback host',
      { redirect_uri: 'http://[::1]:3334/oauth/callback' },
      'invalid_request',
    ],
    ['a trailing slash', { redirect_uri: `${REDIRECT_URI}/` }, 'invalid_request'],
    ['a longer query', { redirect_uri: `${REDIRECT_URI}?a=b` }, 'invalid_request'],
    ['another case', { redirect_uri: CLAUDE.replace('claude', 'Claude') }, 'invalid_request'],
  ])('%s', async (_what, changes, error) => {
    const page = await authorize(changes)
    expect([page.status, page.headers.get('location')]).toEqual([400, null])
    expect(await page.text()).toContain(`<code>${error}</code>`)
    const json = await open(relayAuthorizeUrl(pkce().challenge, changes), {
      accept: 'application/json',
    })
    expect([json.status, json.headers.get('location')]).toEqual([400, null])
    expect(await json.json()).toMatchObject({ error })
    expect(world.events.map(({ type }) => type)).toEqual(Array(2).fill('authorize.refused'))
  })

  test('a repeated parameter', async () => {
    const url = `${relayAuthorizeUrl()}&redirect_uri=https%3A%2F%2Fevil.test%2F`
    const response = await open(url, { accept: HTML })
    expect([response.status, response.headers.get('location')]).toEqual([400, null])
  })

  test.each(OPEN_REDIRECTS)('$trick: nobody is sent there', async ({ foreign, onAllowedHost }) => {
    world = await createRelayWorld({ relay: { redirectUris: [...REGISTERED_REDIRECT_URIS] } })
    for (const uri of [...foreign, ...onAllowedHost]) {
      const response = await authorize({ redirect_uri: uri })
      expect([uri, response.status, response.headers.get('location')]).toEqual([uri, 400, null])
    }
  })
})

describe('phase 2: the rest fails by redirect, with state and without iss', () => {
  test.each<[string, Record<string, string | undefined>, string]>([
    ['no response_type', { response_type: undefined }, 'invalid_request'],
    ['implicit grant', { response_type: 'token' }, 'unsupported_response_type'],
    ['no PKCE', { code_challenge: undefined }, 'invalid_request'],
    ['no PKCE method', { code_challenge_method: undefined }, 'invalid_request'],
    ['plain PKCE', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['a short code_challenge', { code_challenge: 'short' }, 'invalid_request'],
    ['another resource', { resource: 'https://other.test/mcp' }, 'invalid_target'],
    ['another response_mode', { response_mode: 'fragment' }, 'invalid_request'],
    ['a request object', { request: 'eyJ' }, 'request_not_supported'],
    ['a request_uri', { request_uri: 'https://evil.test/' }, 'request_uri_not_supported'],
    ['a scope that is too long', { scope: 's'.repeat(1025) }, 'invalid_request'],
  ])('%s', async (_what, changes, error) => {
    const response = await authorize(changes)
    const location = new URL(response.headers.get('location') ?? '')
    expect(response.status).toBe(302)
    expect(location.origin + location.pathname).toBe(REDIRECT_URI)
    expect([...location.searchParams.keys()]).toEqual(['error', 'error_description', 'state'])
    expect(location.searchParams.get('error')).toBe(error)
    expect(location.searchParams.get('state')).toBe('client-state')
    expect(response.headers.get('set-cookie')).toBeNull()
  })

  test('a state over 1,024 bytes', async () => {
    const location = new URL(
      (await authorize({ state: 'ü'.repeat(513) })).headers.get('location') ?? '',
    )
    expect(location.searchParams.get('error_description')).toContain('1024 bytes')
  })

  test('a URL that would be too long for the identity provider', async () => {
    const response = await authorize({ state: '💣'.repeat(256), scope: undefined })
    expect(response.status).toBe(200)
    const long = `${REDIRECT_URI}?${'x'.repeat(900)}`
    world = await createRelayWorld({
      relay: { redirectUris: [long], scopes: [TOOLS, ...manyScopes(60)] },
    })
    const refused = await authorize({
      redirect_uri: long,
      state: '💣'.repeat(256),
      scope: undefined,
    })
    const location = new URL(refused.headers.get('location') ?? '')
    expect(location.searchParams.get('error_description')).toContain('too long together')
  })

  test('a state that Cognito refuses, a JSON object, is named before anybody signs in', async () => {
    for (const state of ['{}', '{"a":1}', ' {"a":[]}']) {
      const location = new URL((await authorize({ state })).headers.get('location') ?? '')
      expect(location.searchParams.get('error_description')).toContain('JSON object')
      expect(location.searchParams.get('state')).toBe(state)
    }
    for (const state of ['{', '{a}', '[1]', '"text"', '1'])
      expect([state, (await authorize({ state })).status]).toEqual([state, 200])
  })

  test('another identity provider takes a JSON object as state', async () => {
    world = await createRelayWorld({ identityProvider: { preset: 'generic' } })
    expect((await authorize({ state: '{"a":1}' })).status).toBe(200)
  })
})

describe('consent', () => {
  test('names host, resource and scopes, and changes nothing', async () => {
    const url = relayAuthorizeUrl()
    const pages = [await open(url, { accept: HTML }), await open(url, { accept: HTML })]
    for (const page of pages) {
      expect(page.status).toBe(200)
      const text = await page.text()
      for (const shown of [MCP_URL, 'localhost:3334', TOOLS, 'unverified app', 'never copy'])
        expect(text).toContain(shown)
    }
    expect(world.twin.counters.authorize).toBe(0)
  })

  test('names a known client whose own redirect URI it is', async () => {
    const text = await (await authorize({ redirect_uri: CLAUDE })).text()
    expect(text).toContain('Allow Claude to use Example?')
  })

  test('sets a browser cookie once, with every protection', async () => {
    const first = await authorize({})
    const cookie = first.headers.get('set-cookie') ?? ''
    expect(cookie).toMatch(
      /^__Host-postern-browser=[\w-]{22}; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
    )
    const again = await open(relayAuthorizeUrl(), {
      accept: HTML,
      cookie: cookie.split(';')[0] ?? '',
    })
    expect(again.headers.get('set-cookie')).toBeNull()
  })

  test.each(['', 'short', 'x'.repeat(23), `${'x'.repeat(21)}=`])(
    'replaces the browser cookie %j, which could be guessed',
    async (value) => {
      const response = await open(relayAuthorizeUrl(), {
        accept: HTML,
        cookie: `__Host-postern-browser=${value}`,
      })
      expect(response.headers.get('set-cookie')).toMatch(/^__Host-postern-browser=[\w-]{22};/)
    },
  )

  test('refuses a cookie that comes twice', async () => {
    const cookie = `__Host-postern-browser=${'a'.repeat(22)}; __Host-postern-browser=${'b'.repeat(22)}`
    expect((await open(relayAuthorizeUrl(), { accept: HTML, cookie })).status).toBe(400)
  })

  test.each<[string, string | undefined, string[]]>([
    ['unknown scopes are dropped', `openid ${TOOLS} offline_access`, [TOOLS]],
    ['nothing known is everything', 'openid email profile', [TOOLS, ADMIN]],
    ['nothing is everything', undefined, [TOOLS, ADMIN]],
    ['one of two stays one', ADMIN, [ADMIN]],
  ])('scope: %s', async (_what, scope, expected) => {
    world = await createRelayWorld({ relay: { scopes: [TOOLS, ADMIN] } })
    const fields = hiddenFields(await (await authorize({ scope })).text())
    const request = new URLSearchParams(fields['request'])
    expect(request.get('scope')).toBe(expected.join(' '))
  })
})

function manyScopes(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `https://mcp.example.test/scope/${index}`)
}

describe('clients that did not register', () => {
  test('are served if they were configured with the identity provider’s client_id', async () => {
    const page = await authorize({ redirect_uri: CLAUDE })
    expect(page.status).toBe(200)
    expect(await page.text()).toContain('Allow Claude to use Example?')
  })

  test('cannot come by a metadata document: the identity provider would not know them', async () => {
    const page = await authorize({ client_id: 'https://claude.ai/oauth/mcp-oauth-client-metadata' })
    expect([page.status, page.headers.get('location')]).toEqual([400, null])
    expect(await page.text()).toContain('register instead')
    expect(world.events).toMatchObject([{ reason: 'client_metadata_document_unsupported' }])
  })
})
