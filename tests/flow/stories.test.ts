import { beforeEach, describe, expect, test } from 'vitest'
import {
  approve,
  authorizeUrl,
  callMcp,
  consentForm,
  FetchBrowser,
  HTML,
  logIn,
  obtainTokens,
  onwardUrl,
  pkce,
  post,
  refresh,
  register,
  REDIRECT_URI,
  signIn,
} from '../support/dance.ts'
import { createWorld, ISSUER, MCP_URL, SECRET_B, type World } from '../support/world.ts'
import { arrows, onlyStory, readStories, recordLog } from './log.ts'

let world: World
let log: string[]

beforeEach(async () => {
  world = await createWorld()
  log = recordLog(world)
})

const story = (): ReturnType<typeof onlyStory> => onlyStory(log, world.clock.now())

async function open(browser: FetchBrowser): Promise<{ page: string; url: string }> {
  const url = authorizeUrl(await register(world.postern), pkce().challenge)
  return { page: await (await browser.get(url)).text(), url }
}

function redeem(
  clientId: string,
  redirect: URL,
  verifier: string,
  door: World['postern'] = world.postern,
): Promise<Response> {
  return post(door, '/token', {
    grant_type: 'authorization_code',
    client_id: clientId,
    code: redirect.searchParams.get('code') ?? '',
    code_verifier: verifier,
  })
}

describe('the story of a sign-in', () => {
  test('goes from discovery to tools/call, with durations', async () => {
    await callMcp(world.postern, undefined)
    await world.postern.fetch(new Request(`${ISSUER}/.well-known/oauth-protected-resource/mcp`))
    await world.postern.fetch(new Request(`${ISSUER}/.well-known/oauth-authorization-server`))
    const clientId = await register(world.postern)
    const { verifier, challenge } = pkce()
    const browser = new FetchBrowser(world)
    const url = authorizeUrl(clientId, challenge)
    // As mcp-remote does: it looks before it opens the browser.
    await browser.get(url, { accept: 'application/json' })
    world.clock.advance(2)
    const page = await (await browser.get(url)).text()
    world.clock.advance(30)
    const answer = await browser.post(`${ISSUER}/consent`, {
      request: consentForm(page),
      action: 'approve',
    })
    world.clock.advance(20)
    const callback = await logIn(browser, onwardUrl(await answer.text()))
    const redirect = new URL(onwardUrl(await (await browser.get(callback)).text()))
    const response = await redeem(clientId, redirect, verifier)
    const { access_token: token } = (await response.json()) as { access_token: string }
    await callMcp(world.postern, token, { headers: { 'mcp-method': 'server/discover' } })
    const call = { 'mcp-method': 'tools/call', 'mcp-name': 'whoami' }
    for (let round = 0; round < 10; round += 1)
      await callMcp(world.postern, token, { headers: call })

    const told = story()
    expect(arrows(told)).toEqual([
      'client → postern: calls without a token, and is told where to sign in',
      'client → postern: reads the metadata of the protected resource',
      'client → postern: reads the metadata of the authorization server',
      'client → postern: registers as Test app',
      'client → postern: looks at the authorization endpoint',
      'postern → person: shows the consent page',
      'person → identity-provider: continues, and signs in',
      'identity-provider → postern: sends the person back with a code',
      'client → postern: redeems its code for mcp',
      'client → mcp-server: first call: server/discover',
      'client → mcp-server: call 2: tools/call whoami',
      'client → mcp-server: call 10: tools/call whoami',
    ])
    expect(told.steps.map(({ tookMs }) => tookMs)).toEqual([
      0, 0, 0, 0, 0, 2000, 30_000, 20_000, 0, 0, 0, 0,
    ])
    expect(told.steps.map(({ guessed }) => guessed === true)).toEqual([
      ...Array<boolean>(3).fill(true),
      ...Array<boolean>(9).fill(false),
    ])
    expect(told).toMatchObject({
      outcome: 'signed-in',
      client: { name: 'Test app', isProven: false },
      resource: MCP_URL,
      tookMs: 52_000,
      calls: 11,
    })
    expect(told.subject).toMatch(/./)
  })

  test('names a client as proven only where its redirect URI is', async () => {
    const uri = 'https://claude.ai/api/mcp/auth_callback'
    const clientId = await register(world.postern, { redirect_uris: [uri] })
    const url = authorizeUrl(clientId, pkce().challenge, { redirect_uri: uri })
    await new FetchBrowser(world).get(url)
    expect(story().client).toMatchObject({ name: 'Claude', isProven: true })
  })

  test('says that the person declined', async () => {
    const browser = new FetchBrowser(world)
    const { page } = await open(browser)
    await browser.post(`${ISSUER}/consent`, { request: consentForm(page), action: 'deny' })
    expect(story()).toMatchObject({ outcome: 'denied', reason: 'consent_denied' })
  })

  test('says what the identity provider answered', async () => {
    const browser = new FetchBrowser(world)
    const { url } = await open(browser)
    const idp = new URL(await approve(browser, url))
    const state = idp.searchParams.get('state') ?? ''
    await browser.get(`${ISSUER}/idp/callback?error=access_denied&state=${state}`)
    expect(story()).toMatchObject({
      outcome: 'failed',
      reason: 'idp_error',
      code: 'D20-identity-provider-refuses',
    })
  })

  test('says that the access policy refused', async () => {
    world = await createWorld({ postern: { access: [{ groups: ['others'] }] } })
    log = recordLog(world)
    await expect(obtainTokens(world)).rejects.toThrow('access_denied')
    expect(story()).toMatchObject({ outcome: 'failed', reason: 'code_access_refused' })
  })

  test('says which flow expired on the consent page', async () => {
    const browser = new FetchBrowser(world)
    const { page } = await open(browser)
    world.clock.advance(15 * 60)
    await browser.post(`${ISSUER}/consent`, { request: consentForm(page), action: 'approve' })
    expect(story()).toMatchObject({ outcome: 'failed', reason: 'consent_expired' })
  })

  test('says who came back too late, or in a browser without the cookie', async () => {
    const browser = new FetchBrowser(world)
    const { url } = await open(browser)
    const callback = await logIn(browser, await approve(browser, url))
    const answer = await new FetchBrowser(world).get(callback)
    const told = story()
    expect(told).toMatchObject({
      outcome: 'failed',
      reason: 'transaction_missing',
      code: 'D14-cookie-dropped',
    })
    expect(await answer.text()).toContain(told.flow)
  })

  test.each(['UPPERCASE!', '<b>x</b>12', '0123456789a', '\u001B[2J'])(
    'takes nothing but a flow id from the end of a state: %j',
    async (tail) => {
      const state = encodeURIComponent('A'.repeat(22) + tail)
      await new FetchBrowser(world).get(`${ISSUER}/idp/callback?code=x&state=${state}`)
      expect(log).toHaveLength(1)
      expect(log[0]).toContain('transaction_missing')
      expect(log[0]).not.toContain('flow')
    },
  )

  test('is not undone by a callback page that is loaded again', async () => {
    const browser = new FetchBrowser(world)
    const { url } = await open(browser)
    const callback = await logIn(browser, await approve(browser, url))
    await browser.get(callback)
    await browser.get(callback)
    expect(story()).toMatchObject({ outcome: 'under-way' })
  })

  test('knows a refused token request by its code_verifier', async () => {
    const clientId = await register(world.postern)
    const { verifier, challenge } = pkce()
    const browser = new FetchBrowser(world)
    const redirect = await signIn(browser, authorizeUrl(clientId, challenge))
    world.clock.advance(61)
    await redeem(clientId, redirect, verifier)
    expect(story()).toMatchObject({ outcome: 'failed', reason: 'code_invalid' })
    await redeem('nobody', redirect, verifier)
    expect(story()).toMatchObject({ reason: 'client_unknown', code: 'D21-registration-dead' })
  })

  test('goes on over refreshes, and says when one is refused', async () => {
    const tokens = await obtainTokens(world)
    world.clock.advance(901)
    const refreshed = (await (await refresh(world.postern, tokens)).json()) as {
      access_token: string
      refresh_token: string
    }
    await callMcp(world.postern, refreshed.access_token)
    expect(story()).toMatchObject({ outcome: 'signed-in', calls: 1 })
    expect(arrows(story()).slice(-2)).toEqual([
      'client → postern: refreshes its token',
      'client → mcp-server: first call',
    ])
    world.breakIdp(() => Response.json({ error: 'invalid_grant' }, { status: 400 }))
    world.clock.advance(901)
    await refresh(world.postern, { ...tokens, refresh_token: refreshed.refresh_token })
    expect(story()).toMatchObject({
      outcome: 'failed',
      reason: 'idp_rejected_grant',
      code: 'D10-refresh-refused',
    })
  })

  test('says that the MCP server did not answer', async () => {
    const tokens = await obtainTokens(world)
    world.onUpstream(() => {
      throw new TypeError('fetch failed')
    })
    await callMcp(world.postern, tokens.access_token)
    expect(story()).toMatchObject({
      outcome: 'failed',
      reason: 'no connection',
      code: 'D09-server-fails',
    })
  })
})

describe('an abandoned sign-in says where it stopped', () => {
  test('on the consent page', async () => {
    await open(new FetchBrowser(world))
    expect(story()).toMatchObject({ outcome: 'under-way' })
    world.clock.advance(15 * 60 + 1)
    expect(story()).toMatchObject({
      outcome: 'abandoned',
      stopped: 'consent was shown, nobody answered',
    })
  })

  test('at the identity provider', async () => {
    const browser = new FetchBrowser(world)
    await approve(browser, (await open(browser)).url)
    world.clock.advance(15 * 60 + 1)
    expect(story()).toMatchObject({
      outcome: 'abandoned',
      stopped: 'sent to the identity provider, never came back',
      code: 'D20-sign-in-unfinished',
    })
  })

  test('with the code in the hands of the client', async () => {
    const browser = new FetchBrowser(world)
    await signIn(browser, (await open(browser)).url)
    world.clock.advance(61)
    expect(story()).toMatchObject({
      outcome: 'abandoned',
      stopped: 'the client was given its code, and never redeemed it',
    })
  })

  test('before a browser opened', async () => {
    const url = authorizeUrl(await register(world.postern), pkce().challenge)
    await new FetchBrowser(world).get(url, { accept: 'application/json' })
    world.clock.advance(15 * 60 + 1)
    expect(story()).toMatchObject({ stopped: 'the client looked, and opened no browser' })
  })
})

describe('sign-ins are told apart', () => {
  test('where several are under way at once, on several replicas, whose logs are mixed', async () => {
    const doors = [world.postern, world.replica(), world.replica()]
    const people = await Promise.all(
      doors.map(async (door) => {
        const { verifier, challenge } = pkce()
        const clientId = await register(door)
        const browser = new FetchBrowser(world, door)
        return { verifier, clientId, browser, url: authorizeUrl(clientId, challenge) }
      }),
    )
    const idpUrls = await Promise.all(people.map(({ browser, url }) => approve(browser, url)))
    const tokens = await Promise.all(
      people.map(async ({ browser, clientId, verifier }, at) => {
        const callback = await logIn(browser, idpUrls[at] ?? '')
        // Every step meets another replica.
        browser.postern = doors[(at + 1) % 3] ?? world.postern
        const redirect = new URL(onwardUrl(await (await browser.get(callback)).text()))
        const response = await redeem(clientId, redirect, verifier, doors[(at + 2) % 3])
        return ((await response.json()) as { access_token: string }).access_token
      }),
    )
    for (const token of tokens) await callMcp(world.replica(), token)

    const stories = readStories(log.toReversed(), world.clock.now())
    expect(stories).toHaveLength(3)
    expect(new Set(stories.map(({ flow }) => flow)).size).toBe(3)
    for (const told of stories) {
      expect(told).toMatchObject({ outcome: 'signed-in', calls: 1 })
      expect(told.steps.map(({ text }) => text)).toEqual(
        expect.arrayContaining(['registers as Test app', 'continues, and signs in', 'first call']),
      )
    }
  })
})

describe('what was sealed before there were flow ids still opens', () => {
  /** Seals as an earlier version did. */
  async function withoutFlow(run: (door: World['postern']) => Promise<void>): Promise<void> {
    const stringify = JSON.stringify
    JSON.stringify = ((value: unknown) => {
      const text = stringify(value)
      return text.replace(/,"flow":"[0-9a-z]{10}"/, '')
    }) as typeof JSON.stringify
    try {
      await run(world.postern)
    } finally {
      JSON.stringify = stringify
    }
  }

  test('a consent form, a cookie, a code and a refresh token', async () => {
    const { verifier, challenge } = pkce()
    const clientId = await register(world.postern)
    const browser = new FetchBrowser(world)
    let [page, idpUrl] = ['', '']
    await withoutFlow(async () => {
      page = await (await browser.get(authorizeUrl(clientId, challenge))).text()
    })
    // The form is old, so the cookie and all that follow have no flow id either.
    const form = { request: consentForm(page), action: 'approve' }
    idpUrl = onwardUrl(await (await browser.post(`${ISSUER}/consent`, form)).text())
    expect(new URL(idpUrl).searchParams.get('state')).toMatch(/^[\w-]{22}$/)
    const callback = await logIn(browser, idpUrl)
    const redirect = new URL(onwardUrl(await (await browser.get(callback)).text()))
    const tokens = (await (await redeem(clientId, redirect, verifier)).json()) as {
      access_token: string
      refresh_token: string
    }
    expect((await callMcp(world.postern, tokens.access_token)).status).toBe(200)
    const refreshed = await refresh(world.postern, { ...tokens, clientId })
    expect(refreshed.status).toBe(200)
    expect(log.filter((line) => line.includes('token.issued'))).toHaveLength(2)
    expect(log.filter((line) => /token\.issued.*"flow"/.test(line))).toEqual([])
  })
})

test('no line of a flow holds what is secret', async () => {
  const secrets: string[] = [SECRET_B]
  const { verifier, challenge } = pkce()
  const clientId = await register(world.postern)
  const browser = new FetchBrowser(world)
  const page = await (await browser.get(authorizeUrl(clientId, challenge))).text()
  secrets.push(clientId, challenge, verifier, consentForm(page), 'client-state')
  const idpUrl = new URL(await approve(browser, authorizeUrl(clientId, challenge)))
  secrets.push(...idpUrl.searchParams.values())
  for (const jar of browser.jars.values()) secrets.push(...jar.values())
  const callback = new URL(await logIn(browser, idpUrl.href))
  const redirect = new URL(onwardUrl(await (await browser.get(callback.href)).text()))
  secrets.push(callback.searchParams.get('code') ?? '', redirect.searchParams.get('code') ?? '')
  const tokens = (await (await redeem(clientId, redirect, verifier)).json()) as {
    access_token: string
    refresh_token: string
  }
  secrets.push(tokens.access_token, tokens.refresh_token)
  const headers = { 'mcp-method': 'tools/call', 'mcp-name': tokens.access_token }
  await callMcp(world.postern, tokens.access_token, { headers })
  await browser.get(callback.href, { accept: HTML })
  await redeem(clientId, redirect, verifier)
  await refresh(world.postern, { ...tokens, clientId })

  const known = new Set(['code', 'query', 'S256', 'openid email', 'posternclient', REDIRECT_URI])
  const searched = secrets.filter((secret) => secret.length > 8 && !known.has(secret))
  expect(searched.length).toBeGreaterThan(12)
  expect(searched.filter((secret) => log.join('\n').includes(secret))).toEqual([])
})
