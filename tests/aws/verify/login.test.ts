import { afterEach, describe, expect, test } from 'vitest'
import { listenForCallback } from '../../../src/aws/verify/callback-listener.ts'
import { describeReport } from '../../../src/aws/verify/describe.ts'
import type { LoginPorts } from '../../../src/aws/verify/login.ts'
import { verify, type Report } from '../../../src/aws/verify/verify.ts'
import { freePort } from '../../support/deployment.ts'
import {
  CALLBACK,
  CHALLENGE,
  createSmallWorld,
  MCP_URL,
  PERSON,
  POOL,
  type SmallWorld,
  type SmallWorldOptions,
} from './small-world.ts'

/** A browser with a person before it, who signs in at the user pool where it asks. */
function createBrowser(world: SmallWorld): { visit: (url: string) => Promise<string> } {
  let cookies = ''
  return {
    /** Goes there, and wherever that leads; returns the text of the last page. */
    visit: async (start) => {
      let url = start
      let form: string | undefined
      for (let step = 0; step < 30; step++) {
        const isHere = new URL(url).hostname === 'localhost'
        const init: RequestInit = {
          redirect: 'manual',
          headers: {
            cookie: cookies,
            connection: 'close',
            'content-type': 'application/x-www-form-urlencoded',
          },
          ...(form === undefined ? {} : { method: 'POST', body: form }),
        }
        const response = await (isHere ? fetch(url, init) : world.ports.fetch(url, init))
        for (const line of response.headers.getSetCookie())
          cookies += `${cookies === '' ? '' : '; '}${line.split(';', 1)[0]}`
        form = undefined
        const text = await response.text()
        const location = response.headers.get('location')
        if (location !== null) url = new URL(location, url).href
        else if (text.includes('name="request"')) {
          const [, request = ''] = /name="request" value="([^"]+)"/.exec(text) ?? []
          url = new URL('/consent', url).href
          form = new URLSearchParams({ request, action: 'approve' }).toString()
        } else if (text.includes('name="_csrf"')) {
          const [, csrf = ''] = /name="_csrf" value="([^"]+)"/.exec(text) ?? []
          const [, action = ''] = /action="([^"]+)"/.exec(text) ?? []
          url = new URL(action.replaceAll('&amp;', '&'), url).href
          form = new URLSearchParams({ _csrf: csrf, ...PERSON }).toString()
        } else return text
      }
      throw new Error(`no end at ${url}`)
    },
  }
}

interface Visit {
  report: Report
  world: SmallWorld
  lastPage: string
}

async function logIn(options: SmallWorldOptions = {}, waitSeconds = 10): Promise<Visit> {
  const world = await createSmallWorld(options)
  const browser = createBrowser(world)
  let lastPage = Promise.resolve('')
  const loginPorts: LoginPorts = {
    announce: (url) => {
      lastPage = browser.visit(url)
    },
    listen: listenForCallback,
    waitSeconds,
  }
  const report = await verify(MCP_URL, world.ports, { loginPorts })
  return { report, world, lastPage: await lastPage }
}

const positionOf = (report: Report, name: string): string | null | undefined =>
  report.positions.find((position) => position.switch === name)?.position
const codes = (report: Report): string[] => report.findings.map(({ code }) => code)

describe('--login', () => {
  test.each([
    ['relay', {}],
    ['relay whose edge adds the secret', { secret: 'edge' }],
  ] as [string, SmallWorldOptions][])(
    'goes through the life of a grant in %s',
    async (_, options) => {
      const { report, world, lastPage } = await logIn(options)
      expect(report.findings).toEqual([])
      expect(report.login).toEqual([
        `Signed in: aud is the MCP URL; scope ${MCP_URL}/tools; token_use access; expires in 3600 s`,
        'The MCP server answered initialize with that token',
        'Refreshed once: a new refresh token came',
        'Revoked; a further refresh: 400 invalid_grant',
      ])
      expect(lastPage).toContain('You can close this page')
      expect(world.pool.counters).toMatchObject({ login: 1, revoke: 3 })
    },
  )

  test('comes back to the port that mcp-remote derives from the URL', async () => {
    const { world } = await logIn()
    const registration = world.requests.find(({ url }) => url.endsWith('/register'))
    expect(await registration?.json()).toMatchObject({
      redirect_uris: [CALLBACK],
    })
  })

  test('prints no token and no code', async () => {
    const { report, world } = await logIn()
    const bodies = await Promise.all(world.requests.map((request) => request.clone().text()))
    const secrets = bodies.flatMap((body) => {
      const form = new URLSearchParams(body)
      return [
        form.get('code'),
        form.get('refresh_token'),
        form.get('code_verifier'),
        form.get('token'),
      ]
    })
    const bearer = world.requests.map(({ headers }) => headers.get('authorization')?.slice(7))
    const printed = describeReport(report) + JSON.stringify(report)
    const known = [...secrets, ...bearer].filter((value) => value !== null && value !== undefined)
    expect(known.length).toBeGreaterThan(6)
    for (const secret of known) expect(printed).not.toContain(secret)
  })

  test('lets no grant live on', async () => {
    const { world } = await logIn()
    const revoked = await Promise.all(
      world.requests
        .filter(({ url }) => url.endsWith('/revoke'))
        .map(async (request) => new URLSearchParams(await request.clone().text()).get('token')),
    )
    expect(new Set(revoked).size).toBe(3)
  })
})

describe('row 6, a sign-in without scope', () => {
  test.each(['all-scopes', 'invalid-grant-at-token'] as const)('tells %s', async (scopeOmitted) => {
    const { report } = await logIn({ pool: { scopeOmitted } })
    expect(positionOf(report, 'scopeOmitted')).toBe(scopeOmitted)
    expect(report.findings).toEqual([])
  })
})

describe('row 4, a sign-in for an unregistered URL', () => {
  test.each(['lenient', 'strict', 'ignored'] as const)('tells %s', async (resourceBinding) => {
    const { report } = await logIn({ pool: { resourceBinding } })
    expect(positionOf(report, 'resourceBinding')).toBe(resourceBinding)
    expect(report.findings).toEqual([])
  })
})

describe('what a sign-in alone can show', () => {
  test('a resource server of another name refuses the code, and the fix names the identifier', async () => {
    const { report } = await logIn({
      pool: {
        resourceBinding: 'strict',
        clients: [
          {
            clientId: 'notesclient',
            callbackUrls: [CALLBACK],
            scopes: ['https://other.example/mcp/tools'],
          },
        ],
        resourceServers: [{ identifier: 'https://other.example/mcp', scopes: ['tools'] }],
      },
      meddle: async (_, answer) => {
        const response = await answer()
        const location = response.headers.get('location')
        if (!location?.startsWith(POOL)) return response
        const url = new URL(location)
        url.searchParams.set('scope', 'https://other.example/mcp/tools')
        return new Response(null, { status: 302, headers: { location: url.href } })
      },
    })
    expect(codes(report)).toEqual(['CODE_REFUSED'])
    expect(report.findings[0]?.fix).toMatch(/byte for byte.*resourceParameter: 'strip'/)
  })

  test('a token endpoint that rejects resource is named, with the way out', async () => {
    const { report } = await logIn({ pool: { resourceAtToken: 'invalid-request' } })
    expect(report.findings).toMatchObject([
      { code: 'TOKEN_REJECTS_RESOURCE', where: 'POST https://look.example.com/token' },
    ])
  })

  test('an MCP server that refuses a fresh token', async () => {
    const { report } = await logIn({
      meddle: (request, answer) =>
        request.headers.get('authorization')?.startsWith('Bearer ') === true
          ? new Response(null, { status: 401, headers: { 'www-authenticate': CHALLENGE } })
          : answer(),
    })
    expect(codes(report)).toEqual(['MCP_REFUSES_TOKEN'])
  })

  test('a revocation that does nothing', async () => {
    const { report } = await logIn({
      meddle: (request, answer) =>
        new URL(request.url).pathname === '/revoke' ? new Response(null) : answer(),
    })
    expect(codes(report)).toEqual(['REVOKE_FAILED'])
    expect(report.findings[0]?.message).toContain('still works')
  })

  test('a person who is refused', async () => {
    const world = await createSmallWorld()
    const loginPorts: LoginPorts = {
      announce: (url) => {
        const { searchParams } = new URL(url)
        const query = new URLSearchParams({
          error: 'access_denied',
          error_description: 'No\u001b[2J',
          state: searchParams.get('state') ?? '',
        })
        void fetch(`${searchParams.get('redirect_uri')}?${query}`, {
          redirect: 'manual',
          headers: { connection: 'close' },
        })
      },
      listen: listenForCallback,
      waitSeconds: 5,
    }
    world.pool.intercept = () => new Response(null, { status: 404 })
    const report = await verify(MCP_URL, world.ports, { loginPorts })
    const finding = report.findings.find(({ code }) => code === 'LOGIN_REFUSED')
    expect(finding?.message).toContain('access_denied No\u{FFFD}[2J')
    expect(finding?.fix).toContain('`access`')
  })
})

describe('no sign-in', () => {
  let taken: { close: () => Promise<void> } | undefined
  afterEach(async () => {
    await taken?.close()
    taken = undefined
  })

  test('where another program has the port: the finding says to end it', async () => {
    taken = await listenForCallback(CALLBACK)
    const { report } = await logIn()
    expect(codes(report)).toEqual(['LOGIN_PORT_TAKEN'])
  })

  test('where nobody comes back in time', async () => {
    const world = await createSmallWorld()
    const loginPorts = { announce: () => {}, listen: listenForCallback, waitSeconds: 0.1 }
    const report = await verify(MCP_URL, world.ports, { loginPorts })
    expect(codes(report)).toEqual(['LOGIN_UNFINISHED'])
  })
})

describe('the callback on this computer', () => {
  const start = async (): Promise<{
    at: string
    close: () => Promise<void>
    next: (state: string) => Promise<unknown>
  }> => {
    const at = `http://localhost:${await freePort()}/oauth/callback`
    const listener = (await listenForCallback(at))!
    return { at, close: listener.close, next: (state) => listener.next(state, 5) }
  }

  test.each([
    ['another state', 'state=forged&code=x', {}],
    ['no state', 'code=x', {}],
    ['a form post', 'state=right&code=x', { method: 'POST' }],
  ] as [string, string, RequestInit][])('takes no code with %s', async (_, query, init) => {
    const { at, close, next } = await start()
    let came = false
    void next('right').then(() => (came = true))
    expect((await fetch(`${at}?${query}`, init)).status).toBe(404)
    expect(came).toBe(false)
    await close()
  })

  test('takes no code at another path, and each state once', async () => {
    const { at, close, next } = await start()
    const coming = next('right')
    expect((await fetch(at.replace('/oauth/', '/other/') + '?state=right&code=x')).status).toBe(404)
    const callback = fetch(`${at}?state=right&code=x`)
    ;((await coming) as { end: () => void }).end()
    expect((await callback).headers.get('referrer-policy')).toBe('no-referrer')
    expect((await fetch(`${at}?state=right&code=x`)).status).toBe(404)
    await close()
  })
})
