import { base64url, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { beforeEach, describe, expect, test } from 'vitest'
import {
  authorizeUrl,
  consentForm,
  FetchBrowser,
  obtainTokens,
  pkce,
  post,
  REDIRECT_URI,
  refresh,
  register,
  signIn,
} from '../support/dance.ts'
import { createWorld, ISSUER, type World } from '../support/world.ts'

let world: World

beforeEach(async () => {
  world = await createWorld({ identityProvider: { timeoutSeconds: 1 } })
})

/** Signs in up to the code, and yields the token request. */
async function readyToRedeem(): Promise<() => Promise<Response>> {
  const clientId = await register(world.postern)
  const { verifier, challenge } = pkce()
  const target = await signIn(new FetchBrowser(world), authorizeUrl(clientId, challenge))
  return () =>
    post(world.postern, '/token', {
      grant_type: 'authorization_code',
      client_id: clientId,
      code: target.searchParams.get('code') ?? '',
      code_verifier: verifier,
      redirect_uri: REDIRECT_URI,
    })
}

async function readyToRefresh(): Promise<() => Promise<Response>> {
  const signedIn = await obtainTokens(world)
  return () => refresh(world.postern, signedIn)
}

const grants = [
  ['code redemption', readyToRedeem],
  ['refresh', readyToRefresh],
] as const

const html = (status: number): Response =>
  new Response('<html>Bad gateway', { status, headers: { 'content-type': 'text/html' } })
const oauth = (status: number, error: string): Response => Response.json({ error }, { status })

function atToken(answer: (request: Request) => Promise<Response> | Response): void {
  world.breakIdp((request) =>
    request.url.endsWith('/oauth2/token') ? answer(request) : world.twin.fetch(request),
  )
}

describe.each(grants)('an outage at %s never looks like a dead grant', (_grant, ready) => {
  const outages: [string, () => Promise<Response> | Response][] = [
    ['no connection', () => Promise.reject(new TypeError('ECONNREFUSED'))],
    ['no answer in time', () => new Promise(() => {})],
    ['500 JSON', () => oauth(500, 'server_error')],
    ['500 with invalid_grant', () => oauth(500, 'invalid_grant')],
    ['502 HTML', () => html(502)],
    ['200 HTML', () => html(200)],
    ['403 HTML of a firewall', () => html(403)],
    ['429', () => oauth(429, 'slow_down')],
    ['429 with invalid_grant', () => oauth(429, 'invalid_grant')],
    ['a redirect', () => new Response(null, { status: 302, headers: { location: 'https://x/' } })],
    [
      'garbage',
      () => new Response('{"access_', { headers: { 'content-type': 'application/json' } }),
    ],
    ['invalid_client', () => oauth(401, 'invalid_client')],
    ['unauthorized_client', () => oauth(400, 'unauthorized_client')],
    ['temporarily_unavailable', () => oauth(400, 'temporarily_unavailable')],
  ]
  test.each(outages)('%s is 503 with Retry-After, and a retry works', async (name, answer) => {
    const request = await ready()
    // A promise that never settles stands for a silent peer; only real time ends it.
    atToken(name === 'no answer in time' ? untilAborted : answer)
    const response = await request()
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('5')
    expect(await response.json()).toMatchObject({ error: 'temporarily_unavailable' })
    expect(world.events).toContainEqual(
      expect.objectContaining({ type: 'identity-provider.unavailable' }),
    )
    world.breakIdp(undefined)
    expect((await request()).status).toBe(200)
  })
})

function untilAborted(request: Request): Promise<Response> {
  return new Promise((_, reject) => {
    request.signal.addEventListener('abort', () => reject(new Error('aborted')))
  })
}

describe.each([
  ['code redemption', readyToRedeem, 'invalid_grant', 'access_denied'],
  ['refresh', readyToRefresh, 'invalid_grant', 'invalid_grant'],
] as const)('a refusal at %s', (_grant, ready, dead, refused) => {
  test('invalid_grant means that the grant is dead', async () => {
    const request = await ready()
    atToken(() => oauth(400, 'invalid_grant'))
    const response = await request()
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: dead })
  })

  test.each(['interaction_required', 'login_required', 'consent_required', 'access_denied'])(
    '%s is told as the design says',
    async (error) => {
      const request = await ready()
      atToken(() => oauth(400, error))
      const response = await request()
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({ error: refused })
    },
  )

  const faults: [string, (claims: Record<string, unknown>) => Record<string, unknown>][] = [
    ['another issuer', (claims) => ({ ...claims, iss: 'https://evil.example' })],
    ['another audience', (claims) => ({ ...claims, aud: 'other' })],
    ['an expiry that has passed', (claims) => ({ ...claims, exp: 1_000_000_000 })],
    ['no subject', (claims) => ({ ...claims, sub: undefined })],
  ]
  test.each(faults)('an id_token with %s', async (_, change) => {
    const request = await ready()
    atToken(await resigned(change))
    const response = await request()
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: refused })
  })

  test('an id_token with a signature by somebody else', async () => {
    const request = await ready()
    atToken(await resigned((claims) => claims, { forge: true }))
    expect(await (await request()).json()).toMatchObject({ error: refused })
  })

  test('an id_token with a signature that does not fit', async () => {
    const request = await ready()
    atToken(await edited((jwt) => `${jwt.slice(0, jwt.lastIndexOf('.') + 1)}${'A'.repeat(342)}`))
    expect(await (await request()).json()).toMatchObject({ error: refused })
  })

  test('an id_token without a signature', async () => {
    const request = await ready()
    atToken(
      await edited((jwt) => {
        const none = base64url.encode(JSON.stringify({ alg: 'none' }))
        return `${none}.${jwt.split('.')[1]}.`
      }),
    )
    expect(await (await request()).json()).toMatchObject({ error: refused })
  })
})

describe('checks that the deferred redemption must not lose', () => {
  test('the nonce', async () => {
    const request = await readyToRedeem()
    atToken(await resigned((claims) => ({ ...claims, nonce: 'another' })))
    const response = await request()
    expect(await response.json()).toMatchObject({ error: 'access_denied' })
  })

  test('an id_token is required', async () => {
    const request = await readyToRedeem()
    atToken(async (original) => {
      const { id_token: _, ...body } = (await (await world.twin.fetch(original)).json()) as Record<
        string,
        unknown
      >
      return Response.json(body)
    })
    expect(await (await request()).json()).toMatchObject({ error: 'access_denied' })
  })

  test('another subject at refresh ends the grant', async () => {
    const request = await readyToRefresh()
    atToken(await resigned((claims) => ({ ...claims, sub: 'mallory' })))
    expect(await (await request()).json()).toMatchObject({ error: 'invalid_grant' })
  })
})

describe('start and recovery', () => {
  test('readiness is red until the identity provider answers, then green', async () => {
    world.breakIdp(() => html(502))
    const ready = (): Promise<Response> =>
      world.postern.fetch(new Request('https://mcp.example.test/readyz'))
    expect((await ready()).status).toBe(503)
    expect((await world.postern.fetch(new Request('https://x/healthz'))).status).toBe(200)
    world.breakIdp(undefined)
    expect((await ready()).status).toBe(200)
  })

  test('metadata of another issuer is an outage that is reported, not the person’s fault', async () => {
    world.breakIdp(() => Response.json({ issuer: 'https://other.example' }))
    const clientId = await register(world.postern)
    const browser = new FetchBrowser(world)
    const page = await (await browser.get(authorizeUrl(clientId, pkce().challenge))).text()
    const form = { request: consentForm(page), action: 'approve' }
    expect((await browser.post(`${ISSUER}/consent`, form)).status).toBe(503)
    expect(world.events).toContainEqual(
      expect.objectContaining({ type: 'identity-provider.unavailable', step: 'discovery' }),
    )
  })

  test('metadata that was fetched once outlives an outage of discovery', async () => {
    const request = await readyToRedeem()
    world.clock.advance(50)
    world.breakIdp((original) =>
      original.url.includes('.well-known/openid') ? html(500) : world.twin.fetch(original),
    )
    expect((await request()).status).toBe(200)
  })

  test('no more calls than the configured rate', async () => {
    world = await createWorld({ identityProvider: { requestsPerSecond: 1 } })
    const first = await readyToRedeem()
    const second = await readyToRedeem()
    const statuses = [(await first()).status, (await second()).status]
    expect(statuses).toContain(503)
    world.clock.advance(5)
    expect((await second()).status).toBe(200)
  })
})

/** The twin's own answer with other claims: signed by the twin's published key or by a stranger's. */
async function resigned(
  change: (claims: Record<string, unknown>) => Record<string, unknown>,
  { forge = false } = {},
): Promise<(request: Request) => Promise<Response>> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), kid: 'test', alg: 'RS256', use: 'sig' }
  const published = forge ? [] : [jwk]
  const token = await edited(async (jwt) => {
    const claims = JSON.parse(new TextDecoder().decode(base64url.decode(jwt.split('.')[1] ?? '')))
    return new SignJWT(change(claims as Record<string, unknown>))
      .setProtectedHeader({ alg: 'RS256', kid: 'test' })
      .sign(privateKey)
  })
  world.postern = world.replica()
  world.breakIdp(undefined)
  return async (request) => {
    const answer = await token(request)
    world.breakIdp(async (later) => {
      if (later.url.endsWith('/oauth2/token')) return token(later)
      if (!later.url.endsWith('jwks.json')) return world.twin.fetch(later)
      const { keys } = (await (await world.twin.fetch(later)).json()) as { keys: object[] }
      return Response.json({ keys: [...keys, ...published] })
    })
    return answer
  }
}

async function edited(
  edit: (jwt: string) => string | Promise<string>,
): Promise<(request: Request) => Promise<Response>> {
  return Promise.resolve(async (request: Request) => {
    const body = (await (await world.twin.fetch(request)).json()) as { id_token: string }
    return Response.json({ ...body, id_token: await edit(body.id_token) })
  })
}
