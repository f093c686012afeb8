import { json, type Handler } from './http.ts'
import type { User } from './options.ts'
import { readsEmail, verifyAccessToken } from './tokens.ts'

// userInfo endpoint, negative responses: these header values, without an auth-scheme.
const INVALID_REQUEST =
  'error="invalid_request", error_description="Bad OAuth2 request at UserInfo Endpoint"'
const INVALID_TOKEN =
  'error="invalid_token", error_description="Access token is expired, disabled, or deleted, or the user has globally signed out."'

/** Developer guide, userInfo endpoint. */
export const handleUserInfo: Handler = async (pool, request) => {
  pool.counters.userInfo++
  const header = request.headers.get('authorization')
  const token = /^Bearer +(\S+)$/i.exec(header ?? '')?.[1]
  if (token === undefined) return refuse(400, INVALID_REQUEST)
  const verified = await verifyAccessToken(pool, token)
  // userInfo endpoint: openid must be one of the scopes.
  if (verified?.scopes.includes('openid') !== true) return refuse(401, INVALID_TOKEN)
  return json({ ...attributes(verified.user, verified.scopes), username: verified.user.username })
}

/** userInfo endpoint, example response: booleans are strings here, unlike in the ID token. */
function attributes(user: User, scopes: string[]): Record<string, string> {
  if (user.email === undefined || !readsEmail(scopes)) return { sub: user.sub }
  return { sub: user.sub, email_verified: String(user.emailVerified), email: user.email }
}

function refuse(status: number, challenge: string): Response {
  return new Response(null, { status, headers: { 'WWW-Authenticate': challenge } })
}
