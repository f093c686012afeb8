import { createHash, randomBytes } from 'node:crypto'
import type { Postern } from '../../src/postern.ts'
import { IDP_ORIGIN, ISSUER, MCP_URL, USER, type World } from './world.ts'

export const REDIRECT_URI = 'http://localhost:3334/oauth/callback'
export const HTML = 'text/html,application/xhtml+xml,*/*;q=0.8'

/** Whatever answers the requests of our origin. */
export type Door = Pick<Postern, 'fetch'>

/** A browser's worth of HTTP over in-process handlers: cookies by origin, and what it says of itself. */
export class FetchBrowser {
  readonly world: Pick<World, 'twin'>
  readonly jars: Map<string, Map<string, string>> = new Map()
  postern: Door

  constructor(world: Pick<World, 'twin'> & { postern: Door }, postern: Door = world.postern) {
    this.world = world
    this.postern = postern
  }

  async get(url: string, headers: Record<string, string> = {}): Promise<Response> {
    return this.#send(new Request(url, { headers: this.#headers(url, headers) }))
  }

  async post(
    url: string,
    form: Record<string, string>,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const own = { origin: new URL(url).origin, 'sec-fetch-site': 'same-origin', ...headers }
    const body = new URLSearchParams(form)
    return this.#send(new Request(url, { method: 'POST', headers: this.#headers(url, own), body }))
  }

  #headers(url: string, extra: Record<string, string>): Record<string, string> {
    const jar = this.jars.get(new URL(url).origin) ?? new Map<string, string>()
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    return { accept: HTML, ...(cookie === '' ? {} : { cookie }), ...extra }
  }

  async #send(request: Request): Promise<Response> {
    const { origin } = new URL(request.url)
    const response =
      origin === IDP_ORIGIN
        ? await this.world.twin.fetch(request)
        : await this.postern.fetch(request)
    const jar = this.jars.get(origin) ?? new Map<string, string>()
    this.jars.set(origin, jar)
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = cookie.split(';').map((part) => part.trim())
      const name = pair.slice(0, pair.indexOf('='))
      if (attributes.some((attribute) => attribute.toLowerCase() === 'max-age=0')) jar.delete(name)
      else jar.set(name, pair.slice(pair.indexOf('=') + 1))
    }
    return response
  }
}

export interface PkcePair {
  verifier: string
  challenge: string
}

export function pkce(): PkcePair {
  const verifier = randomBytes(32).toString('base64url')
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') }
}

export async function register(
  postern: Door,
  metadata: Record<string, unknown> = {},
): Promise<string> {
  const response = await postern.fetch(
    new Request(`${ISSUER}/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ redirect_uris: [REDIRECT_URI], client_name: 'Test app', ...metadata }),
    }),
  )
  const body = (await response.json()) as { client_id?: string; error_description?: string }
  if (body.client_id === undefined) throw new Error(`registration failed: ${JSON.stringify(body)}`)
  return body.client_id
}

export function authorizeUrl(
  clientId: string,
  challenge: string,
  changes: Record<string, string | undefined> = {},
): string {
  const parameters: Record<string, string | undefined> = {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: REDIRECT_URI,
    state: 'client-state',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    resource: MCP_URL,
    scope: 'mcp',
    ...changes,
  }
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined) query.set(name, value)
  return `${ISSUER}/authorize?${query}`
}

/** The sealed request in a consent page. */
export function consentForm(page: string): string {
  const value = /name="request" value="([^"]+)"/.exec(page)?.[1]
  if (value === undefined) throw new Error(`no consent form in: ${page.slice(0, 2000)}`)
  return value
}

/** Where a page moves on to. */
export function onwardUrl(page: string): string {
  const value = /<meta http-equiv="refresh" content="0;url=([^"]+)"/.exec(page)?.[1]
  if (value === undefined) throw new Error(`no onward link in: ${page.slice(0, 2000)}`)
  return value.replaceAll('&amp;', '&').replaceAll('&#39;', "'").replaceAll('&quot;', '"')
}

/** Opens the consent page and approves; yields the URL at the identity provider. */
export async function approve(browser: FetchBrowser, url: string): Promise<string> {
  const page = await (await browser.get(url)).text()
  const form = { request: consentForm(page), action: 'approve' }
  const answer = await browser.post(`${ISSUER}/consent`, form)
  return onwardUrl(await answer.text())
}

/** Signs in at the twin; yields the URL of our callback with the identity provider's answer. */
export async function logIn(browser: FetchBrowser, idpUrl: string): Promise<string> {
  let response = await browser.get(idpUrl)
  for (let step = 0; step < 5; step += 1) {
    const location = response.headers.get('location')
    if (location !== null) {
      const next = new URL(location, IDP_ORIGIN)
      if (next.origin !== IDP_ORIGIN) return next.href
      response = await browser.get(next.href)
      continue
    }
    const page = await response.text()
    const action = /<form[^>]*action="([^"]+)"/.exec(page)?.[1]?.replaceAll('&amp;', '&')
    if (action === undefined) throw new Error(`no login form in: ${page.slice(0, 2000)}`)
    const hidden = [...page.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)]
    const fields = Object.fromEntries(
      hidden.map(([, name = '', value = '']): [string, string] => [name, value]),
    )
    const person = { username: USER.username, password: USER.password }
    response = await browser.post(new URL(action, IDP_ORIGIN).href, { ...fields, ...person })
  }
  throw new Error('the twin never sent the person back')
}

/** The whole way to the client's redirect_uri. */
export async function signIn(browser: FetchBrowser, url: string): Promise<URL> {
  const callback = await logIn(browser, await approve(browser, url))
  const response = await browser.get(callback)
  return new URL(onwardUrl(await response.text()))
}

export async function post(
  postern: Door,
  path: string,
  form: Record<string, string | undefined>,
  headers: Record<string, string> = {},
): Promise<Response> {
  const body = new URLSearchParams()
  for (const [name, value] of Object.entries(form)) if (value !== undefined) body.set(name, value)
  return postern.fetch(new Request(ISSUER + path, { method: 'POST', body, headers }))
}

export interface Tokens {
  access_token: string
  refresh_token?: string
  expires_in: number
  scope: string
  token_type: string
}

export interface SignedIn extends Tokens {
  clientId: string
}

/** Registers, signs in and redeems the code. */
export async function obtainTokens(
  world: World,
  changes: Record<string, string | undefined> = {},
): Promise<SignedIn> {
  const clientId = await register(world.postern)
  const { verifier, challenge } = pkce()
  const browser = new FetchBrowser(world)
  const redirect = await signIn(browser, authorizeUrl(clientId, challenge, changes))
  const response = await post(world.postern, '/token', {
    grant_type: 'authorization_code',
    client_id: clientId,
    code: redirect.searchParams.get('code') ?? '',
    code_verifier: verifier,
    redirect_uri: REDIRECT_URI,
  })
  if (response.status !== 200) throw new Error(`token: ${response.status} ${await response.text()}`)
  return { clientId, ...((await response.json()) as Tokens) }
}

export async function refresh(
  postern: Door,
  signedIn: Pick<SignedIn, 'clientId' | 'refresh_token'>,
  changes: Record<string, string> = {},
): Promise<Response> {
  return post(postern, '/token', {
    grant_type: 'refresh_token',
    client_id: signedIn.clientId,
    refresh_token: signedIn.refresh_token,
    ...changes,
  })
}

/** Calls the MCP endpoint. */
export async function callMcp(
  postern: Door,
  accessToken: string | undefined,
  init: RequestInit & { url?: string } = {},
): Promise<Response> {
  const { url, headers, ...rest } = init
  const all = new Headers(headers)
  if (accessToken !== undefined) all.set('authorization', `Bearer ${accessToken}`)
  return postern.fetch(
    new Request(url ?? MCP_URL, { method: 'POST', body: '{}', ...rest, headers: all }),
  )
}
