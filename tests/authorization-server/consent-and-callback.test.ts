import { beforeEach, describe, expect, test } from 'vitest'
import {
  approve,
  authorizeUrl,
  consentForm,
  FetchBrowser,
  logIn,
  onwardUrl,
  pkce,
  REDIRECT_URI,
  register,
  signIn,
} from '../support/dance.ts'
import { createWorld, IDP_ORIGIN, ISSUER, type World } from '../support/world.ts'

let world: World
let url: string
let browser: FetchBrowser
const TXN = '__Host-postern-txn-'

beforeEach(async () => {
  world = await createWorld()
  url = authorizeUrl(await register(world.postern), pkce().challenge)
  browser = new FetchBrowser(world)
})

async function form(from: FetchBrowser = browser): Promise<string> {
  return consentForm(await (await from.get(url)).text())
}

function cookies(of: FetchBrowser = browser): Map<string, string> {
  return of.jars.get(ISSUER) ?? new Map<string, string>()
}

function transactions(of: FetchBrowser = browser): string[] {
  return [...cookies(of).keys()].filter((name) => name.startsWith(TXN))
}

describe('POST /consent', () => {
  test('sends the person to the identity provider with our own PKCE, nonce and state', async () => {
    const idp = new URL(await approve(browser, url))
    expect(idp.origin).toBe(IDP_ORIGIN)
    const parameters = Object.fromEntries(idp.searchParams)
    expect(parameters).toMatchObject({
      response_type: 'code',
      response_mode: 'query',
      client_id: 'posternclient',
      redirect_uri: `${ISSUER}/idp/callback`,
      scope: 'openid email',
      code_challenge_method: 'S256',
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{22}$/),
      // 128 random bits, then the flow id.
      state: expect.stringMatching(/^[\w-]{22}[0-9a-hjkmnp-tv-z]{10}$/),
    })
    expect(parameters).not.toHaveProperty('resource')
    expect(transactions()).toEqual([TXN + parameters['state']])
  })

  test('the transaction cookie is host-bound, hidden from scripts, and short-lived', async () => {
    const request = await form()
    const response = await browser.post(`${ISSUER}/consent`, { request, action: 'approve' })
    const [cookie = ''] = response.headers.getSetCookie()
    expect(cookie).toMatch(/; Path=\/; HttpOnly; SameSite=Lax; Secure; Max-Age=900$/)
    expect(cookie.length).toBeLessThan(3800)
    expect(response.headers.get('cache-control')).toBe('no-store')
  })

  test('callers that do not accept HTML are redirected with 302', async () => {
    const answer = { request: await form(), action: 'approve' }
    const response = await browser.post(`${ISSUER}/consent`, answer, { accept: '*/*' })
    expect(response.status).toBe(302)
    expect(response.headers.get('location')).toContain(IDP_ORIGIN)
  })

  test('denying tells the client and starts nothing', async () => {
    const answer = { request: await form(), action: 'deny' }
    const response = await browser.post(`${ISSUER}/consent`, answer)
    const target = new URL(onwardUrl(await response.text()))
    expect(target.href.startsWith(REDIRECT_URI)).toBe(true)
    expect(Object.fromEntries(target.searchParams)).toMatchObject({
      error: 'access_denied',
      state: 'client-state',
      iss: ISSUER,
    })
    expect(transactions()).toEqual([])
  })

  test.each([
    ['another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
    ['another site without Origin', { 'sec-fetch-site': 'cross-site' }],
    ['a sibling host', { 'sec-fetch-site': 'same-site', origin: 'https://x.example.test' }],
    ['an opaque origin', { 'sec-fetch-site': 'same-origin', origin: 'null' }],
    ['an old browser on another site', { origin: 'https://evil.example' }],
    ['a page opened by hand', { 'sec-fetch-site': 'none' }],
  ])('refuses a form from %s', async (_, headers) => {
    const request = new Request(`${ISSUER}/consent`, {
      method: 'POST',
      headers: { cookie: `${[...cookies()].join('; ')}`, ...headers },
      body: new URLSearchParams({ request: await form(), action: 'approve' }),
    })
    const response = await world.postern.fetch(request)
    expect(response.status).toBe(403)
    expect(world.events.at(-1)).toEqual({ type: 'consent.refused', reason: 'consent_cross_site' })
  })

  test('refuses a form of which nobody says where it comes from', async () => {
    const response = await world.postern.fetch(
      new Request(`${ISSUER}/consent`, {
        method: 'POST',
        body: new URLSearchParams({ request: await form(), action: 'approve' }),
      }),
    )
    expect(response.status).toBe(403)
    expect(world.events.at(-1)).toEqual({ type: 'consent.refused', reason: 'consent_cross_site' })
  })

  test('refuses the form of another browser, both ways', async () => {
    const other = new FetchBrowser(world)
    const mine = await form()
    const theirs = await form(other)
    for (const [who, request] of [
      [browser, theirs],
      [other, mine],
    ] as const) {
      const response = await who.post(`${ISSUER}/consent`, { request, action: 'approve' })
      expect(response.status).toBe(403)
    }
    expect(world.idpCalls.filter((call) => call.includes('authorize'))).toEqual([])
  })

  test('refuses a form without the browser cookie', async () => {
    const request = await form()
    cookies().clear()
    const response = await browser.post(`${ISSUER}/consent`, { request, action: 'approve' })
    expect(response.status).toBe(403)
  })

  test('refuses two cookies of our name', async () => {
    const request = await form()
    const cookie = `__Host-postern-browser=a; __Host-postern-browser=b`
    const answer = { request, action: 'approve' }
    const response = await browser.post(`${ISSUER}/consent`, answer, { cookie })
    expect(response.status).toBe(400)
    expect(await response.text()).toContain('A cookie of this server was sent twice')
  })

  test.each([
    ['tampered', (value: string) => value.slice(0, -2) + (value.endsWith('AA') ? 'QA' : 'AA')],
    ['empty', () => ''],
    ['something else', () => 'request'],
  ])('refuses a form that is %s', async (_, change) => {
    const request = change(await form())
    const response = await browser.post(`${ISSUER}/consent`, { request, action: 'approve' })
    expect(response.status).toBe(400)
  })

  test('refuses an action that is neither approve nor deny', async () => {
    const response = await browser.post(`${ISSUER}/consent`, { request: await form(), action: 'x' })
    expect(response.status).toBe(400)
  })

  test('the form expires after 15 minutes, and says so', async () => {
    const request = await form()
    world.clock.advance(15 * 60 - 1)
    const inTime = await browser.post(`${ISSUER}/consent`, { request, action: 'approve' })
    expect(inTime.status).toBe(200)
    world.clock.advance(1)
    const late = await browser.post(`${ISSUER}/consent`, { request, action: 'approve' })
    expect(late.status).toBe(400)
    expect(await late.text()).toContain('The form has expired')
  })

  test('keeps at most four sign-ins; the oldest gives way', async () => {
    const started: string[] = []
    for (let index = 0; index < 5; index += 1) {
      const idp = new URL(await approve(browser, url))
      started.push(TXN + (idp.searchParams.get('state') ?? ''))
      world.clock.advance(1)
    }
    expect(transactions().toSorted()).toEqual(started.slice(1).toSorted())
  })

  test('reload and back button: each page and each form works, and each sign-in finishes', async () => {
    const first = await form()
    const reloaded = await form()
    const callbacks: string[] = []
    for (const request of [reloaded, first, first]) {
      const answer = { request, action: 'approve' }
      const page = await (await browser.post(`${ISSUER}/consent`, answer)).text()
      callbacks.push(await logIn(browser, onwardUrl(page)))
    }
    expect(new Set(callbacks.map((each) => new URL(each).searchParams.get('state'))).size).toBe(3)
    for (const callback of callbacks) {
      const page = await (await browser.get(callback)).text()
      expect(new URL(onwardUrl(page)).searchParams.get('code')).not.toBeNull()
    }
  })

  test('approving after denying is a new decision, not a replay', async () => {
    const request = await form()
    await browser.post(`${ISSUER}/consent`, { request, action: 'deny' })
    const page = await browser.post(`${ISSUER}/consent`, { request, action: 'approve' })
    expect(onwardUrl(await page.text())).toContain(IDP_ORIGIN)
  })

  test('a form over 64 KiB is 413', async () => {
    const answer = { request: 'x'.repeat(70_000), action: 'approve' }
    expect((await browser.post(`${ISSUER}/consent`, answer)).status).toBe(413)
  })

  test('GET decides nothing', async () => {
    const query = new URLSearchParams({ request: await form(), action: 'approve' })
    expect((await browser.get(`${ISSUER}/consent?${query}`)).status).toBe(404)
    expect(transactions()).toEqual([])
  })

  test('an unreachable identity provider is a page to reload, and nothing is lost', async () => {
    world.breakIdp(() => {
      throw new TypeError('connection refused')
    })
    const request = await form()
    const down = await browser.post(`${ISSUER}/consent`, { request, action: 'approve' })
    expect(down.status).toBe(503)
    expect(await down.text()).toContain('reload this page')
    world.breakIdp(undefined)
    const again = await browser.post(`${ISSUER}/consent`, { request, action: 'approve' })
    expect(onwardUrl(await again.text())).toContain(IDP_ORIGIN)
  })
})

describe('GET /idp/callback', () => {
  test('brings the person back with code, state and our iss, and clears the cookie', async () => {
    const target = await signIn(browser, url)
    expect(Object.fromEntries(target.searchParams)).toEqual({
      code: expect.stringMatching(/^[\w.-]{100,4096}$/),
      state: 'client-state',
      iss: ISSUER,
    })
    expect(transactions()).toEqual([])
  })

  test('does not redeem the identity provider’s code: only /token may', async () => {
    await signIn(browser, url)
    expect(world.idpCalls).not.toContain('POST /oauth2/token')
  })

  test('callers that do not accept HTML are redirected with 302', async () => {
    const callback = await logIn(browser, await approve(browser, url))
    const response = await browser.get(callback, { accept: '*/*' })
    expect(response.status).toBe(302)
    expect(response.headers.get('location')?.startsWith(REDIRECT_URI)).toBe(true)
  })

  test('works once: afterwards the sign-in is no longer under way', async () => {
    const callback = await logIn(browser, await approve(browser, url))
    expect((await browser.get(callback)).status).toBe(200)
    const again = await browser.get(callback)
    expect([again.status, await again.text()]).toEqual([400, expect.stringContaining('No sign-in')])
  })

  test('two tabs may finish in reverse order', async () => {
    const first = await logIn(browser, await approve(browser, url))
    const second = await logIn(browser, await approve(browser, url))
    for (const callback of [second, first]) expect((await browser.get(callback)).status).toBe(200)
  })

  test.each(['', 'x', 'A'.repeat(22), '../../x', 'a'.repeat(5000)])(
    'an unknown state %j is a page, never a redirect',
    async (state) => {
      await approve(browser, url)
      const callback = `${ISSUER}/idp/callback?code=x&state=${encodeURIComponent(state)}`
      const response = await browser.get(callback)
      expect([response.status, response.headers.get('location')]).toEqual([400, null])
    },
  )

  test('a cookie renamed to another state does not serve it', async () => {
    const callback = await logIn(browser, await approve(browser, url))
    const [name = ''] = transactions()
    const stolen = cookies().get(name) ?? ''
    cookies().set(`${TXN}${'A'.repeat(22)}`, stolen)
    const forged = callback.replace(/state=[^&]+/, `state=${'A'.repeat(22)}`)
    const response = await browser.get(forged)
    expect(response.status).toBe(400)
    expect(world.events.at(-1)).toMatchObject({ reason: 'transaction_invalid' })
  })

  test('two transaction cookies of one name are refused, whichever comes first', async () => {
    const callback = await logIn(browser, await approve(browser, url))
    const [name = ''] = transactions()
    const own = `${name}=${cookies().get(name)}`
    for (const cookie of [`${own}; ${name}=x`, `${name}=x; ${own}`]) {
      const response = await browser.get(callback, { cookie })
      expect([response.status, response.headers.get('location')]).toEqual([400, null])
      expect(world.events.at(-1)).toMatchObject({ reason: 'cookie_duplicated' })
    }
  })

  test('a tampered transaction cookie is refused', async () => {
    const callback = await logIn(browser, await approve(browser, url))
    const [name = ''] = transactions()
    const value = cookies().get(name) ?? ''
    const middle = Math.floor(value.length / 2)
    const changed = value[middle] === 'A' ? 'B' : 'A'
    cookies().set(name, value.slice(0, middle) + changed + value.slice(middle + 1))
    expect((await browser.get(callback)).status).toBe(400)
    expect(world.events.at(-1)).toMatchObject({ reason: 'transaction_invalid' })
  })

  test('another browser cannot finish it', async () => {
    const callback = await logIn(browser, await approve(browser, url))
    const victim = new FetchBrowser(world)
    expect((await victim.get(callback)).status).toBe(400)
  })

  test('a sign-in takes at most 15 minutes', async () => {
    const callback = await logIn(browser, await approve(browser, url))
    world.clock.advance(15 * 60)
    expect((await browser.get(callback)).status).toBe(400)
  })

  test.each([
    ['access_denied', 'access_denied'],
    ['login_required', 'access_denied'],
    ['temporarily_unavailable', 'temporarily_unavailable'],
    ['invalid_scope', 'server_error'],
    ['anything', 'server_error'],
  ])(
    'error=%s of the identity provider becomes %s, and its text goes nowhere',
    async (error, expected) => {
      const idp = new URL(await approve(browser, url))
      const callback = new URL(`${ISSUER}/idp/callback`)
      callback.search = new URLSearchParams({
        error,
        error_description: 'call 555-0100 now',
        state: idp.searchParams.get('state') ?? '',
      }).toString()
      const page = await (await browser.get(callback.href)).text()
      expect(page).not.toContain('555-0100')
      expect(Object.fromEntries(new URL(onwardUrl(page)).searchParams)).toMatchObject({
        error: expected,
        iss: ISSUER,
        state: 'client-state',
      })
      expect(JSON.stringify(world.events)).not.toContain('555-0100')
    },
  )

  test('an invented error code does not reach the log', async () => {
    const idp = new URL(await approve(browser, url))
    const state = idp.searchParams.get('state') ?? ''
    await browser.get(`${ISSUER}/idp/callback?error=Call%20555-0100&state=${state}`)
    expect(world.events.at(-1)).toMatchObject({ type: 'callback.refused', error: 'unknown' })
  })

  test('RFC 9207: an iss of another identity provider is refused (mix-up)', async () => {
    const callback = await logIn(browser, await approve(browser, url))
    const response = await browser.get(`${callback}&iss=https%3A%2F%2Fevil.example`)
    const target = new URL(onwardUrl(await response.text()))
    expect(target.searchParams.get('error')).toBe('server_error')
    expect(target.searchParams.get('code')).toBeNull()
  })

  test('RFC 9207: a missing iss is refused where the identity provider promises one', async () => {
    const promising = await createWorld()
    promising.breakIdp(async (request) => {
      const response = await promising.twin.fetch(request)
      if (!request.url.endsWith('openid-configuration')) return response
      const document = (await response.json()) as object
      return Response.json({
        ...document,
        authorization_response_iss_parameter_supported: true,
      })
    })
    const person = new FetchBrowser(promising)
    const id = await register(promising.postern)
    const target = await signIn(person, authorizeUrl(id, pkce().challenge))
    expect(target.searchParams.get('error')).toBe('server_error')
  })

  test('a code of the identity provider that is too long ends in an error, not in a broken URL', async () => {
    const idp = new URL(await approve(browser, url))
    const callback = new URL(`${ISSUER}/idp/callback`)
    const state = idp.searchParams.get('state') ?? ''
    callback.search = new URLSearchParams({ code: 'c'.repeat(3500), state }).toString()
    const target = new URL(onwardUrl(await (await browser.get(callback.href)).text()))
    expect(target.searchParams.get('error')).toBe('server_error')
    expect(world.events.at(-1)).toMatchObject({ reason: 'code_too_large' })
  })

  test.each(['state', 'code', 'iss'])('a second %s is refused', async (name) => {
    const callback = await logIn(browser, await approve(browser, url))
    const first = callback.includes(`${name}=`) ? '' : `&${name}=x`
    expect((await browser.get(`${callback}${first}&${name}=x`)).status).toBe(400)
  })

  test('an outage at the callback keeps the sign-in: reloading finishes it', async () => {
    const replica = world.replica()
    const callback = await logIn(browser, await approve(browser, url))
    browser.postern = replica
    world.breakIdp(() => new Response('oops', { status: 500 }))
    expect((await browser.get(callback)).status).toBe(503)
    world.breakIdp(undefined)
    const page = await (await browser.get(callback)).text()
    expect(new URL(onwardUrl(page)).searchParams.get('code')).not.toBeNull()
  })
})
