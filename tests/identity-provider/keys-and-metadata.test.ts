import { beforeEach, describe, expect, test } from 'vitest'
import {
  authorizeUrl,
  FetchBrowser,
  obtainTokens,
  pkce,
  post,
  refresh,
  register,
  signIn,
} from '../support/dance.ts'
import { createWorld, ISSUER, type World } from '../support/world.ts'

let world: World

beforeEach(async () => {
  // No grace: what the identity provider has spent, it does not take a second time.
  world = await createWorld({ twin: { retryGracePeriodSeconds: 0 } })
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
    })
}

async function readyToRefresh(): Promise<() => Promise<Response>> {
  const signedIn = await obtainTokens(world)
  // A process that has not fetched the keys yet.
  world.postern = world.replica()
  return () => refresh(world.postern, signedIn)
}

function breakAt(path: RegExp, answer: () => Promise<Response> | Response): void {
  world.breakIdp((request) =>
    path.test(new URL(request.url).pathname) ? answer() : world.twin.fetch(request),
  )
}

const down = (): Promise<Response> => Promise.reject(new TypeError('ECONNREFUSED'))
const html = (status: number): Response =>
  new Response('<html>', { status, headers: { 'content-type': 'text/html' } })

describe.each([
  ['code redemption', readyToRedeem],
  ['refresh', readyToRefresh],
] as const)('keys out of reach at %s', (_grant, ready) => {
  test.each([
    ['no connection', down],
    ['500', () => html(500)],
    ['429', () => html(429)],
    ['200 HTML', () => html(200)],
  ])('%s is 503, and a retry works although the grant is spent upstream', async (_, answer) => {
    const request = await ready()
    const spent = (): number => world.idpCalls.filter((call) => call.includes('/token')).length
    const before = spent()
    breakAt(/jwks\.json$/, answer)
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const response = await request()
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5'])
    }
    world.breakIdp(undefined)
    expect((await request()).status).toBe(200)
    expect(spent() - before).toBe(1)
  })

  test('our own limit of calls, reached between grant and keys, loses nothing', async () => {
    const request = await ready()
    world.postern = world.replica({
      identityProvider: {
        issuer: world.twin.issuer,
        clientId: 'posternclient',
        preset: 'cognito',
        refreshTokens: 'rotating',
        requestsPerSecond: 1,
      },
    })
    // Metadata and grant use up what a bucket of one a second holds.
    expect((await request()).status).toBe(503)
    world.clock.advance(5)
    expect((await request()).status).toBe(200)
  })
})

describe('an answer that waits for its keys', () => {
  test('is not given to a request with another code_verifier and nonce upstream', async () => {
    const browser = new FetchBrowser(world)
    const clientId = await register(world.postern)
    const mine = await readyToRedeem()
    breakAt(/jwks\.json$/, down)
    const idpCodes: string[] = []
    const reach = world.twin.fetch
    world.breakIdp(async (request) => {
      const { pathname } = new URL(request.url)
      if (pathname.endsWith('jwks.json')) return down()
      if (pathname === '/oauth2/token')
        idpCodes.push(new URLSearchParams(await request.clone().text()).get('code') ?? '')
      return reach(request)
    })
    expect((await mine()).status).toBe(503)
    world.breakIdp(undefined)
    const [idpCode = ''] = idpCodes
    expect(idpCode).not.toBe('')

    // Somebody who got hold of the identity provider's code brings it to a sign-in of their own.
    const { verifier, challenge } = pkce()
    const page = await (await browser.get(authorizeUrl(clientId, challenge))).text()
    const request = /name="request" value="([^"]+)"/.exec(page)?.[1] ?? ''
    const idp = await browser.post(
      `${ISSUER}/consent`,
      { request, action: 'approve' },
      { accept: '*/*' },
    )
    const state = new URL(idp.headers.get('location') ?? '').searchParams.get('state') ?? ''
    const answer = await browser.get(
      `${ISSUER}/idp/callback?${new URLSearchParams({ code: idpCode, state })}`,
      { accept: '*/*' },
    )
    const code = new URL(answer.headers.get('location') ?? '').searchParams.get('code') ?? ''
    const stolen = await post(world.postern, '/token', {
      grant_type: 'authorization_code',
      client_id: clientId,
      code,
      code_verifier: verifier,
    })
    expect(await stolen.json()).toMatchObject({ error: 'invalid_grant' })
    expect((await mine()).status).toBe(200)
  })
})

describe('metadata of the identity provider', () => {
  const discoveries = (): number =>
    world.idpCalls.filter((call) => call.endsWith('openid-configuration')).length

  test('is asked once by parallel requests, and again after an hour', async () => {
    const ask = (): Promise<Response> => world.postern.fetch(new Request(`${ISSUER}/readyz`))
    await Promise.all([ask(), ask(), ask()])
    expect(discoveries()).toBe(1)
    const signedIn = await obtainTokens(world)
    world.clock.advance(59 * 60)
    expect((await refresh(world.postern, signedIn)).status).toBe(200)
    expect(discoveries()).toBe(1)
    world.clock.advance(2 * 60)
    await obtainTokens(world)
    expect(discoveries()).toBe(2)
  })

  test('outlives an outage of discovery that is longer than an hour', async () => {
    const signedIn = await obtainTokens(world)
    breakAt(/openid-configuration$/, down)
    world.clock.advance(3 * 60 * 60)
    expect((await refresh(world.postern, signedIn)).status).toBe(200)
    expect(discoveries()).toBeGreaterThan(1)
  })

  test.each(['authorization_endpoint', 'token_endpoint', 'jwks_uri'])(
    'without %s is as good as none',
    async (member) => {
      world.breakIdp(async (request) => {
        const answer = await world.twin.fetch(request)
        const { [member]: _, ...rest } = (await answer.json()) as Record<string, unknown>
        return Response.json(rest)
      })
      const ready = await world.postern.fetch(new Request(`${ISSUER}/readyz`))
      expect(ready.status).toBe(503)
      expect(world.events).toContainEqual(
        expect.objectContaining({ type: 'identity-provider.unavailable', step: 'discovery' }),
      )
    },
  )
})

describe('what leaves for the identity provider', () => {
  test('follows no redirect: nobody else is handed our secret or the code', async () => {
    const modes: string[] = []
    const request = await readyToRedeem()
    world.postern = world.replica()
    world.breakIdp((sent) => {
      modes.push(sent.redirect)
      return sent.method === 'POST'
        ? Response.redirect('https://evil.example.test/', 307)
        : world.twin.fetch(sent)
    })
    expect((await request()).status).toBe(503)
    expect(modes).toEqual(['manual', 'manual'])
    expect(world.forwarded).toEqual([])
  })

  test('never holds the client’s own state, resource, challenge or redirect_uri', async () => {
    const seen: string[] = []
    world.breakIdp(async (request) => {
      seen.push(`${request.url} ${await request.clone().text()}`)
      return world.twin.fetch(request)
    })
    const clientId = await register(world.postern)
    const { challenge } = pkce()
    const browser = new FetchBrowser(world)
    const consent = await browser.get(authorizeUrl(clientId, challenge, { prompt: 'consent' }))
    const sealed = /name="request" value="([^"]+)"/.exec(await consent.text())?.[1] ?? ''
    const form = { request: sealed, action: 'approve' }
    const onward = await browser.post(`${ISSUER}/consent`, form, { accept: '*/*' })
    seen.push(onward.headers.get('location') ?? '')
    expect(seen.at(-1)).toContain('/oauth2/authorize?')
    for (const own of ['client-state', challenge, 'localhost', 'resource', 'prompt', clientId])
      expect(seen.filter((text) => text.includes(own))).toEqual([])
  })
})
