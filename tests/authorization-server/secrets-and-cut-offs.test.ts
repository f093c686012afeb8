import { beforeEach, describe, expect, test } from 'vitest'
import { sha256 } from '../../src/crypto/digest.ts'
import type { PosternEvent } from '../../src/events.ts'
import { createPostern, type Postern } from '../../src/postern.ts'
import { createResourceServer } from '../../src/resource-server.ts'
import {
  approve,
  authorizeUrl,
  callMcp,
  consentForm,
  FetchBrowser,
  logIn,
  obtainTokens,
  pkce,
  post,
  REDIRECT_URI,
  refresh,
  register,
  signIn,
  type SignedIn,
} from '../support/dance.ts'
import {
  createWorld,
  ISSUER,
  MCP_URL,
  SECRET_A,
  SECRET_B,
  UPSTREAM,
  type World,
} from '../support/world.ts'

let world: World

beforeEach(async () => {
  world = await createWorld()
})

describe('rotation of secrets: nobody sees a 401', () => {
  test('append everywhere, move to the front, retire: two replicas on different lists', async () => {
    const steps: [string[], string[]][] = [
      [[SECRET_A], [SECRET_A, SECRET_B]],
      [
        [SECRET_A, SECRET_B],
        [SECRET_A, SECRET_B],
      ],
      [
        [SECRET_A, SECRET_B],
        [SECRET_B, SECRET_A],
      ],
      [
        [SECRET_B, SECRET_A],
        [SECRET_B, SECRET_A],
      ],
    ]
    for (const [left, right] of steps) {
      const replicas = [world.replica({ secrets: left }), world.replica({ secrets: right })]
      for (const [issuing, using] of [replicas, replicas.toReversed()] as [Postern, Postern][]) {
        world.postern = issuing
        const tokens = await obtainTokens(world)
        expect((await callMcp(using, tokens.access_token)).status).toBe(200)
        const refreshed = await refresh(using, tokens)
        expect(refreshed.status).toBe(200)
        const { access_token: token } = (await refreshed.json()) as SignedIn
        expect((await callMcp(issuing, token)).status).toBe(200)
      }
    }
  })

  test('a sign-in may pass through replicas on different lists', async () => {
    const left = world.replica({ secrets: [SECRET_A, SECRET_B] })
    const right = world.replica({ secrets: [SECRET_B, SECRET_A] })
    const { verifier, challenge } = pkce()
    const clientId = await register(left)
    const browser = new FetchBrowser(world, right)
    const idp = await approve(browser, authorizeUrl(clientId, challenge))
    browser.postern = left
    const page = await (await browser.get(await logIn(browser, idp))).text()
    const code = /code=([\w.-]+)/.exec(page)?.[1] ?? ''
    const response = await post(right, '/token', {
      grant_type: 'authorization_code',
      client_id: clientId,
      code,
      code_verifier: verifier,
    })
    expect(response.status).toBe(200)
  })

  test('a retired secret opens client ids, and nothing else', async () => {
    const tokens = await obtainTokens(world)
    const later = world.replica({ secrets: [SECRET_B], retiredSecrets: [SECRET_A] })
    const answer = await refresh(later, tokens)
    expect([answer.status, ((await answer.json()) as { error: string }).error]).toEqual([
      400,
      'invalid_grant',
    ])
    expect((await callMcp(later, tokens.access_token)).status).toBe(401)
    const page = await later.fetch(new Request(authorizeUrl(tokens.clientId, pkce().challenge)))
    expect(page.status).toBe(200)
  })

  test('a gate of its own needs public keys only, pinned before the new secret signs', async () => {
    const appended = world.replica({ secrets: [SECRET_A, SECRET_B] })
    const jwks = await appended.fetch(new Request(`${ISSUER}/.well-known/jwks.json`))
    const gate = createResourceServer(
      { url: MCP_URL, jwks: (await jwks.json()) as { keys: JsonWebKey[] } },
      { now: world.clock.now },
    )
    for (const secrets of [[SECRET_A], [SECRET_A, SECRET_B], [SECRET_B, SECRET_A]]) {
      world.postern = world.replica({ secrets })
      const { access_token: token } = await obtainTokens(world)
      const admission = await gate.admit({
        method: 'POST',
        target: '/mcp',
        host: 'mcp.example.test',
        headers: [['authorization', `Bearer ${token}`]],
      })
      expect(admission.admitted).toBe(true)
    }
  })
})

describe('revokeBefore', () => {
  async function cutOff(
    kind: (signedIn: SignedIn, at: number) => Promise<object>,
    expected: { token: number; refresh: [number, string] },
  ): Promise<void> {
    const signedIn = await obtainTokens(world)
    world.clock.advance(10)
    const revokeBefore = await kind(signedIn, world.clock.seconds)
    world.postern = world.replica({ revokeBefore })
    expect((await callMcp(world.postern, signedIn.access_token)).status).toBe(expected.token)
    const answer = await refresh(world.postern, signedIn)
    const { error } = (await answer.json()) as { error: string }
    expect([answer.status, error]).toEqual(expected.refresh)
    // What is issued afterwards is not concerned.
    const fresh = await obtainTokens(world)
    expect((await callMcp(world.postern, fresh.access_token)).status).toBe(200)
  }

  test('for everybody', () =>
    cutOff((_, at) => Promise.resolve({ all: at }), {
      token: 401,
      refresh: [401, 'invalid_client'],
    }))

  test('for one person', () =>
    cutOff(
      ({ access_token: token }, at) => {
        const claims = JSON.parse(atob(token.split('.')[1] ?? '')) as { sub: string }
        return Promise.resolve({ subjects: { [claims.sub]: at } })
      },
      { token: 401, refresh: [400, 'invalid_grant'] },
    ))

  test('for one client', () =>
    cutOff(async ({ clientId }, at) => ({ clients: { [await sha256(clientId)]: at } }), {
      token: 401,
      refresh: [401, 'invalid_client'],
    }))

  test('for a person between sign-in and redemption', async () => {
    const clientId = await register(world.postern)
    const { verifier, challenge } = pkce()
    const target = await signIn(new FetchBrowser(world), authorizeUrl(clientId, challenge))
    const subject = await subjectOf(world)
    world.clock.advance(5)
    const response = await post(
      world.replica({ revokeBefore: { subjects: { [subject]: world.clock.seconds } } }),
      '/token',
      {
        grant_type: 'authorization_code',
        client_id: clientId,
        code: target.searchParams.get('code') ?? '',
        code_verifier: verifier,
      },
    )
    expect(await response.json()).toMatchObject({ error: 'invalid_grant' })
  })

  test('for a sign-in under way: its form and its cookie', async () => {
    const browser = new FetchBrowser(world)
    const url = authorizeUrl(await register(world.postern), pkce().challenge)
    const request = consentForm(await (await browser.get(url)).text())
    const callback = await logIn(browser, await approve(browser, url))
    world.clock.advance(5)
    browser.postern = world.replica({ revokeBefore: { all: world.clock.seconds } })
    expect((await browser.post(`${ISSUER}/consent`, { request, action: 'approve' })).status).toBe(
      401,
    )
    expect((await browser.get(callback)).status).toBe(400)
  })
})

async function subjectOf(of: World): Promise<string> {
  const { access_token: token } = await obtainTokens(of)
  return (JSON.parse(atob(token.split('.')[1] ?? '')) as { sub: string }).sub
}

describe('redirect policy at every use', () => {
  test('a client whose redirect URIs are no longer allowed is refused', async () => {
    const uri = 'https://app.example/callback'
    const open = world.replica({ clients: { redirectUris: [uri] } })
    const clientId = await register(open, { redirect_uris: [uri] })
    const url = authorizeUrl(clientId, pkce().challenge, { redirect_uri: uri })
    expect((await open.fetch(new Request(url))).status).toBe(200)
    const closed = await world.replica().fetch(new Request(url))
    expect([closed.status, closed.headers.get('location')]).toEqual([400, null])
  })

  test('of several redirect URIs the allowed ones keep working', async () => {
    const uri = 'https://app.example/callback'
    const open = world.replica({ clients: { redirectUris: [uri] } })
    const clientId = await register(open, { redirect_uris: [uri, REDIRECT_URI] })
    const { challenge } = pkce()
    const ask = async (redirectUri: string): Promise<number> => {
      const url = authorizeUrl(clientId, challenge, { redirect_uri: redirectUri })
      return (await world.postern.fetch(new Request(url))).status
    }
    expect([await ask(REDIRECT_URI), await ask(uri)]).toEqual([200, 400])
  })
})

describe('each sealed value in every wrong place', () => {
  test('is refused, and nothing goes upstream', async () => {
    const browser = new FetchBrowser(world)
    const signedIn = await obtainTokens(world)
    const { verifier, challenge } = pkce()
    const url = authorizeUrl(signedIn.clientId, challenge)
    const consent = consentForm(await (await browser.get(url)).text())
    const callback = await logIn(browser, await approve(browser, url))
    const [name = '', transaction = ''] =
      [...(browser.jars.get(ISSUER) ?? [])].find(([key]) => key.includes('txn')) ?? []
    const page = await (await browser.get(callback)).text()
    const code = /code=([\w.-]+)/.exec(page)?.[1] ?? ''
    const values: Record<string, string> = {
      client_id: signedIn.clientId,
      consent,
      transaction,
      code,
      refresh_token: signedIn.refresh_token ?? '',
      access_token: signedIn.access_token,
    }
    const before = world.idpCalls.length
    const state = name.slice(name.lastIndexOf('txn-') + 4)

    const places: Record<string, (value: string) => Promise<Response>> = {
      client_id: (value) => world.postern.fetch(new Request(authorizeUrl(value, challenge))),
      consent: (value) => browser.post(`${ISSUER}/consent`, { request: value, action: 'approve' }),
      transaction: (value) => {
        browser.jars.get(ISSUER)?.set(name, value)
        return browser.get(`${ISSUER}/idp/callback?code=x&state=${state}`)
      },
      code: (value) =>
        post(world.postern, '/token', {
          grant_type: 'authorization_code',
          client_id: signedIn.clientId,
          code: value,
          code_verifier: verifier,
        }),
      refresh_token: (value) => refresh(world.postern, { ...signedIn, refresh_token: value }),
      access_token: (value) => callMcp(world.postern, value),
    }
    const wrong = Object.entries(values).flatMap(([kind, value]) =>
      Object.entries(places)
        .filter(([place]) => place !== kind)
        .map(([place, present]) => ({ kind, place, present: () => present(value) })),
    )
    expect(wrong).toHaveLength(30)
    for (const { kind, place, present } of wrong) {
      const status = place === 'access_token' ? 401 : 400
      expect([kind, place, (await present()).status]).toEqual([kind, place, status])
    }
    expect(world.idpCalls).toHaveLength(before)
    expect(world.forwarded).toEqual([])
  })
})

describe('what is told', () => {
  test('no event ever holds a token, code, secret, cookie or state', async () => {
    const browser = new FetchBrowser(world)
    const clientId = await register(world.postern)
    const { verifier, challenge } = pkce()
    const url = authorizeUrl(clientId, challenge)
    const idp = await approve(browser, url)
    const callback = await logIn(browser, idp)
    const cookies = [...(browser.jars.get(ISSUER)?.values() ?? [])]
    const page = await (await browser.get(callback)).text()
    const code = /code=([\w.-]+)/.exec(page)?.[1] ?? ''
    const form = {
      grant_type: 'authorization_code',
      client_id: clientId,
      code,
      code_verifier: verifier,
    }
    const tokens = (await (await post(world.postern, '/token', form)).json()) as SignedIn
    await post(world.postern, '/token', form)
    await refresh(world.postern, { clientId, refresh_token: tokens.refresh_token ?? '' })
    await callMcp(world.postern, tokens.access_token)
    await callMcp(world.postern, `${tokens.access_token}x`)
    await callMcp(world.postern, undefined, {
      url: `${MCP_URL}?access_token=${tokens.access_token}`,
    })
    world.breakIdp(() => Promise.reject(new TypeError(`connect to ${callback} failed`)))
    world.clock.advance(120)
    await refresh(world.postern, { clientId, refresh_token: tokens.refresh_token ?? '' })

    const told = JSON.stringify(world.events)
    const secrets = {
      clientId,
      verifier,
      challenge,
      code,
      accessToken: tokens.access_token,
      signature: tokens.access_token.split('.')[2] ?? '',
      refreshToken: tokens.refresh_token ?? '',
      secret: SECRET_A,
      clientState: 'client-state',
      idpState: new URL(idp).searchParams.get('state') ?? '',
      idpNonce: new URL(idp).searchParams.get('nonce') ?? '',
      idpCode: new URL(callback).searchParams.get('code') ?? '',
      ...Object.fromEntries(cookies.map((value, index) => [`cookie${index}`, value])),
    }
    for (const [name, value] of Object.entries(secrets)) {
      expect([name, value.length > 5]).toEqual([name, true])
      expect([name, told.includes(value)]).toEqual([name, false])
    }
    expect(world.events.length).toBeGreaterThan(8)
  })

  test('a fault is OAuth JSON with a number to quote, never its message', async () => {
    const events: PosternEvent[] = []
    let broken = false
    const postern = createPostern(
      {
        resources: [{ url: MCP_URL, upstream: UPSTREAM }],
        identityProvider: { issuer: world.twin.issuer, clientId: 'x', refreshTokens: 'rotating' },
        access: 'anyoneTheIdpAdmits',
        secrets: [SECRET_A],
      },
      {
        emit: (event) => events.push(event),
        now: () => {
          if (broken) throw new Error('the clock of 10.0.0.7 is broken')
          return Date.now()
        },
      },
    )
    broken = true
    const response = await postern.fetch(
      new Request(`${ISSUER}/register`, {
        method: 'POST',
        body: JSON.stringify({ redirect_uris: [REDIRECT_URI] }),
      }),
    )
    expect(response.status).toBe(500)
    const body = (await response.json()) as { error: string; error_description: string }
    expect(body.error).toBe('server_error')
    expect(body.error_description).not.toContain('10.0.0.7')
    const [fault] = events
    expect(fault).toMatchObject({ type: 'fault', message: 'the clock of 10.0.0.7 is broken' })
    expect(body.error_description).toContain(fault?.type === 'fault' ? fault.requestId : 'no fault')
  })
})
