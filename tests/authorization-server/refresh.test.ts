import { beforeEach, describe, expect, test } from 'vitest'
import type { PosternOptions } from '../../src/config/options.ts'
import {
  callMcp,
  obtainTokens,
  post,
  refresh,
  register,
  type SignedIn,
  type Tokens,
} from '../support/dance.ts'
import { createWorld, ISSUER, MCP_URL, type World, type WorldOptions } from '../support/world.ts'

let world: World
let signedIn: SignedIn

async function setUp(options: WorldOptions = {}): Promise<void> {
  world = await createWorld(options)
  signedIn = await obtainTokens(world)
}

beforeEach(() => setUp())

async function next(response: Response): Promise<SignedIn> {
  expect(response.status).toBe(200)
  return { clientId: signedIn.clientId, ...((await response.json()) as Tokens) }
}

async function outcome(response: Response): Promise<[number, unknown]> {
  return [response.status, ((await response.json()) as { error?: string }).error]
}

const refreshes = (): number => world.twin.counters.refresh

describe('refresh (OAuth 2.1 §4.3)', () => {
  test('yields a working access token and another refresh token', async () => {
    const again = await next(await refresh(world.postern, signedIn))
    expect(again.access_token).not.toBe(signedIn.access_token)
    expect(again.refresh_token).not.toBe(signedIn.refresh_token)
    expect((await callMcp(world.postern, again.access_token)).status).toBe(200)
  })

  test('R15: repeats within 60 s share one call upstream, also in parallel', async () => {
    const answers = await Promise.all([1, 2, 3].map(() => refresh(world.postern, signedIn)))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    world.clock.advance(59)
    expect((await refresh(world.postern, signedIn)).status).toBe(200)
    expect(refreshes()).toBe(1)
  })

  test('after 60 s the identity provider decides about a repeat', async () => {
    await refresh(world.postern, signedIn)
    world.clock.advance(61)
    expect(await outcome(await refresh(world.postern, signedIn))).toEqual([400, 'invalid_grant'])
    expect(refreshes()).toBe(2)
  })

  test('one grant asks upstream at most every 5 s', async () => {
    let current = signedIn
    for (let index = 0; index < 5; index += 1)
      current = await next(await refresh(world.postern, current))
    expect(refreshes()).toBe(1)
    world.clock.advance(6)
    await next(await refresh(world.postern, current))
    expect(refreshes()).toBe(2)
  })

  test('survives a chain of refreshes over days', async () => {
    let current = signedIn
    for (let day = 0; day < 20; day += 1) {
      world.clock.advance(24 * 60 * 60)
      current = await next(await refresh(world.postern, current))
    }
    expect((await callMcp(world.postern, current.access_token)).status).toBe(200)
  })

  test.each([
    ['a scope as mcp-remote sends it', { scope: 'mcp' }],
    ['an unknown scope', { scope: 'openid profile' }],
    ['its resource', { resource: MCP_URL }],
  ])('accepts %s', async (_, changes) => {
    expect((await refresh(world.postern, signedIn, changes)).status).toBe(200)
  })

  test.each([
    ['no token', { refresh_token: '' }, [400, 'invalid_request']],
    ['garbage', { refresh_token: 'x' }, [400, 'invalid_grant']],
    ['another resource', { resource: 'https://other.example/' }, [400, 'invalid_target']],
    ['an unknown client', { client_id: 'nobody' }, [401, 'invalid_client']],
  ])('refuses %s', async (_, changes, expected) => {
    expect(await outcome(await refresh(world.postern, signedIn, changes))).toEqual(expected)
    expect(refreshes()).toBe(0)
  })

  test('refuses another client', async () => {
    const clientId = await register(world.postern, { client_name: 'Other' })
    const stolen = { ...signedIn, clientId }
    expect(await outcome(await refresh(world.postern, stolen))).toEqual([400, 'invalid_grant'])
  })

  test('a refresh that narrows the scope leaves the grant as wide as it was', async () => {
    const resources = [{ url: MCP_URL, upstream: 'http://u.test/', scopes: ['read', 'write'] }]
    world = await createWorld({ postern: { resources } })
    signedIn = await obtainTokens(world, { scope: 'read write' })
    const narrow = await next(await refresh(world.postern, signedIn, { scope: 'read' }))
    expect(narrow.scope).toBe('read')
    expect((await next(await refresh(world.postern, narrow))).scope).toBe('read write')
  })

  test('scopes that the policy takes away come back with the policy', async () => {
    const resources = [{ url: MCP_URL, upstream: 'http://u.test/', scopes: ['read', 'write'] }]
    world = await createWorld({ postern: { resources } })
    signedIn = await obtainTokens(world, { scope: 'read write' })
    const strict = world.replica({ access: [{ groups: ['staff'], scopes: ['read'] }] })
    const narrow = await next(await refresh(strict, signedIn))
    expect(narrow.scope).toBe('read')
    expect((await next(await refresh(world.postern, narrow))).scope).toBe('read write')
  })

  test('a grant of one scope never widens', async () => {
    const resources = [{ url: MCP_URL, upstream: 'http://u.test/', scopes: ['read', 'write'] }]
    world = await createWorld({ postern: { resources } })
    signedIn = await obtainTokens(world, { scope: 'read' })
    const again = await next(await refresh(world.postern, signedIn, { scope: 'read write' }))
    expect(again.scope).toBe('read')
  })
})

describe('lifetimes', () => {
  test('idle: 7 days after its issue a refresh token is dead', async () => {
    world.clock.advance(7 * 86400 - 1)
    const again = await next(await refresh(world.postern, signedIn))
    world.clock.advance(7 * 86400)
    expect(await outcome(await refresh(world.postern, again))).toEqual([400, 'invalid_grant'])
  })

  test('absolute: 30 days after the sign-in the grant ends, however often refreshed', async () => {
    await setUp({ twin: { refreshTokenSeconds: 400 * 86400 } })
    let current = signedIn
    for (let day = 0; day < 29; day += 1) {
      world.clock.advance(86400)
      current = await next(await refresh(world.postern, current))
    }
    world.clock.advance(86400)
    expect(await outcome(await refresh(world.postern, current))).toEqual([400, 'invalid_grant'])
  })
})

describe('who may still sign in', () => {
  const access = (rules: PosternOptions['access']): void => {
    world.postern = world.replica({ access: rules })
  }

  test('is asked again at every refresh', async () => {
    world.postern = world.replica({ access: [{ groups: ['staff'] }] })
    const again = await next(await refresh(world.postern, signedIn))
    world.twin.updateUser('ada', { groups: ['alumni'] })
    world.clock.advance(61)
    expect(await outcome(await refresh(world.postern, again))).toEqual([400, 'invalid_grant'])
    expect(world.events.at(-1)).toMatchObject({ reason: 'refresh_access_refused' })
  })

  test('a disabled person is out', async () => {
    world.twin.disableUser('ada')
    expect(await outcome(await refresh(world.postern, signedIn))).toEqual([400, 'invalid_grant'])
  })

  test('an identity provider switched under the same issuer ends the grant', async () => {
    const { issuer } = world.twin
    for (const identityProvider of [
      { issuer, clientId: 'otherclient', refreshTokens: 'rotating' as const },
      { issuer: `${issuer}2`, clientId: 'posternclient', refreshTokens: 'rotating' as const },
    ]) {
      const answer = await refresh(world.replica({ identityProvider }), signedIn)
      expect(await outcome(answer)).toEqual([400, 'invalid_grant'])
      expect(world.events.at(-1)).toMatchObject({ reason: 'grant_of_other_identity_provider' })
    }
    expect(refreshes()).toBe(0)
  })

  describe('where a refresh brings no id_token', () => {
    const withoutIdToken = (userInfo: (request: Request) => Promise<Response>): void => {
      world.breakIdp(async (request) => {
        if (request.url.endsWith('/oauth2/userInfo')) return userInfo(request)
        const response = await world.twin.fetch(request)
        if (!request.url.endsWith('/oauth2/token')) return response
        const body = (await response.json()) as Record<string, unknown>
        delete body['id_token']
        return Response.json(body, { status: response.status })
      })
    }

    test('userinfo tells the claims', async () => {
      access([{ emailDomains: ['example.test'] }])
      withoutIdToken((request) => world.twin.fetch(request))
      expect((await refresh(world.postern, signedIn)).status).toBe(200)
      expect(world.idpCalls).toContain('GET /oauth2/userInfo')
    })

    test('userinfo about somebody else is refused', async () => {
      withoutIdToken(() => Promise.resolve(Response.json({ sub: 'mallory' })))
      expect(await outcome(await refresh(world.postern, signedIn))).toEqual([400, 'invalid_grant'])
    })

    test('without userinfo a policy that needs claims ends the grant, others do not', async () => {
      const silent = (): Promise<Response> =>
        Promise.resolve(
          new Response(null, { status: 401, headers: { 'www-authenticate': 'Bearer error="x"' } }),
        )
      withoutIdToken(silent)
      expect((await refresh(world.postern, signedIn)).status).toBe(200)
      access([{ groups: ['staff'] }])
      await setUpAgain(silent)
      expect(await outcome(await refresh(world.postern, signedIn))).toEqual([400, 'invalid_grant'])
    })

    async function setUpAgain(userInfo: () => Promise<Response>): Promise<void> {
      world.breakIdp(undefined)
      signedIn = await obtainTokens(world)
      withoutIdToken(userInfo)
    }

    test('an outage of userinfo is 503, and the rotated refresh token is not lost', async () => {
      access([{ emailDomains: ['example.test'] }])
      withoutIdToken(() => Promise.resolve(new Response('', { status: 500 })))
      expect((await refresh(world.postern, signedIn)).status).toBe(503)
      withoutIdToken((request) => world.twin.fetch(request))
      await next(await refresh(world.postern, signedIn))
      expect(refreshes()).toBe(1)
    })
  })
})

describe('kinds of identity providers', () => {
  test('strict rotation without grace: repeats are still answered by us', async () => {
    await setUp({ twin: { retryGracePeriodSeconds: 0 } })
    const answers = await Promise.all([1, 2, 3].map(() => refresh(world.postern, signedIn)))
    for (const answer of answers) {
      const again = await next(answer)
      world.clock.advance(6)
      expect((await refresh(world.postern, again)).status).toBe(200)
      world.clock.advance(-6)
    }
  })

  test('no rotation: the refresh token keeps working, and that must be asked for by name', async () => {
    const identityProvider = { refreshTokens: 'unrotated' as const }
    const twin = { refreshTokenRotation: false }
    await expect(createWorld({ identityProvider, twin })).rejects.toThrow(/does not rotate/)
    await setUp({
      identityProvider,
      twin,
      postern: { dangerouslyAllowUnrotatedRefreshTokens: true },
    })
    const again = await next(await refresh(world.postern, signedIn))
    world.clock.advance(61)
    expect((await refresh(world.postern, again)).status).toBe(200)
    expect((await refresh(world.postern, signedIn)).status).toBe(200)
  })

  test('one that is configured to rotate but does not is reported', async () => {
    await setUp({ twin: { refreshTokenRotation: false } })
    await refresh(world.postern, signedIn)
    expect(world.events).toContainEqual(
      expect.objectContaining({ type: 'identity-provider.warning' }),
    )
  })

  test('no refresh token: none is issued, the access token lives longer, and an event says why', async () => {
    world = await createWorld()
    world.breakIdp(async (request) => {
      const response = await world.twin.fetch(request)
      if (!request.url.endsWith('/oauth2/token')) return response
      const body = (await response.json()) as Record<string, unknown>
      delete body['refresh_token']
      return Response.json(body)
    })
    const tokens = await obtainTokens(world)
    expect(tokens).toMatchObject({ expires_in: 3600 })
    expect(tokens).not.toHaveProperty('refresh_token')
    expect(world.events).toContainEqual(
      expect.objectContaining({ type: 'token.without-refresh', reason: expect.any(String) }),
    )
  })
})

describe('RFC 7009 revocation', () => {
  const revoke = (token: string | undefined, clientId = signedIn.clientId): Promise<Response> =>
    post(world.postern, '/revoke', { token, client_id: clientId })

  test('ends the grant at the identity provider, also for what this process remembers', async () => {
    const again = await next(await refresh(world.postern, signedIn))
    expect((await revoke(again.refresh_token)).status).toBe(200)
    expect(world.twin.counters.revoke).toBe(1)
    expect(await outcome(await refresh(world.postern, again))).toEqual([400, 'invalid_grant'])
  })

  test('ends it also for the refresh token that it came from', async () => {
    const again = await next(await refresh(world.postern, signedIn))
    await revoke(again.refresh_token)
    await refresh(world.postern, signedIn)
    expect(refreshes()).toBe(2)
  })

  test.each(['garbage', 'a.b..c.d'])('%s is as good as revoked', async (token) => {
    expect((await revoke(token)).status).toBe(200)
    expect(world.twin.counters.revoke).toBe(0)
  })

  test('another client cannot revoke it, and learns nothing', async () => {
    const other = await register(world.postern, { client_name: 'Other' })
    expect((await revoke(signedIn.refresh_token, other)).status).toBe(200)
    expect((await refresh(world.postern, signedIn)).status).toBe(200)
  })

  test.each([
    ['an access token', () => signedIn.access_token, [400, 'unsupported_token_type']],
    ['nothing', () => undefined, [400, 'invalid_request']],
  ])('%s is refused', async (_, token, expected) => {
    expect(await outcome(await revoke(token()))).toEqual(expected)
  })

  test('an unknown client is 401', async () => {
    const answer = await revoke(signedIn.refresh_token, 'nobody')
    expect(await outcome(answer)).toEqual([401, 'invalid_client'])
  })

  test('an outage is 503: the token is not revoked, and nobody is told that it is', async () => {
    world.breakIdp(() => new Response('', { status: 500 }))
    const answer = await revoke(signedIn.refresh_token)
    expect(answer.headers.get('retry-after')).toBe('5')
    expect(await outcome(answer)).toEqual([503, 'temporarily_unavailable'])
  })

  test('GET is 405', async () => {
    expect((await world.postern.fetch(new Request(`${ISSUER}/revoke`))).status).toBe(405)
  })
})
