import type { Answer, Ask, Silence } from './ask.ts'
import { keepCookies, type CookieJar, type DroppedCookie } from './browser-cookies.ts'
import { findConsentForm, findRefresh } from './browser-page.ts'
import { allowsFormAction } from './form-action.ts'
import { isRedirect } from './probes/documents.ts'

/** How far a browser gets from /authorize without a person who signs in. */
export interface Walk {
  end:
    | { kind: 'returned'; query: URLSearchParams; where: string }
    /** A page for a person: a sign-in, or an error. */
    | { kind: 'page'; answer: Answer }
    | { kind: 'silent'; silence: Silence }
    /** The browser refuses to go where the form leads. */
    | { kind: 'form-action'; page: string; target: string }
    | { kind: 'circle'; where: string }
  /** Origins on the way, in order. */
  origins: string[]
  dropped: DroppedCookie[]
  /** `SameSite=Strict`, set on the way to another origin: missing when that sends the person back. */
  strict: { name: string; where: string }[]
  /** Addresses that were asked to sign somebody in for another client, in order. */
  upstreamAddresses: string[]
  /** What the identity provider was asked with, where the way led to one. */
  upstream?: { clientId: string; redirectUri: string; scopes: readonly string[] }
  /** What it answered, and which of the scopes it named. */
  upstreamError?: { error: string; where: string; scopes: readonly string[] } | undefined
}

const MOST_STEPS = 10
const HTML = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'

/**
 * Goes through /authorize as a browser does: redirects, cookies, pages that refresh, and consent
 * forms of the authorization server itself, which it approves. Never fills in anything.
 */
export async function walk(ask: Ask, start: string, redirectUri: string): Promise<Walk> {
  const jar: CookieJar = new Map()
  const first = new URL(start)
  const seen: Omit<Walk, 'end'> = { origins: [], dropped: [], strict: [], upstreamAddresses: [] }
  const ended = (end: Walk['end']): Walk => ({ ...seen, end })
  let url = first
  let form: URLSearchParams | undefined
  let policies: { page: string; policy: string | null } | undefined
  for (let step = 0; step < MOST_STEPS; step++) {
    if (policies !== undefined && !allowsFormAction(policies.policy, policies.page, url))
      return ended({
        kind: 'form-action',
        page: policies.page,
        target: url.href.split('?', 1)[0] ?? '',
      })
    if (isReturn(url, redirectUri))
      return ended({ kind: 'returned', query: url.searchParams, where: `GET ${redirectUri}` })
    if (url.origin === first.origin) seen.upstreamError ??= readUpstreamError(url, seen)
    if (seen.origins.at(-1) !== url.origin) seen.origins.push(url.origin)
    const upstream = url.origin === first.origin ? undefined : readUpstream(url)
    if (upstream !== undefined) {
      seen.upstream ??= upstream
      seen.upstreamAddresses.push(url.origin + url.pathname)
    }
    const asked = await ask(url.href, requestInit(jar, url, form))
    if (!asked.ok) return ended({ kind: 'silent', silence: asked.failure })
    const answer = asked.value
    const { dropped, strict } = keepCookies(jar, url, answer.headers.getSetCookie())
    seen.dropped.push(...dropped.map((cookie) => ({ ...cookie, where: answer.where })))

    const location = isRedirect(answer) ? answer.headers.get('location') : findRefresh(answer.text)
    const next = location === null ? null : URL.parse(location, url)
    if (next !== null) {
      if (next.origin !== url.origin)
        seen.strict.push(...strict.map((name) => ({ name, where: answer.where })))
      if (!isRedirect(answer)) policies = undefined
      form = undefined
      url = next
      continue
    }
    const consent = url.origin === first.origin ? findConsentForm(answer, url) : undefined
    if (consent === undefined) return ended({ kind: 'page', answer })
    policies = { page: url.href, policy: answer.headers.get('content-security-policy') }
    url = consent.action
    form = consent.fields
  }
  return ended({ kind: 'circle', where: `GET ${url.origin}${url.pathname}` })
}

function readUpstream({ searchParams }: URL): Walk['upstream'] {
  const clientId = searchParams.get('client_id')
  const redirectUri = searchParams.get('redirect_uri')
  const scopes = (searchParams.get('scope') ?? '').split(' ').filter((scope) => scope !== '')
  return clientId === null || redirectUri === null ? undefined : { clientId, redirectUri, scopes }
}

/** RFC 6749 §4.1.2.1, of the identity provider; some add the scope that they mean. */
function readUpstreamError(
  { searchParams }: URL,
  { upstream, upstreamAddresses }: Omit<Walk, 'end'>,
): Walk['upstreamError'] {
  const [error, address] = [searchParams.get('error'), upstreamAddresses.at(-1)]
  if (upstream === undefined || error === null || address === undefined) return undefined
  const named = searchParams.get('scope')?.split(' ') ?? []
  const scopes = upstream.scopes.filter((scope) => named.includes(scope))
  return { error, where: `GET ${address}`, scopes }
}

/** Custom schemes too: what counts is where the address begins. */
function isReturn(url: URL, redirectUri: string): boolean {
  return url.href === redirectUri || url.href.startsWith(`${redirectUri}?`)
}

function requestInit(
  jar: CookieJar,
  url: URL,
  form: URLSearchParams | undefined,
): { method: string; headers: Record<string, string>; body?: string } {
  const cookie = [...(jar.get(url.host) ?? new Map<string, string>())]
    .map(([name, value]) => `${name}=${value}`)
    .join('; ')
  const headers = { accept: HTML, ...(cookie === '' ? {} : { cookie }) }
  if (form === undefined) return { method: 'GET', headers }
  return {
    method: 'POST',
    headers: {
      ...headers,
      'content-type': 'application/x-www-form-urlencoded',
      origin: url.origin,
      'sec-fetch-site': 'same-origin',
    },
    body: form.toString(),
  }
}
