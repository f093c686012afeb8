import { authorizeUrl, HTML, pkce, REDIRECT_URI, type Tokens } from './dance.ts'
import type { Deployment } from './deployment.ts'
import type { Credentials } from './person.ts'
import { ISSUER } from './world.ts'

const MOST_STEPS = 30
// A connection kept alive may be found dead after Postern was restarted.
const ONCE = { connection: 'close' }

/** A person and their browser over real HTTP: cookies by host, forms, redirects and refreshes. */
export class ScriptedPerson {
  readonly #credentials: Credentials
  readonly #fetch: typeof fetch
  readonly #cookies: Map<string, string> = new Map()

  /** `fetch` reaches the names of the test; the client's own callback is always fetched directly. */
  constructor(credentials: Credentials, fetchNames: typeof fetch = fetch) {
    this.#credentials = credentials
    this.#fetch = fetchNames
  }

  /**
   * Agrees and logs in; returns where the browser is sent at the end, without going there. `meddle`
   * may change every address on the way.
   */
  async signIn(authorizationUrl: string, meddle: (url: URL) => void = () => {}): Promise<URL> {
    const redirectUri = new URL(authorizationUrl).searchParams.get('redirect_uri') ?? ''
    let url = new URL(authorizationUrl)
    let response = await this.#request(url)
    for (let step = 0; step < MOST_STEPS; step++) {
      const next = await this.#next(url, response)
      if (next.url.href.startsWith(`${redirectUri}?`)) return next.url
      url = next.url
      meddle(url)
      response = await this.#request(url, next.form)
    }
    throw new Error(`no end of redirects at ${url}`)
  }

  /** The same, and goes there. */
  async signInAndReturn(authorizationUrl: string): Promise<Response> {
    return fetch(await this.signIn(authorizationUrl), { redirect: 'manual', headers: ONCE })
  }

  async #next(url: URL, response: Response): Promise<{ url: URL; form?: URLSearchParams }> {
    const location = response.headers.get('location')
    const page = await response.text()
    if (response.status >= 300 && response.status < 400 && location !== null)
      return { url: new URL(location, url) }
    const refresh = /<meta http-equiv="refresh" content="0;\s*url=([^"]+)"/.exec(page)?.[1]
    if (refresh !== undefined) return { url: new URL(unescapeHtml(refresh), url) }
    const form = /<form\b[^>]*>[\s\S]*?<\/form>/.exec(page)?.[0]
    if (response.status !== 200 || form === undefined)
      throw new Error(`stopped at ${url} (${response.status}):\n${page}`)
    const action = attribute(form, 'action') ?? url.href
    return { url: new URL(action, url), form: this.#fillIn(form) }
  }

  #fillIn(form: string): URLSearchParams {
    const filled = new URLSearchParams()
    for (const [input] of form.matchAll(/<input\b[^>]*>/g)) {
      const name = attribute(input, 'name')
      if (name === undefined) continue
      if (name === 'username' || name === 'login') filled.set(name, this.#credentials.username)
      else if (name === 'password') filled.set(name, this.#credentials.password)
      else filled.set(name, attribute(input, 'value') ?? '')
    }
    const button = /<button\b[^>]*\bname="[^>]*>/.exec(form)?.[0]
    const name = button === undefined ? undefined : attribute(button, 'name')
    if (button !== undefined && name !== undefined)
      filled.set(name, attribute(button, 'value') ?? '')
    return filled
  }

  async #request(url: URL, form?: URLSearchParams): Promise<Response> {
    const cookie = [...this.#cookies]
      .filter(([key]) => key.startsWith(`${url.host} `))
      .map(([key, value]) => `${key.slice(url.host.length + 1)}=${value}`)
      .join('; ')
    const headers: Record<string, string> = { accept: HTML, ...ONCE }
    if (cookie !== '') headers['cookie'] = cookie
    if (form !== undefined) {
      headers['origin'] = url.origin
      headers['sec-fetch-site'] = 'same-origin'
    }
    const response = await this.#fetch(url, {
      headers,
      redirect: 'manual',
      ...(form === undefined ? {} : { method: 'POST', body: form }),
    })
    for (const line of response.headers.getSetCookie()) this.#keep(url.host, line)
    return response
  }

  #keep(host: string, line: string): void {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim())
    const name = pair.slice(0, pair.indexOf('='))
    const value = pair.slice(pair.indexOf('=') + 1)
    const over = attributes.some((each) => /^max-age=0$|^expires=.*\b1970\b/i.test(each))
    if (over || value === '') this.#cookies.delete(`${host} ${name}`)
    else this.#cookies.set(`${host} ${name}`, value)
  }
}

function attribute(tag: string, name: string): string | undefined {
  const value = new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1]
  return value === undefined ? undefined : unescapeHtml(value)
}

function unescapeHtml(text: string): string {
  return text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}

export interface HttpClient {
  clientId: string
  tokens: Tokens
  /** Refreshes with the given or the newest refresh token, which becomes the answer's. */
  refresh: (refreshToken?: string) => Promise<Response>
  revoke: (refreshToken?: string) => Promise<Response>
  callMcp: () => Promise<Response>
}

export interface HttpClientOptions {
  meddle?: (url: URL) => void
  /** Reaches the names of the test. */
  fetch?: typeof fetch
  /** Default: a loopback URI with a port of its own. */
  redirectUri?: string
}

/** Registers, signs the person in and redeems the code, all over HTTP. */
export async function signInOverHttp(
  deployment: Pick<Deployment, 'issuer' | 'mcpUrl'>,
  person: ScriptedPerson,
  options: HttpClientOptions = {},
): Promise<HttpClient> {
  const { issuer, mcpUrl } = deployment
  const { fetch = globalThis.fetch, redirectUri = REDIRECT_URI } = options
  const registered = await fetch(`${issuer}/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...ONCE },
    body: JSON.stringify({ redirect_uris: [redirectUri], client_name: 'Test app' }),
  })
  const { client_id: clientId } = (await registered.json()) as { client_id: string }
  const { verifier, challenge } = pkce()
  const changes = { resource: mcpUrl, redirect_uri: redirectUri }
  const url = authorizeUrl(clientId, challenge, changes).replace(ISSUER, issuer)
  const redirect = await person.signIn(url, options.meddle)
  const post = (path: string, form: Record<string, string>): Promise<Response> =>
    fetch(issuer + path, {
      method: 'POST',
      headers: ONCE,
      body: new URLSearchParams({ client_id: clientId, ...form }),
    })
  const response = await post('/token', {
    grant_type: 'authorization_code',
    code: redirect.searchParams.get('code') ?? '',
    code_verifier: verifier,
    redirect_uri: redirectUri,
  })
  if (response.status !== 200)
    throw new Error(`${redirect}: ${response.status} ${await response.text()}`)
  const client: HttpClient = {
    clientId,
    tokens: (await response.json()) as Tokens,
    refresh: async (refreshToken = client.tokens.refresh_token ?? '') => {
      const answer = await post('/token', {
        grant_type: 'refresh_token',
        refresh_token: refreshToken,
      })
      if (answer.ok) client.tokens = (await answer.clone().json()) as Tokens
      return answer
    },
    revoke: (refreshToken = client.tokens.refresh_token ?? '') =>
      post('/revoke', { token: refreshToken }),
    callMcp: () =>
      fetch(mcpUrl, {
        method: 'POST',
        headers: {
          ...ONCE,
          authorization: `Bearer ${client.tokens.access_token}`,
          accept: 'application/json, text/event-stream',
          'content-type': 'application/json',
        },
        body: JSON.stringify({
          jsonrpc: '2.0',
          id: 1,
          method: 'tools/call',
          params: { name: 'whoami', arguments: {} },
        }),
      }),
  }
  return client
}
