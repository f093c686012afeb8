import { onwardPage } from '../pages/onward.ts'
import { pageHeaders, type Markup } from '../pages/layout.ts'
import { prefersHtml } from '../protocol/negotiation.ts'
import type { OAuthError } from '../protocol/oauth-error.ts'

/** RFC 6749 §5.1: whatever answers a token request must not be cached. */
const NO_STORE = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' }

export function jsonResponse(
  body: object,
  status = 200,
  headers: Record<string, string> = {},
): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'Content-Type': 'application/json', ...NO_STORE, ...headers },
  })
}

export function oauthErrorResponse(
  error: OAuthError,
  headers: Record<string, string> = {},
): Response {
  const retry =
    error.retryAfterSeconds === undefined ? {} : { 'Retry-After': `${error.retryAfterSeconds}` }
  return jsonResponse({ error: error.error, error_description: error.description }, error.status, {
    ...retry,
    ...headers,
  })
}

export async function pageResponse(page: Markup, status = 200): Promise<Response> {
  return new Response(String(await page), { status, headers: await pageHeaders() })
}

/**
 * Sends the caller on: browsers by a page (see `onwardPage`), everything else by a redirect. 302,
 * never 307, so that no form is posted again (OAuth 2.1 §7.5.3).
 */
export async function onward(
  request: Request,
  page: { title: string; text: string; url: string },
  cookies: readonly string[] = [],
): Promise<Response> {
  const response = prefersHtml(request.headers.get('accept'))
    ? await pageResponse(onwardPage(page))
    : new Response(null, { status: 302, headers: { Location: page.url, ...NO_STORE } })
  for (const cookie of cookies) response.headers.append('Set-Cookie', cookie)
  return response
}
