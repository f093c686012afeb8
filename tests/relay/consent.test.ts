import { beforeEach, describe, expect, test } from 'vitest'
import { FetchBrowser, HTML, onwardUrl, pkce, REDIRECT_URI } from '../support/dance.ts'
import { IDP_ORIGIN, ISSUER, MCP_URL } from '../support/world.ts'
import {
  approveRelay,
  CLAUDE,
  CLIENT_ID,
  createRelayWorld,
  hiddenFields,
  relayAuthorizeUrl,
  TOOLS,
  type RelayWorld,
} from './relay-world.ts'

const COOKIE = '__Host-postern-browser'

let world: RelayWorld
let browser: FetchBrowser

beforeEach(async () => {
  world = await createRelayWorld()
  browser = new FetchBrowser(world)
})

async function openForm(changes: Record<string, string | undefined> = {}): Promise<{
  request: string
  mac: string
}> {
  const page = await browser.get(relayAuthorizeUrl(pkce().challenge, changes))
  return hiddenFields(await page.text()) as { request: string; mac: string }
}

function consent(
  form: Record<string, string>,
  headers: Record<string, string> = {},
  by: FetchBrowser = browser,
): Promise<Response> {
  return by.post(`${ISSUER}/consent`, { action: 'approve', ...form }, headers)
}

/** Nothing but these may reach the identity provider. */
function sentOn(challenge: string): Record<string, string> {
  return {
    response_type: 'code',
    client_id: CLIENT_ID,
    redirect_uri: REDIRECT_URI,
    scope: TOOLS,
    state: 'client-state',
    code_challenge: challenge,
    code_challenge_method: 'S256',
  }
}

describe('approval leads to the identity provider', () => {
  test('with exactly these parameters, whatever else the client sent', async () => {
    const { challenge } = pkce()
    const url = relayAuthorizeUrl(challenge, {
      nonce: 'n',
      prompt: 'none',
      login_hint: 'eve',
      identity_provider: 'Evil',
      idp_identifier: 'evil',
      lang: 'de',
      audience: 'https://other.test',
      scope: `${TOOLS} openid`,
    })
    const idp = new URL(await approveRelay(browser, url))
    expect(idp.origin + idp.pathname).toBe(`${IDP_ORIGIN}/oauth2/authorize`)
    expect(Object.fromEntries(idp.searchParams)).toEqual(sentOn(challenge))
    expect([...idp.searchParams.keys()]).toHaveLength(7)
  })

  test('with the resource as configured where the identity provider knows it', async () => {
    world = await createRelayWorld({ relay: { resourceParameter: 'forward' } })
    browser = new FetchBrowser(world)
    const { challenge } = pkce()
    for (const resource of [
      undefined,
      MCP_URL,
      `${MCP_URL}/`,
      'HTTPS://MCP.example.test:443/mcp',
    ]) {
      const idp = new URL(await approveRelay(browser, relayAuthorizeUrl(challenge, { resource })))
      expect(Object.fromEntries(idp.searchParams)).toEqual({
        ...sentOn(challenge),
        resource: MCP_URL,
      })
    }
  })

  test('without a state where the client sent none', async () => {
    const idp = new URL(
      await approveRelay(browser, relayAuthorizeUrl(undefined, { state: undefined })),
    )
    expect(idp.searchParams.has('state')).toBe(false)
  })

  test('with the very state, whatever is in it', async () => {
    for (const state of [
      'a b+c&d=e;f%20"<>\'',
      'line\nbreak\r\nand\ttab',
      'ü💣',
      'x'.repeat(1024),
    ]) {
      const idp = new URL(await approveRelay(browser, relayAuthorizeUrl(undefined, { state })))
      expect(idp.searchParams.get('state')).toBe(state)
    }
  })

  test('by a page for browsers and by 302 for everything else', async () => {
    const page = await consent(await openForm())
    expect([page.status, page.headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect(page.headers.get('content-security-policy')).toContain("form-action 'self'")
    const redirect = await consent(await openForm(), { accept: '*/*' })
    expect(redirect.status).toBe(302)
    expect(redirect.headers.get('location')).toMatch(`${IDP_ORIGIN}/oauth2/authorize?`)
  })

  test('again and again, because nothing is kept', async () => {
    const form = await openForm()
    for (let time = 0; time < 2; time += 1) expect((await consent(form)).status).toBe(200)
    expect(world.events.filter(({ type }) => type === 'consent.given')).toHaveLength(2)
  })
})

test('Cancel tells the client, with state and without iss', async () => {
  const answer = await consent({ ...(await openForm()), action: 'deny' })
  const url = new URL(onwardUrl(await answer.text()))
  expect(url.origin + url.pathname).toBe(REDIRECT_URI)
  expect(Object.fromEntries(url.searchParams)).toEqual({
    error: 'access_denied',
    error_description: expect.any(String),
    state: 'client-state',
  })
  expect(world.events.at(-1)).toEqual({
    type: 'consent.denied',
    client: CLIENT_ID,
    flow: expect.any(String),
  })
})

describe('a form is worth nothing', () => {
  async function expectRefused(
    answer: Promise<Response>,
    status: number,
    reason: string,
  ): Promise<void> {
    const response = await answer
    expect([response.status, response.headers.get('location')]).toEqual([status, null])
    expect(await response.text()).not.toContain('http-equiv')
    expect(world.events.at(-1)).toMatchObject({ type: 'consent.refused', reason })
  }

  test('in another browser', async () => {
    const form = await openForm()
    const victim = new FetchBrowser(world)
    await victim.get(relayAuthorizeUrl())
    await expectRefused(consent(form, {}, victim), 403, 'consent_unproven')
  })

  test('in a browser that was never here', async () => {
    const victim = new FetchBrowser(world)
    await expectRefused(consent(await openForm(), {}, victim), 403, 'consent_unproven')
  })

  test.each(['', 'short'])('with the key %j, which anybody could have', async (key) => {
    const form = await openForm()
    world = await createRelayWorld()
    const plain = new FetchBrowser(world)
    plain.jars.set(ISSUER, new Map([[COOKIE, key]]))
    const forged = await macOf(key === '' ? 'x' : key, form.request)
    await expectRefused(consent({ ...form, mac: forged }, {}, plain), 403, 'consent_unproven')
  })

  test('after 15 minutes', async () => {
    const form = await openForm()
    world.clock.advance(15 * 60 - 1)
    expect((await consent(form)).status).toBe(200)
    world.clock.advance(1)
    await expectRefused(consent(form), 400, 'consent_expired')
  })

  test.each<[string, Record<string, string>]>([
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['a sibling', { 'sec-fetch-site': 'same-site' }],
    ['the address bar', { 'sec-fetch-site': 'none' }],
    ['another origin', { origin: 'https://evil.test' }],
    ['no origin', { origin: 'null' }],
  ])('from %s', async (_where, headers) => {
    await expectRefused(consent(await openForm(), headers), 403, 'consent_cross_site')
  })

  test.each([
    'redirect_uri',
    'scope',
    'state',
    'code_challenge',
    'client_id',
    'resource',
    'issued_at',
  ])('with another %s', async (name) => {
    const form = await openForm()
    const request = new URLSearchParams(form.request)
    request.set(name, name === 'redirect_uri' ? CLAUDE : `${request.get(name)}1`)
    await expectRefused(consent({ ...form, request: `${request}` }), 403, 'consent_unproven')
  })

  test('with a parameter more', async () => {
    const form = await openForm()
    const request = `${form.request}&nonce=n`
    await expectRefused(consent({ ...form, request }), 403, 'consent_unproven')
  })

  test.each<[string, Record<string, string>]>([
    ['no MAC', { mac: '' }],
    ['half a MAC', { mac: 'AAAA' }],
    ['a MAC of other characters', { mac: '!'.repeat(43) }],
    ['no request', { request: '' }],
    ['no decision', { action: '' }],
    ['another decision', { action: 'maybe' }],
  ])('with %s', async (_what, changes) => {
    const form = await openForm()
    await expectRefused(consent({ ...form, ...changes }), 400, 'consent_malformed')
  })

  test('with parameters beside the request: they are not looked at', async () => {
    const { challenge } = pkce()
    const form = await openForm({ code_challenge: challenge })
    const answer = await consent({ ...form, redirect_uri: CLAUDE, scope: 'openid', nonce: 'n' })
    const idp = new URL(onwardUrl(await answer.text()))
    expect(Object.fromEntries(idp.searchParams)).toEqual(sentOn(challenge))
  })

  test('in a browser whose owner made it: what is in it is checked all the same', async () => {
    await openForm()
    const key = browser.jars.get(ISSUER)?.get(COOKIE) ?? ''
    const own = new URLSearchParams({
      response_type: 'code',
      client_id: CLIENT_ID,
      redirect_uri: REDIRECT_URI,
      code_challenge: pkce().challenge,
      code_challenge_method: 'S256',
      issued_at: String(world.clock.seconds),
    })
    const send = async (changes: Record<string, string>): Promise<Response> => {
      const request = new URLSearchParams(own)
      for (const [name, value] of Object.entries(changes)) request.set(name, value)
      return consent({ request: `${request}`, mac: await macOf(key, `${request}`) })
    }
    expect((await send({})).status).toBe(200)
    await expectRefused(send({ redirect_uri: 'https://evil.test/' }), 400, 'redirect_uri_mismatch')
    await expectRefused(send({ client_id: 'other' }), 401, 'client_unknown')
    await expectRefused(
      send({ code_challenge_method: 'plain' }),
      400,
      'code_challenge_method_unsupported',
    )
    await expectRefused(send({ resource: 'https://other.test/' }), 400, 'resource_unknown')
    await expectRefused(send({ state: '{}' }), 400, 'state_is_json')
    await expectRefused(send({ issued_at: 'x' }), 400, 'consent_expired')
  })

  test('as JSON, or too large', async () => {
    const post = (body: string, type: string): Promise<Response> =>
      world.relay.fetch(
        new Request(`${ISSUER}/consent`, {
          method: 'POST',
          headers: { 'content-type': type, origin: ISSUER, accept: 'application/json' },
          body,
        }),
      )
    const json = await post('{}', 'application/json')
    expect([json.status, await json.json()]).toMatchObject([400, { error: 'invalid_request' }])
    const large = await post('x'.repeat(65_537), 'application/x-www-form-urlencoded')
    expect(large.status).toBe(413)
  })

  test('and browsers are told so by a page', async () => {
    const answer = await consent({ ...(await openForm()), mac: 'A'.repeat(43) }, { accept: HTML })
    expect(answer.headers.get('content-type')).toContain('text/html')
    expect(await answer.text()).toContain('made for this browser')
  })
})

/** A MAC as our page makes it, by whoever knows the key. */
async function macOf(key: string, request: string): Promise<string> {
  const encoder = new TextEncoder()
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const imported = await crypto.subtle.importKey('raw', encoder.encode(key), algorithm, false, [
    'sign',
  ])
  const text = encoder.encode(`postern relay consent v1\n${request}`)
  const mac = await crypto.subtle.sign('HMAC', imported, text)
  return Buffer.from(mac).toString('base64url')
}
