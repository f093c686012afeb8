import { describe, expect, test } from 'vitest'
import {
  authorizeUrl,
  callMcp,
  FetchBrowser,
  HTML,
  pkce,
  post,
  refresh,
  signIn,
  type Tokens,
} from '../support/dance.ts'
import { createWorld, type World } from '../support/world.ts'

const CLIENT_ID = 'posternclient'
const SECRET = 'secretOfTheIdentityProviderClient'
const REDIRECT_URI = 'http://localhost:3334/oauth/callback'

async function signInAs(
  world: World,
  redirectUri: string,
  form: Record<string, string> = {},
): Promise<Response> {
  const { verifier, challenge } = pkce()
  const url = authorizeUrl(CLIENT_ID, challenge, { redirect_uri: redirectUri })
  const redirect = await signIn(new FetchBrowser(world), url)
  return post(world.postern, '/token', {
    grant_type: 'authorization_code',
    client_id: CLIENT_ID,
    code: redirect.searchParams.get('code') ?? '',
    code_verifier: verifier,
    redirect_uri: redirectUri,
    ...form,
  })
}

async function authorize(world: World, redirectUri: string): Promise<Response> {
  const url = authorizeUrl(CLIENT_ID, pkce().challenge, { redirect_uri: redirectUri })
  return world.postern.fetch(new Request(url, { headers: { accept: HTML } }))
}

describe('a client that was configured with the identity provider’s own client_id', () => {
  test('signs in as a public client, calls and refreshes', async () => {
    const world = await createWorld()
    const response = await signInAs(world, REDIRECT_URI)
    expect(response.status).toBe(200)
    const tokens = { clientId: CLIENT_ID, ...((await response.json()) as Tokens) }
    expect((await callMcp(world.postern, tokens.access_token)).status).toBe(200)
    expect((await refresh(world.postern, tokens)).status).toBe(200)
  })

  test.each([
    'http://127.0.0.1:1234/any/path',
    'https://claude.ai/api/mcp/auth_callback',
    'cursor://anysphere.cursor-mcp/oauth/callback',
  ])('may be sent to %s, as everybody', async (redirectUri) => {
    expect((await authorize(await createWorld(), redirectUri)).status).toBe(200)
  })

  test.each([
    'https://evil.example/callback',
    'https://claude.ai/elsewhere',
    'http://localhost.evil.example/callback',
    'http://localhost:3334/callback#x',
    'javascript:alert(1)',
    'https://idp.example.test/callback',
  ])('may not be sent to %s, and is not', async (redirectUri) => {
    const response = await authorize(await createWorld(), redirectUri)
    expect(response.status).toBe(400)
    expect(response.headers.has('location')).toBe(false)
  })

  test('is known by where it is sent to, or not at all', async () => {
    const world = await createWorld()
    const claude = await authorize(world, 'https://claude.ai/api/mcp/auth_callback')
    expect(await claude.text()).toContain('<h1>Allow Claude to use Example?</h1>')
    expect(await (await authorize(world, REDIRECT_URI)).text()).toContain('an unverified app')
  })

  test('must prove its code_verifier like everybody', async () => {
    const response = await signInAs(await createWorld(), REDIRECT_URI, {
      code_verifier: pkce().verifier,
    })
    expect(await response.json()).toMatchObject({ error: 'invalid_grant' })
  })

  test('gains nothing by the secret: it is refused whether right or wrong, and told to nobody', async () => {
    const world = await createWorld({
      identityProvider: { clientSecret: SECRET },
      twin: {
        clients: [
          {
            clientId: CLIENT_ID,
            clientSecret: SECRET,
            callbackUrls: ['https://mcp.example.test/idp/callback'],
            scopes: ['openid', 'email'],
          },
        ],
      },
    })
    for (const secret of [SECRET, 'wrong']) {
      const form = { grant_type: 'refresh_token', client_id: CLIENT_ID, client_secret: secret }
      const response = await post(world.postern, '/token', form)
      const text = await response.text()
      expect(response.status).toBe(401)
      expect(text).toContain('without a secret')
      expect(text).not.toContain(SECRET)
    }
    expect(world.idpCalls).toEqual([])
    expect((await signInAs(world, REDIRECT_URI)).status).toBe(200)
  })

  test('is what clients.static says of it, where it stands there', async () => {
    const world = await createWorld({
      postern: {
        clients: { static: [{ clientId: CLIENT_ID, redirectUris: ['https://web.test/cb'] }] },
      },
    })
    expect((await authorize(world, REDIRECT_URI)).status).toBe(400)
    expect((await authorize(world, 'https://web.test/cb')).status).toBe(200)
  })

  test('can be cut off', async () => {
    const world = await createWorld()
    const tokens = (await (await signInAs(world, REDIRECT_URI)).json()) as Tokens
    const later = Math.floor(world.clock.now() / 1000) + 1
    const door = world.replica({ revokeBefore: { clients: { [CLIENT_ID]: later } } })
    expect((await refresh(door, { clientId: CLIENT_ID, ...tokens })).status).toBe(400)
    expect((await callMcp(door, tokens.access_token)).status).toBe(401)
  })
})
