import { rmSync } from 'node:fs'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { closeChromium, newPerson } from '../support/chromium.ts'
import { PERSON } from '../support/deployment.ts'
import { McpRemote, newConfigFolder } from '../support/mcp-remote.ts'
import { type OidcDeployment, startOidcDeployment } from '../support/oidc-provider.ts'
import { signIn } from '../support/person.ts'
import { type HttpClient, ScriptedPerson, signInOverHttp } from '../support/scripted-person.ts'

let running: OidcDeployment | undefined

afterEach(async () => {
  await running?.close()
  running = undefined
})

afterAll(closeChromium)

async function start(
  options: Parameters<typeof startOidcDeployment>[0] = {},
): Promise<OidcDeployment> {
  running = await startOidcDeployment(options)
  return running
}

async function signInTo({ deployment }: OidcDeployment): Promise<HttpClient> {
  return signInOverHttp(deployment, new ScriptedPerson(PERSON))
}

function claims(client: HttpClient): Record<string, unknown> {
  const payload = client.tokens.access_token.split('.')[1] ?? ''
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>
}

describe('a certified OpenID provider', () => {
  test('signs a person in to the real mcp-remote through a real browser, and refreshes', async () => {
    const { deployment, provider } = await start()
    const folder = newConfigFolder()
    const client = new McpRemote('0.15', deployment.mcpUrl, { folder })
    try {
      const person = await newPerson()
      await signIn(person, await client.authorizationUrl(), PERSON)
      await client.initialize()
      expect(await client.callTool('whoami')).toBe(
        `You are ${provider.issuer} oidc-ada, e-mail ada@example.test`,
      )
      deployment.clock.advance(1000)
      expect(await client.callTool('whoami')).toContain('oidc-ada')
      expect(client.opened).toHaveLength(1)
      expect(provider.counters['refresh_token.consumed']).toBe(1)
      await person.close()
    } finally {
      await client.close()
      rmSync(folder, { recursive: true, force: true })
    }
  })

  test.each(['none', 'client_secret_basic', 'client_secret_post'] as const)(
    'accepts Postern as a client that authenticates with %s, at every endpoint',
    async (authentication) => {
      const oidc = await start({ authentication })
      const client = await signInTo(oidc)
      expect(claims(client)['sub']).toBe('oidc-ada')
      expect((await client.callMcp()).status).toBe(200)
      expect((await client.refresh()).status).toBe(200)
      expect((await client.callMcp()).status).toBe(200)
      expect((await client.revoke()).status).toBe(200)
      expect(oidc.provider.counters['grant.error']).toBe(0)
      expect(oidc.provider.counters['grant.revoked']).toBe(1)
    },
  )

  test('has its rotated refresh tokens passed on, also across restarts', async () => {
    const oidc = await start({ refreshTokens: 'rotating' })
    const client = await signInTo(oidc)
    for (let round = 1; round <= 3; round++) {
      oidc.deployment.clock.advance(1000)
      const before = client.tokens.refresh_token
      expect((await client.callMcp()).status).toBe(401)
      expect((await client.refresh()).status).toBe(200)
      expect(client.tokens.refresh_token).not.toBe(before)
      expect((await client.callMcp()).status).toBe(200)
      expect(oidc.provider.counters['refresh_token.consumed']).toBe(round)
      await oidc.restart()
    }
  })

  test('is asked once when a client repeats a refresh at once', async () => {
    const oidc = await start({ refreshTokens: 'rotating' })
    const client = await signInTo(oidc)
    const old = client.tokens.refresh_token
    const answers = await Promise.all([client.refresh(old), client.refresh(old)])
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect((await client.refresh(old)).status).toBe(200)
    expect(oidc.provider.counters['refresh_token.consumed']).toBe(1)
    oidc.deployment.clock.advance(1000)
    expect((await client.refresh()).status).toBe(200)
  })

  test('ends the grant when an old refresh token is replayed after its rotation', async () => {
    const oidc = await start({ refreshTokens: 'rotating' })
    const client = await signInTo(oidc)
    const old = client.tokens.refresh_token
    expect((await client.refresh()).status).toBe(200)
    const newest = client.tokens.refresh_token
    oidc.deployment.clock.advance(120)
    const replay = await client.refresh(old)
    expect(replay.status).toBe(400)
    expect(await replay.json()).toMatchObject({ error: 'invalid_grant' })
    expect(oidc.provider.counters['grant.revoked']).toBe(1)
    expect((await client.refresh(newest)).status).toBe(400)
  })

  test('may keep its refresh token the same over refreshes', async () => {
    const oidc = await start({ refreshTokens: 'unrotated' })
    const client = await signInTo(oidc)
    const first = client.tokens.refresh_token
    for (let round = 0; round < 2; round++) {
      oidc.deployment.clock.advance(1000)
      expect((await client.refresh()).status).toBe(200)
      expect((await client.callMcp()).status).toBe(200)
    }
    expect((await client.refresh(first)).status).toBe(200)
    expect(oidc.provider.counters['refresh_token.consumed']).toBe(0)
  })

  test('may give no refresh token: the access token then lasts an hour', async () => {
    const oidc = await start({ refreshTokens: 'none' })
    const client = await signInTo(oidc)
    expect(client.tokens.refresh_token).toBeUndefined()
    expect(client.tokens.expires_in).toBe(3600)
    oidc.deployment.clock.advance(3500)
    expect((await client.callMcp()).status).toBe(200)
    oidc.deployment.clock.advance(200)
    expect((await client.callMcp()).status).toBe(401)
  })

  test('gives refresh tokens only for the consent prompt that Postern is told to send', async () => {
    const without = await start({ identityProvider: { authorizationParameters: {} } })
    expect((await signInTo(without)).tokens.refresh_token).toBeUndefined()
    await without.close()
    const withPrompt = await start({
      identityProvider: { authorizationParameters: { prompt: 'consent' } },
    })
    expect((await signInTo(withPrompt)).tokens.refresh_token).toBeTypeOf('string')
  })

  test('ends the grant itself when a client revokes its refresh token', async () => {
    const oidc = await start()
    const client = await signInTo(oidc)
    const granted = oidc.provider.counters['grant.success']
    expect((await client.revoke()).status).toBe(200)
    expect(oidc.provider.counters['grant.revoked']).toBe(1)
    await oidc.restart()
    const refused = await client.refresh()
    expect(refused.status).toBe(400)
    expect(await refused.json()).toMatchObject({ error: 'invalid_grant' })
    expect(oidc.provider.counters['grant.success']).toBe(granted)
  })

  test.each([
    ['of another provider', 'https://evil.example.test'],
    ['that is missing', undefined],
  ])('is not confused with another by an issuer %s in its answer', async (_what, iss) => {
    const oidc = await start()
    const swap = (url: URL): void => {
      if (url.pathname !== '/idp/callback') return
      expect(url.searchParams.get('iss')).toBe(oidc.provider.issuer)
      url.searchParams.delete('iss')
      if (iss !== undefined) url.searchParams.set('iss', iss)
    }
    const signingIn = signInOverHttp(oidc.deployment, new ScriptedPerson(PERSON), { meddle: swap })
    await expect(signingIn).rejects.toThrow(/[?&]error=/)
    expect(oidc.deployment.events).toContainEqual({
      type: 'callback.refused',
      reason: 'idp_callback_invalid',
      flow: expect.any(String),
    })
    expect(oidc.provider.counters['grant.success']).toBe(0)
  })

  test('proves groups in its id_token, and the policy follows them at every refresh', async () => {
    const oidc = await start()
    await oidc.restart({ access: [{ groups: ['staff'], emailDomains: ['example.test'] }] })
    const client = await signInTo(oidc)
    await oidc.restart({ access: [{ groups: ['directors'] }] })
    const refused = await client.refresh()
    expect(refused.status).toBe(400)
    expect(oidc.deployment.events).toContainEqual(
      expect.objectContaining({ type: 'token.refused', reason: 'refresh_access_refused' }),
    )
  })
})
