import { createHash, randomBytes } from 'node:crypto'
import type { CognitoTwinOptions } from '../../src/demo/cognito-twin/options.ts'
import { createCognitoTwin, type CognitoTwin } from '../../src/demo/cognito-twin/twin.ts'

export const ORIGIN = 'http://localhost:7421'
export const CALLBACK = 'http://127.0.0.1:3334/oauth/callback'
export const OTHER_CALLBACK = 'myapp://callback'
export const MCP = 'https://mcp.example.com/mcp'
export const ADA = { username: 'ada', password: 'correct horse' }

export const PUBLIC = 'public1'
export const CONFIDENTIAL = 'confidential1'
export const SECRET = 'secret1'

const CLIENT = {
  callbackUrls: [CALLBACK, OTHER_CALLBACK],
  logoutUrls: ['http://localhost:3334/signed-out'],
  scopes: ['openid', 'email', `${MCP}/tools`],
}

/** The clock stands still until `clock.ms` moves. */
export interface TestTwin {
  twin: CognitoTwin
  clock: { ms: number }
  browser: Browser
  get(path: string, headers?: HeadersInit): Promise<Response>
  post(path: string, form: Record<string, string>, headers?: HeadersInit): Promise<Response>
}

export async function createTestTwin(
  overrides: Partial<CognitoTwinOptions> = {},
): Promise<TestTwin> {
  const clock = { ms: 1_800_000_000_000 }
  const twin = await createCognitoTwin({
    origin: ORIGIN,
    clients: [
      { ...CLIENT, clientId: PUBLIC },
      { ...CLIENT, clientId: CONFIDENTIAL, clientSecret: SECRET },
    ],
    users: [
      { ...ADA, email: 'ada@example.com', emailVerified: true, groups: ['Admins', 'Readers'] },
      { username: 'bob', password: 'battery staple' },
    ],
    resourceServers: [{ identifier: MCP, scopes: ['tools'] }],
    now: () => clock.ms,
    ...overrides,
  })
  const get = (path: string, headers: HeadersInit = {}) =>
    twin.fetch(new Request(new URL(path, ORIGIN), { headers, redirect: 'manual' }))
  const post = (path: string, form: Record<string, string>, headers: HeadersInit = {}) =>
    twin.fetch(
      new Request(new URL(path, ORIGIN), {
        method: 'POST',
        body: new URLSearchParams(form),
        headers,
        redirect: 'manual',
      }),
    )
  return { twin, clock, browser: new Browser((request) => twin.fetch(request)), get, post }
}

/** As much of a browser as a sign-in needs: cookies, and one form. */
export class Browser {
  readonly cookies: Map<string, string> = new Map()
  readonly #fetch: (request: Request) => Promise<Response>

  constructor(fetch: (request: Request) => Promise<Response>) {
    this.#fetch = fetch
  }

  async request(url: string | URL, form?: Record<string, string>): Promise<Response> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await this.#fetch(
      new Request(url, {
        headers: { cookie },
        redirect: 'manual',
        ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
      }),
    )
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=')
      if (/Max-Age=0/.test(line)) this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
    return response
  }

  /** Opens the sign-in page and sends it; the answer is whatever the form post led to. */
  async submitLogin(
    authorizeUrl: string | URL,
    person: { username: string; password: string },
  ): Promise<Response> {
    const redirected = await this.request(authorizeUrl)
    const loginUrl = new URL(locationOf(redirected), authorizeUrl)
    const page = await (await this.request(loginUrl)).text()
    const csrf = /name="_csrf" value="([^"]+)"/.exec(page)?.[1] ?? ''
    return this.request(loginUrl, { ...person, _csrf: csrf })
  }
}

export function locationOf(response: Response): string {
  return response.headers.get('location') ?? ''
}

export function createPkce(): { verifier: string; challenge: string } {
  const verifier = randomBytes(32).toString('base64url')
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') }
}

/** Path and query of a good authorization request; `null` leaves a parameter out. */
export function authorizePath(overrides: Record<string, string | null> = {}): string {
  const query = new URLSearchParams()
  const parameters: Record<string, string | null> = {
    response_type: 'code',
    client_id: PUBLIC,
    redirect_uri: CALLBACK,
    scope: 'openid email',
    state: 'state-1',
    ...overrides,
  }
  for (const [name, value] of Object.entries(parameters)) if (value !== null) query.set(name, value)
  return `/oauth2/authorize?${query}`
}

/** Signs Ada in and returns the code. */
export async function obtainCode(
  { browser }: TestTwin,
  overrides: Record<string, string | null> = {},
): Promise<string> {
  const response = await browser.submitLogin(
    new URL(authorizePath({ prompt: 'login', ...overrides }), ORIGIN),
    ADA,
  )
  const code = new URL(locationOf(response)).searchParams.get('code')
  if (code === null) throw new Error(`no code: ${response.status} ${locationOf(response)}`)
  return code
}

export interface Tokens {
  access_token: string
  id_token?: string
  refresh_token?: string
  token_type: string
  expires_in: number
}

export async function obtainTokens(
  test: TestTwin,
  overrides: Record<string, string | null> = {},
): Promise<Tokens & { refresh_token: string }> {
  const code = await obtainCode(test, overrides)
  const response = await test.post('/oauth2/token', codeForm(code))
  if (response.status !== 200) throw new Error(`no tokens: ${await response.text()}`)
  return (await response.json()) as Tokens & { refresh_token: string }
}

export function codeForm(code: string): Record<string, string> {
  return { grant_type: 'authorization_code', client_id: PUBLIC, code, redirect_uri: CALLBACK }
}

export function refreshForm(token: string): Record<string, string> {
  return { grant_type: 'refresh_token', client_id: PUBLIC, refresh_token: token }
}

export function basic(id: string, secret: string): { authorization: string } {
  return { authorization: `Basic ${btoa(`${id}:${secret}`)}` }
}

/** Status and `error` of an OAuth error response, in one string. */
export async function errorOf(response: Response): Promise<string> {
  const body = (await response.json()) as { error?: string }
  return `${response.status} ${body.error}`
}
