import type { OAuthError } from '../protocol/oauth-error.ts'

/** RFC 6749 §5.1: whatever answers a token request must not be cached. */
export const NO_STORE: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
}

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

/** Public, and the same for everybody until the next deployment. */
export function documentResponse(document: object): Response {
  return new Response(JSON.stringify(document), {
    headers: {
      'Content-Type': 'application/json',
      'Cache-Control': 'public, max-age=300',
      'X-Content-Type-Options': 'nosniff',
    },
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
