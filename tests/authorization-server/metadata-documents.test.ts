import { exportJWK, generateKeyPair, SignJWT, type JWK } from 'jose'
import { beforeEach, describe, expect, test } from 'vitest'
import type { PosternOptions } from '../../src/config/options.ts'
import {
  APP_URL,
  documentOf,
  publishDocuments,
  type PublishedDocuments,
} from '../support/client-documents.ts'
import {
  authorizeUrl,
  callMcp,
  FetchBrowser,
  HTML,
  pkce,
  post,
  REDIRECT_URI,
  refresh,
  signIn,
  type Door,
  type Tokens,
} from '../support/dance.ts'
import { createWorld, ISSUER, type World } from '../support/world.ts'

const CLAUDE = 'https://claude.ai/oauth/mcp-oauth-client-metadata'
const CLAUDE_CODE = 'https://claude.ai/oauth/claude-code-client-metadata'
const CLAUDE_REDIRECT = 'https://claude.ai/api/mcp/auth_callback'
const CHATGPT = 'https://chatgpt.com/oauth/client.json'
const HOUR = 60 * 60

let documents: PublishedDocuments

beforeEach(() => {
  documents = publishDocuments()
})

function openWorld(clients?: PosternOptions['clients']): Promise<World> {
  const { fetchDocument } = documents
  return createWorld({ fetchDocument, postern: clients === undefined ? {} : { clients } })
}

/** Asks for the consent page, as a browser or, with JSON, as mcp-remote does before it opens one. */
async function authorize(
  postern: Door,
  clientId: string,
  { redirectUri = REDIRECT_URI, accept = HTML } = {},
): Promise<{ status: number; text: string }> {
  const url = authorizeUrl(clientId, pkce().challenge, { redirect_uri: redirectUri })
  const response = await postern.fetch(new Request(url, { headers: { accept } }))
  return { status: response.status, text: (await response.text()).replaceAll(/\s+/g, ' ') }
}

async function signInAs(
  world: World,
  clientId: string,
  {
    redirectUri = REDIRECT_URI,
    proof,
  }: { redirectUri?: string; proof?: Record<string, string> } = {},
): Promise<Response> {
  const { verifier, challenge } = pkce()
  const url = authorizeUrl(clientId, challenge, { redirect_uri: redirectUri })
  const redirect = await signIn(new FetchBrowser(world), url)
  return post(world.postern, '/token', {
    grant_type: 'authorization_code',
    client_id: clientId,
    code: redirect.searchParams.get('code') ?? '',
    code_verifier: verifier,
    redirect_uri: redirectUri,
    ...proof,
  })
}

const errorOf = async (response: Response): Promise<[number, unknown]> => [
  response.status,
  ((await response.json()) as { error: unknown }).error,
]

async function metadataOf(world: World): Promise<Record<string, unknown>> {
  const url = `${ISSUER}/.well-known/oauth-authorization-server`
  return (await world.postern.fetch(new Request(url))).json() as Promise<Record<string, unknown>>
}

describe('draft-02 §6: metadata documents are advertised only where they work', () => {
  test('with the methods by which their clients may authenticate', async () => {
    expect(await metadataOf(await openWorld())).toMatchObject({
      client_id_metadata_document_supported: true,
      token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'],
      token_endpoint_auth_signing_alg_values_supported: ['RS256', 'PS256', 'ES256', 'EdDSA'],
      revocation_endpoint_auth_methods_supported: ['none', 'private_key_jwt'],
    })
  })

  test.each<[string, () => Promise<World>]>([
    ['switched off', () => openWorld({ metadataDocuments: false })],
    ['without a way to fetch them safely', () => createWorld()],
  ])('not %s, where their clients are told to register', async (_what, open) => {
    const world = await open()
    const metadata = await metadataOf(world)
    expect(metadata).not.toHaveProperty('client_id_metadata_document_supported')
    expect(metadata['token_endpoint_auth_methods_supported']).toEqual(['none'])
    expect(await authorize(world.postern, CLAUDE_CODE)).toMatchObject({ status: 400 })
    expect(world.events.at(-1)).toMatchObject({
      reason: 'client_metadata_document_unsupported',
    })
    expect(documents.asked).toEqual([])
  })
})

describe('a client that publishes what it is', () => {
  test('signs in on any port, calls, refreshes and revokes', async () => {
    const world = await openWorld()
    const response = await signInAs(world, APP_URL, {
      redirectUri: 'http://127.0.0.1:49152/oauth/callback',
    })
    expect(response.status).toBe(200)
    const tokens = { clientId: APP_URL, ...((await response.json()) as Tokens) }
    expect((await callMcp(world.postern, tokens.access_token)).status).toBe(200)
    const refreshed = await refresh(world.postern, tokens)
    expect(refreshed.status).toBe(200)
    const { refresh_token: token } = (await refreshed.json()) as Tokens
    expect((await post(world.postern, '/revoke', { client_id: APP_URL, token })).status).toBe(200)
    expect(documents.asked).toEqual([APP_URL])
    expect(world.events.filter(({ type }) => type === 'client.registered')).toEqual([])
    expect(world.events.find(({ type }) => type === 'token.issued')).toMatchObject({
      client: APP_URL,
    })
  })

  test('is named by a hash where its URL is long', async () => {
    const long = `https://app.example/${'x'.repeat(130)}`
    documents.publish(long, documentOf(long))
    const world = await openWorld()
    expect((await signInAs(world, long)).status).toBe(200)
    const issued = world.events.find(({ type }) => type === 'token.issued')
    expect((issued as { client: string }).client).toMatch(/^[\w-]{43}$/)
  })

  test('cannot use what another was granted', async () => {
    const other = 'https://other.example/client.json'
    documents.publish(other, documentOf(other))
    const world = await openWorld()
    const tokens = (await (await signInAs(world, APP_URL)).json()) as Tokens
    expect(await errorOf(await refresh(world.postern, { clientId: other, ...tokens }))).toEqual([
      400,
      'invalid_grant',
    ])
  })

  test('must not send a secret', async () => {
    const world = await openWorld()
    const form = { grant_type: 'refresh_token', client_id: APP_URL, client_secret: 'x' }
    expect(await errorOf(await post(world.postern, '/token', form))).toEqual([
      401,
      'invalid_client',
    ])
  })
})

describe('redirect URIs of a document are held against today’s policy', () => {
  const hosted = 'https://app.example/callback'
  const foreign = 'https://evil.example/callback'

  test.each<[string, string, PosternOptions['clients'], number]>([
    ['one of its own host', hosted, undefined, 400],
    ['one that the operator allows', hosted, { redirectUris: [hosted] }, 200],
    [
      'one of its own host, where the host is listed',
      hosted,
      { metadataDocuments: { allowedDomains: ['app.example'] } },
      200,
    ],
    [
      'one of another host, where its own is listed',
      foreign,
      { metadataDocuments: { allowedDomains: ['app.example'] } },
      400,
    ],
    ['one of a known client', CLAUDE_REDIRECT, undefined, 200],
    ['one that is not in the document', 'http://localhost:3334/other', undefined, 400],
    ['loopback under another name', 'http://[::1]:3334/oauth/callback', undefined, 400],
  ])('%s', async (_what, redirectUri, clients, status) => {
    const all = ['http://localhost/oauth/callback', hosted, foreign, CLAUDE_REDIRECT]
    documents.publish(APP_URL, documentOf(APP_URL, { redirect_uris: all }))
    const world = await openWorld(clients)
    expect(await authorize(world.postern, APP_URL, { redirectUri })).toMatchObject({ status })
  })

  test('a document with none that is allowed is refused', async () => {
    documents.publish(
      APP_URL,
      documentOf(APP_URL, {
        redirect_uris: [hosted, 'https://10.0.0.1/cb', 'javascript:alert(1)'],
      }),
    )
    const world = await openWorld()
    await authorize(world.postern, APP_URL, { redirectUri: hosted })
    expect(world.events).toMatchObject([{ reason: 'client_no_longer_allowed' }])
  })

  test('what the document withdraws ends at its next reading', async () => {
    const world = await openWorld()
    expect(await authorize(world.postern, APP_URL)).toMatchObject({ status: 200 })
    documents.publish(
      APP_URL,
      documentOf(APP_URL, { redirect_uris: ['http://localhost/elsewhere'] }),
    )
    world.clock.advance(HOUR)
    expect(await authorize(world.postern, APP_URL)).toMatchObject({ status: 400 })
  })
})

describe('which hosts may publish clients', () => {
  test('is the operator’s to say, and others are not even asked', async () => {
    const world = await openWorld({ metadataDocuments: { allowedDomains: ['claude.ai'] } })
    const { status, text } = await authorize(world.postern, APP_URL)
    expect(status).toBe(400)
    expect(text).toContain('Clients of this domain are not allowed here')
    expect(text).not.toContain('.mcp-auth')
    expect(world.events).toMatchObject([{ reason: 'client_domain_not_allowed' }])
    expect(documents.asked).toEqual([])
  })

  test('a URL that cannot be one is not asked either', async () => {
    const world = await openWorld()
    for (const clientId of [
      'https://localhost/c',
      'https://app.example/a/../c',
      'https://10.0.0.1/c',
    ])
      expect(await authorize(world.postern, clientId)).toMatchObject({ status: 400 })
    expect(world.events.map((event) => 'reason' in event && event.reason)).toEqual(
      Array(3).fill('client_id_url_malformed'),
    )
    expect(documents.asked).toEqual([])
  })
})

describe('a document that cannot be had', () => {
  test.each<[string, 'no_connection' | 'no_answer_in_time' | { status: number }]>([
    ['because nobody answers', 'no_connection'],
    ['because the answer takes too long', 'no_answer_in_time'],
    ['because its host refuses us', { status: 403 }],
    ['because its host is broken', { status: 502 }],
  ])('%s is an outage, at /token and on the page', async (_what, served) => {
    documents.publish(APP_URL, served)
    const world = await openWorld()
    const token = await post(world.postern, '/token', {
      grant_type: 'refresh_token',
      client_id: APP_URL,
      refresh_token: 'x',
    })
    expect(token.headers.get('retry-after')).toBe('5')
    expect(await errorOf(token)).toEqual([503, 'temporarily_unavailable'])
    const page = await authorize(world.postern, APP_URL)
    expect(page.status).toBe(503)
    expect(page.text).toContain('The maker of your app does not answer')
    expect(world.events).toContainEqual(
      expect.objectContaining({
        type: 'client-document.refused',
        host: 'app.example',
        pinned: false,
      }),
    )
  })

  test('ends no session: the last good one serves', async () => {
    const world = await openWorld()
    const response = await signInAs(world, APP_URL)
    const tokens = { clientId: APP_URL, ...((await response.json()) as Tokens) }
    documents.publish(APP_URL, 'no_connection')
    world.clock.advance(HOUR)
    expect((await refresh(world.postern, tokens)).status).toBe(200)
  })

  test('in a new process is an outage, until it can be had again', async () => {
    const world = await openWorld()
    const response = await signInAs(world, APP_URL)
    const tokens = { clientId: APP_URL, ...((await response.json()) as Tokens) }
    documents.publish(APP_URL, { status: 500 })
    const replica = world.replica()
    expect(await errorOf(await refresh(replica, tokens))).toEqual([503, 'temporarily_unavailable'])
    documents.publish(APP_URL, documentOf(APP_URL))
    expect((await refresh(replica, tokens)).status).toBe(200)
  })

  test.each<[string, object | 'body_too_large' | 'address_not_public']>([
    ['is gone', { status: 404 }],
    ['is a redirect', { status: 302 }],
    ['is too large', 'body_too_large'],
    ['is on a private address', 'address_not_public'],
    ['is of another client', documentOf(CLAUDE)],
    ['has a secret', documentOf(APP_URL, { client_secret: 'x' })],
  ])('because it %s ends the client: 401 invalid_client', async (_what, served) => {
    documents.publish(APP_URL, served)
    const world = await openWorld()
    const form = { grant_type: 'refresh_token', client_id: APP_URL, refresh_token: 'x' }
    expect(await errorOf(await post(world.postern, '/token', form))).toEqual([
      401,
      'invalid_client',
    ])
    const page = await authorize(world.postern, APP_URL)
    expect(page.status).toBe(400)
    expect(page.text).toContain('send the text of this page to whoever makes the app')
  })
})

describe('a cache that somebody wants to poison', () => {
  test('a document that says it is another’s changes nothing for that one', async () => {
    documents.publish(APP_URL, documentOf(CLAUDE, { redirect_uris: [REDIRECT_URI] }))
    documents.publish(CLAUDE, documentOf(CLAUDE, { redirect_uris: [CLAUDE_REDIRECT] }))
    const world = await openWorld()
    expect(await authorize(world.postern, APP_URL)).toMatchObject({ status: 400 })
    expect(await authorize(world.postern, CLAUDE)).toMatchObject({ status: 400 })
    const own = { redirectUri: CLAUDE_REDIRECT }
    expect(await authorize(world.postern, CLAUDE, own)).toMatchObject({ status: 200 })
    expect(documents.asked).toEqual([APP_URL, CLAUDE])
  })

  test('a bad answer does not push out the good one before it', async () => {
    const world = await openWorld()
    await authorize(world.postern, APP_URL)
    documents.publish(APP_URL, { status: 500 })
    world.clock.advance(HOUR)
    expect(await authorize(world.postern, APP_URL)).toMatchObject({ status: 200 })
  })
})

describe('well-known documents, where nothing can be fetched', () => {
  test('let Claude Code sign in and refresh, and are asked for again later', async () => {
    const world = await openWorld()
    const redirectUri = 'http://localhost:51234/callback'
    const response = await signInAs(world, CLAUDE_CODE, { redirectUri })
    expect(response.status).toBe(200)
    const tokens = { clientId: CLAUDE_CODE, ...((await response.json()) as Tokens) }
    expect((await refresh(world.postern, tokens)).status).toBe(200)
    expect(documents.asked).toEqual([CLAUDE_CODE])
    expect(world.events).toContainEqual({
      type: 'client-document.refused',
      host: 'claude.ai',
      reason: 'no connection',
      pinned: true,
    })
    world.clock.advance(6 * 60)
    await authorize(world.postern, CLAUDE_CODE, { redirectUri })
    expect(documents.asked).toEqual([CLAUDE_CODE, CLAUDE_CODE])
  })

  test('also where the name is led to a private address', async () => {
    documents.publish(CLAUDE, 'address_not_public')
    const world = await openWorld()
    const page = await authorize(world.postern, CLAUDE, { redirectUri: CLAUDE_REDIRECT })
    expect(page.status).toBe(200)
  })

  test.each<[string, object]>([
    ['was withdrawn', { status: 404 }],
    ['says something else today', documentOf(CLAUDE, { redirect_uris: ['http://localhost/x'] })],
  ])('give way to a document that %s', async (_what, served) => {
    documents.publish(CLAUDE, served)
    const world = await openWorld()
    const page = await authorize(world.postern, CLAUDE, { redirectUri: CLAUDE_REDIRECT })
    expect(page.status).toBe(400)
  })

  test('do not let in whom the operator did not list', async () => {
    const world = await openWorld({ metadataDocuments: { allowedDomains: ['app.example'] } })
    expect(await authorize(world.postern, CLAUDE_CODE)).toMatchObject({ status: 400 })
  })

  test('demand ChatGPT’s key all the same', async () => {
    const world = await openWorld()
    const form = { grant_type: 'refresh_token', client_id: CHATGPT, refresh_token: 'x' }
    expect(await errorOf(await post(world.postern, '/token', form))).toEqual([
      401,
      'invalid_client',
    ])
    expect(world.events.at(-1)).toMatchObject({ reason: 'client_assertion_missing' })
  })
})

describe('the consent page shows what is proven, and where it is from (draft-02 §8.5)', () => {
  const hosted = { redirectUris: ['https://app.example/callback'] }

  test('a known document and its hosted redirect URI prove the name', async () => {
    documents.publish(CLAUDE, documentOf(CLAUDE, { redirect_uris: [CLAUDE_REDIRECT] }))
    const world = await openWorld()
    const { text } = await authorize(world.postern, CLAUDE, { redirectUri: CLAUDE_REDIRECT })
    expect(text).toContain('<h1>Allow Claude to use Example?</h1>')
    expect(text).toContain('<dd>claude.ai</dd>')
    expect(text).not.toContain('unverified')
  })

  test('a known document on loopback proves nothing: any program can present it', async () => {
    const world = await openWorld()
    const redirectUri = 'http://localhost:51234/callback'
    const { text } = await authorize(world.postern, CLAUDE_CODE, { redirectUri })
    expect(text).toContain('<h1>Allow an unverified app to use Example?</h1>')
    expect(text).toContain('says it is <strong><bdi>Claude Code</bdi></strong>')
    expect(text).toContain('<dd>claude.ai</dd>')
    expect(text).toContain('Continue only if you have just started this yourself')
  })

  test('a document of anybody proves its host, and not the name in it', async () => {
    documents.publish(
      APP_URL,
      documentOf(APP_URL, { client_name: 'Claude', redirect_uris: hosted.redirectUris }),
    )
    const world = await openWorld(hosted)
    const { text } = await authorize(world.postern, APP_URL, {
      redirectUri: hosted.redirectUris[0] ?? '',
    })
    expect(text).toContain('<h1>Allow an app of app.example to use Example?</h1>')
    expect(text).toContain('It calls itself <strong><bdi>Claude</bdi></strong>')
  })

  test('a document of anybody with Claude’s redirect URI proves neither of the two', async () => {
    documents.publish(APP_URL, documentOf(APP_URL, { redirect_uris: [CLAUDE_REDIRECT] }))
    const world = await openWorld()
    const { text } = await authorize(world.postern, APP_URL, { redirectUri: CLAUDE_REDIRECT })
    expect(text).toContain('<h1>Allow an unverified app to use Example?</h1>')
  })

  test('a custom scheme is as good as loopback: an unverified app', async () => {
    const redirectUri = 'cursor://anysphere.cursor-mcp/oauth/callback'
    documents.publish(APP_URL, documentOf(APP_URL, { redirect_uris: [redirectUri] }))
    const world = await openWorld()
    const { text } = await authorize(world.postern, APP_URL, { redirectUri })
    expect(text).toContain('<h1>Allow an unverified app to use Example?</h1>')
  })
})

describe('private_key_jwt (RFC 7523) at /token and /revoke', () => {
  const JWKS_URL = 'https://app.example/jwks.json'
  const TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
  let privateKey: CryptoKey
  let jwk: JWK
  let world: World

  beforeEach(async () => {
    const pair = await generateKeyPair('ES256', { extractable: true })
    privateKey = pair.privateKey
    jwk = { ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'ES256' }
    documents.publish(
      APP_URL,
      documentOf(APP_URL, { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: JWKS_URL }),
    )
    documents.publish(JWKS_URL, { keys: [jwk] })
    world = await openWorld()
  })

  async function proof(changes: Record<string, unknown> = {}): Promise<Record<string, string>> {
    const now = Math.floor(world.clock.now() / 1000)
    const claims = {
      iss: APP_URL,
      sub: APP_URL,
      aud: ISSUER,
      exp: now + 60,
      jti: crypto.randomUUID(),
    }
    const assertion = await new SignJWT({ ...claims, ...changes })
      .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
      .sign(privateKey)
    return { client_assertion_type: TYPE, client_assertion: assertion }
  }

  const refreshWith = async (
    tokens: Tokens,
    form: Record<string, string | undefined>,
  ): Promise<Response> =>
    post(world.postern, '/token', {
      grant_type: 'refresh_token',
      client_id: APP_URL,
      refresh_token: tokens.refresh_token,
      ...form,
    })

  test('a client proves its key at every use, for the issuer or the endpoint', async () => {
    const response = await signInAs(world, APP_URL, { proof: await proof() })
    expect(response.status).toBe(200)
    const tokens = (await response.json()) as Tokens
    const again = await refreshWith(tokens, await proof({ aud: `${ISSUER}/token` }))
    expect(again.status).toBe(200)
    const { refresh_token: token } = (await again.json()) as Tokens
    const form = { client_id: APP_URL, token }
    expect(await errorOf(await post(world.postern, '/revoke', form))).toEqual([
      401,
      'invalid_client',
    ])
    const revoked = await post(world.postern, '/revoke', {
      ...form,
      ...(await proof({ aud: `${ISSUER}/revoke` })),
    })
    expect(revoked.status).toBe(200)
  })

  test('client_id may be left to the assertion (RFC 7521 §4.2)', async () => {
    const tokens = (await (
      await signInAs(world, APP_URL, { proof: await proof() })
    ).json()) as Tokens
    expect((await refreshWith(tokens, { client_id: undefined, ...(await proof()) })).status).toBe(
      200,
    )
  })

  test.each<[string, () => Promise<Record<string, string | undefined>>, string]>([
    ['without it', () => Promise.resolve({}), 'client_assertion_missing'],
    [
      'with a secret instead',
      () => Promise.resolve({ client_secret: 'x' }),
      'client_assertion_missing',
    ],
    [
      'with one for another server',
      () => proof({ aud: 'https://idp.example' }),
      'client_assertion_of_other_audience',
    ],
    [
      'with one of another client',
      () => proof({ iss: CLAUDE, sub: CLAUDE }),
      'client_assertion_invalid',
    ],
    ['with an old one', () => proof({ exp: 1 }), 'client_assertion_expired'],
    [
      'with a secret as well',
      async () => ({ ...(await proof()), client_secret: 'x' }),
      'client_authentication_malformed',
    ],
    [
      'with one of another type',
      async () => ({ ...(await proof()), client_assertion_type: 'saml2-bearer' }),
      'client_authentication_malformed',
    ],
    [
      'with a type alone',
      () => Promise.resolve({ client_assertion_type: TYPE }),
      'client_authentication_malformed',
    ],
  ])('it is not let in %s', async (_what, form, reason) => {
    const tokens = { refresh_token: 'x' } as Tokens
    expect(await errorOf(await refreshWith(tokens, await form()))).toEqual([401, 'invalid_client'])
    expect(world.events.at(-1)).toMatchObject({ type: 'token.refused', reason })
  })

  test('an assertion that was overheard is of no use', async () => {
    const once = await proof()
    const tokens = (await (await signInAs(world, APP_URL, { proof: once })).json()) as Tokens
    expect(await errorOf(await refreshWith(tokens, once))).toEqual([401, 'invalid_client'])
    expect(world.events.at(-1)).toMatchObject({ reason: 'client_assertion_used' })
  })

  test('keys that cannot be fetched are an outage, and known ones go on', async () => {
    const tokens = (await (
      await signInAs(world, APP_URL, { proof: await proof() })
    ).json()) as Tokens
    documents.publish(JWKS_URL, 'no_connection')
    world.clock.advance(600)
    expect((await refreshWith(tokens, await proof())).status).toBe(200)
    const replica = world.replica()
    const answer = await post(replica, '/token', {
      grant_type: 'refresh_token',
      client_id: APP_URL,
      refresh_token: tokens.refresh_token,
      ...(await proof()),
    })
    expect(await errorOf(answer)).toEqual([503, 'temporarily_unavailable'])
  })

  test('a key that is new is fetched, once its set is a minute old', async () => {
    await signInAs(world, APP_URL, { proof: await proof() })
    const pair = await generateKeyPair('ES256', { extractable: true })
    privateKey = pair.privateKey
    jwk = { ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'ES256' }
    documents.publish(JWKS_URL, { keys: [{ ...jwk, kid: 'k2' }] })
    const now = Math.floor(world.clock.now() / 1000) + 61
    const assertion = await new SignJWT({
      iss: APP_URL,
      sub: APP_URL,
      aud: ISSUER,
      exp: now + 60,
      jti: 'new',
    })
      .setProtectedHeader({ alg: 'ES256', kid: 'k2' })
      .sign(privateKey)
    const form = { client_assertion_type: TYPE, client_assertion: assertion }
    const tokens = { refresh_token: 'x' } as Tokens
    expect((await refreshWith(tokens, form)).status).toBe(401)
    world.clock.advance(61)
    expect(await errorOf(await refreshWith(tokens, form))).toEqual([400, 'invalid_grant'])
  })

  test('a client without keys must send no assertion', async () => {
    documents.publish(APP_URL, documentOf(APP_URL))
    const other = await openWorld()
    const form = { grant_type: 'refresh_token', client_id: APP_URL, ...(await proof()) }
    expect(await errorOf(await post(other.postern, '/token', form))).toEqual([
      401,
      'invalid_client',
    ])
    expect(other.events.at(-1)).toMatchObject({ reason: 'client_must_not_authenticate' })
  })
})
