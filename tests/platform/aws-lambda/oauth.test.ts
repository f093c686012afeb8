import { beforeEach, describe, expect, test } from 'vitest'
import type { PosternEvent } from '../../../src/events.ts'
import { createOauthHandler } from '../../../src/platform/aws-lambda/oauth.ts'
import {
  authorizeUrl,
  FetchBrowser,
  obtainTokens,
  pkce,
  refresh,
  register,
  signIn,
  type Door,
} from '../../support/dance.ts'
import { createWorld, ISSUER, SECRET_A, SECRET_B, type World } from '../../support/world.ts'
import {
  BRANDING,
  doorOf,
  FakeAws,
  pageAt,
  refusal,
  SECRET_ARN,
  secretValue,
  VARIABLES,
} from './lambda-world.ts'

let world: World
let aws: FakeAws
let events: PosternEvent[]

beforeEach(async () => {
  world = await createWorld()
  aws = new FakeAws(secretValue())
  events = []
})

/** One execution environment of the function. */
function start(changes: Record<string, string> = {}): Door {
  return doorOf(
    createOauthHandler({
      variables: {
        ...VARIABLES,
        POSTERN_SCOPES: 'mcp',
        POSTERN_ACCESS: '"anyoneTheIdpAdmits"',
        POSTERN_IDP_ISSUER: world.twin.issuer,
        POSTERN_IDP_CLIENT_ID: 'posternclient',
        POSTERN_IDP_SCOPES: 'openid email',
        POSTERN_SECRET_ARN: SECRET_ARN,
        ...changes,
      },
      now: world.clock.now,
      emit: (event) => events.push(event),
      fetch: async (input, init) => {
        const request = new Request(input, init)
        return (await aws.answer(request)) ?? world.reach(request)
      },
    }),
  )
}

async function kids(door: Door): Promise<string[]> {
  const response = await door.fetch(new Request(`${ISSUER}/.well-known/jwks.json`))
  return ((await response.json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid)
}

function kidOf(token: string): string {
  return (JSON.parse(atob(token.split('.')[0]!)) as { kid: string }).kid
}

const rotated = (activeFrom: number) =>
  secretValue({
    entries: [
      { secret: SECRET_A, activeFrom: 0 },
      { secret: SECRET_B, activeFrom },
    ],
  })

describe('the authorization server in a function', () => {
  test('shows people the brand of its variables', async () => {
    const door = start({ POSTERN_BRANDING: JSON.stringify(BRANDING) })
    const page = await pageAt(door, ISSUER)
    for (const part of Object.values(BRANDING)) expect(page).toContain(part)
  })

  test('signs a person in, in one process or another, and reads the secret once in each', async () => {
    const [first, second] = [start(), start()]
    let turn = 0
    const balanced: Door = {
      fetch: (request) => (turn++ % 2 === 0 ? first : second).fetch(request),
    }
    const tokens = await obtainTokens({ ...world, postern: { ...world.postern, ...balanced } })
    expect(tokens.scope).toBe('mcp')
    expect((await refresh(second, tokens)).status).toBe(200)
    expect(aws.count('GetSecretValue')).toBe(2)
    expect(aws.calls[0]!.input).toEqual({ SecretId: SECRET_ARN })
  })

  test('takes metadata documents: it reaches the internet', async () => {
    const url = `${ISSUER}/.well-known/oauth-authorization-server`
    expect(await (await start().fetch(new Request(url))).json()).toMatchObject({
      client_id_metadata_document_supported: true,
    })
  })

  test.each([
    ['none', undefined],
    ['app.example.com *.example.org', true],
  ])('says so unless POSTERN_CLIENT_DOMAINS is none: %s', async (domains, supported) => {
    const door = start({ POSTERN_CLIENT_DOMAINS: domains })
    const url = `${ISSUER}/.well-known/oauth-authorization-server`
    const metadata = (await (await door.fetch(new Request(url))).json()) as Record<string, unknown>
    expect(metadata['client_id_metadata_document_supported']).toBe(supported)
    const other = authorizeUrl('https://other.example/client.json', pkce().challenge)
    expect((await door.fetch(new Request(other))).status).toBe(400)
    expect(events.at(-1)).toMatchObject({
      reason:
        supported === true ? 'client_domain_not_allowed' : 'client_metadata_document_unsupported',
    })
  })

  test('has no MCP server to show', async () => {
    const door = start()
    const { access_token: token } = await obtainTokens({
      ...world,
      postern: { ...world.postern, ...door },
    })
    const headers = { authorization: `Bearer ${token}` }
    const response = await door.fetch(new Request(`${ISSUER}/mcp`, { method: 'POST', headers }))
    expect(response.status).toBe(404)
  })

  test.each(['/mcp', '/mcp/'])(
    'answers preflights of %s, which no authorizer takes, and nothing else there',
    async (path) => {
      const door = start({ POSTERN_ALLOWED_ORIGINS: 'https://inspector.example.com' })
      const ask = (origin: string | undefined, asked = {}) =>
        door.fetch(
          new Request(ISSUER + path, {
            method: 'OPTIONS',
            headers: { ...(origin === undefined ? {} : { origin }), ...asked },
          }),
        )
      const preflight = { 'access-control-request-method': 'POST' }
      const answer = await ask('https://inspector.example.com', preflight)
      expect(answer.status).toBe(204)
      expect(answer.headers.get('access-control-allow-origin')).toBe(
        'https://inspector.example.com',
      )
      expect((await ask('https://evil.example', preflight)).status).toBe(403)
      expect(events.at(-1)).toMatchObject({ type: 'gate.refused', reason: 'origin_not_allowed' })
      expect((await ask(undefined)).status).toBe(404)
      expect((await door.fetch(new Request(ISSUER + path))).status).toBe(404)
    },
  )

  test('signs with the newest active entry, and switches when a waiting one becomes active', async () => {
    aws.put(rotated(world.clock.seconds + 900))
    const door = start()
    const asWorld = { ...world, postern: { ...world.postern, ...door } }
    const before = await obtainTokens(asWorld)
    const published = await kids(door)
    expect(published).toHaveLength(2)
    expect(published[0]).toBe(kidOf(before.access_token))
    world.clock.advance(900)
    aws.fault = () => new Response('', { status: 500 })
    const after = await obtainTokens(asWorld)
    expect(kidOf(after.access_token)).toBe(published[1])
    expect(await kids(door)).toEqual(published.toReversed())
    expect((await refresh(door, before)).status).toBe(200)
  })

  test('reads again after five minutes, and not before', async () => {
    const door = start()
    await kids(door)
    aws.put(rotated(world.clock.seconds + 900))
    world.clock.advance(299)
    expect(await kids(door)).toHaveLength(1)
    world.clock.advance(1)
    expect(await kids(door)).toHaveLength(2)
    expect(aws.count('GetSecretValue')).toBe(2)
  })

  test('goes on with the last good secret while Secrets Manager is down, and says so', async () => {
    const door = start()
    const published = await kids(door)
    aws.fault = () => refusal('InternalServiceError')
    world.clock.advance(300)
    expect(await kids(door)).toEqual(published)
    expect(await kids(door)).toEqual(published)
    expect(events.filter(({ type }) => type === 'secret.unavailable')).toEqual([
      { type: 'secret.unavailable', reason: 'GetSecretValue failed: InternalServiceError' },
    ])
    expect(aws.count('GetSecretValue')).toBe(2)
    world.clock.advance(30)
    aws.fault = undefined
    aws.put(rotated(world.clock.seconds))
    expect(await kids(door)).toHaveLength(2)
  })

  test('keeps the last good secret where the new one cannot be read', async () => {
    const door = start()
    const published = await kids(door)
    for (const value of [
      'not json',
      { entries: 'none' },
      { ...secretValue(), entries: [{ secret: 'x' }] },
    ]) {
      aws.stored = { value, version: String(Math.random()) }
      world.clock.advance(301)
      expect(await kids(door)).toEqual(published)
    }
    expect(JSON.stringify(events)).not.toContain(SECRET_A)
  })

  test('is 503 and no error of the client’s while it never had a secret, then recovers', async () => {
    aws.fault = () => refusal('InternalServiceError')
    const door = start()
    const response = await door.fetch(new Request(`${ISSUER}/token`, { method: 'POST' }))
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('5')
    expect(await response.json()).toMatchObject({ error: 'temporarily_unavailable' })
    aws.fault = undefined
    expect(await kids(door)).toHaveLength(1)
  })
})

describe('a seal of an entry that this process has not read', () => {
  /** Another process has read the rotated secret and sealed with the new entry already. */
  async function behind() {
    const old = start()
    await kids(old)
    aws.put(rotated(world.clock.seconds))
    const fresh = start()
    const tokens = await obtainTokens({ ...world, postern: { ...world.postern, ...fresh } })
    return { old, tokens }
  }

  test('is answered from a fresh reading: nobody sees an error', async () => {
    const { old, tokens } = await behind()
    world.clock.advance(10)
    const calls = world.idpCalls.length
    const response = await refresh(old, tokens)
    expect(response.status).toBe(200)
    const redeemed = world.idpCalls.slice(calls).filter((call) => call === 'POST /oauth2/token')
    expect(redeemed).toHaveLength(1)
    const { challenge } = pkce()
    const redirect = await signIn(
      new FetchBrowser(world, old),
      authorizeUrl(tokens.clientId, challenge),
    )
    expect(redirect.searchParams.get('code')).not.toBeNull()
  })

  test('makes it read once in ten seconds at most, whoever invents such seals', async () => {
    const { tokens } = await behind()
    aws.put(secretValue())
    const door = start()
    await kids(door)
    const reads = aws.count('GetSecretValue')
    for (let turn = 0; turn < 20; turn += 1)
      expect((await refresh(door, tokens)).status).not.toBe(200)
    expect(aws.count('GetSecretValue')).toBe(reads)
    world.clock.advance(10)
    for (let turn = 0; turn < 20; turn += 1) await refresh(door, tokens)
    expect(aws.count('GetSecretValue')).toBe(reads + 1)
  })

  test('lets no other request that runs meanwhile run twice', async () => {
    const { old, tokens } = await behind()
    world.clock.advance(10)
    const mine = await register(old)
    const seen = events.filter(({ type }) => type === 'client.registered').length
    await Promise.all([refresh(old, tokens), register(old), register(old)])
    expect(events.filter(({ type }) => type === 'client.registered')).toHaveLength(seen + 2)
    expect(mine).not.toBe('')
  })
})
