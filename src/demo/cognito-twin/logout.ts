import { parseAuthorizationRequest } from './authorization-request.ts'
import { cookieNames, readCookie, redirect, setCookie, type Handler } from './http.ts'
import type { Pool } from './pool.ts'

/** Developer guide, Logout endpoint. Tokens stay valid: it ends the browser session only. */
export const handleLogout: Handler = (pool, request) => {
  const name = cookieNames(pool).session
  const session = readCookie(request, name)
  if (session !== undefined) pool.store.endSession(session)
  const response = redirect(resolveTarget(pool, new URL(request.url).searchParams))
  setCookie(pool, response, name, '', 0)
  return response
}

/** Either back to a registered sign-out URL, or on to sign in as somebody else. */
function resolveTarget(pool: Pool, query: URLSearchParams): string {
  const logoutUri = query.get('logout_uri')
  if (logoutUri === null) {
    const parsed = parseAuthorizationRequest(pool, query)
    return parsed.kind === 'valid' ? `/login?${query}` : parsed.location
  }
  const client = pool.clients.get(query.get('client_id') ?? '')
  if (client?.logoutUrls?.includes(logoutUri) === true) return logoutUri
  return '/error?error=redirect_mismatch'
}
