import {
  issueCode,
  parseAuthorizationRequest,
  type AuthorizationRequest,
} from './authorization-request.ts'
import { cookieNames, readCookie, readForm, redirect, setCookie, type Handler } from './http.ts'
import { toLoginPage } from './pages.ts'
import type { Pool } from './pool.ts'

/** Developer guide, Login endpoint: the page people see. */
export const handleLoginPage: Handler = (pool, request) => {
  const parsed = parseAuthorizationRequest(pool, new URL(request.url).searchParams)
  if (parsed.kind !== 'valid') return redirect(parsed.location)
  return showLogin(pool, request, { username: parsed.request.loginHint ?? '' })
}

export const handleLogin: Handler = async (pool, request) => {
  pool.counters.login++
  const parsed = parseAuthorizationRequest(pool, new URL(request.url).searchParams)
  if (parsed.kind !== 'valid') return redirect(parsed.location)

  const form = await readForm(request)
  const username = form?.get('username') ?? ''
  const cookie = readCookie(request, cookieNames(pool).xsrf)
  if (form === undefined || cookie === undefined || form.get('_csrf') !== cookie)
    return showLogin(pool, request, { username, alert: 'This page had expired. Sign in again.' })

  // API reference, PreventUserExistenceErrors: unknown user and wrong password look the same.
  const user = pool.users.get(username)
  if (user === undefined || user.password !== form.get('password'))
    return showLogin(pool, request, { username, alert: 'Incorrect username or password.' })
  if (!user.enabled) return showLogin(pool, request, { username, alert: 'User is disabled.' })
  return signIn(pool, parsed.request, username)
}

function signIn(pool: Pool, request: AuthorizationRequest, username: string): Response {
  const session = pool.store.addSession(username)
  const response = redirect(issueCode(pool, request, { username, authTime: session.authTime }))
  setCookie(pool, response, cookieNames(pool).session, session.id, 3600)
  return response
}

function showLogin(
  pool: Pool,
  request: Request,
  form: { username: string; alert?: string },
): Promise<Response> {
  const { search } = new URL(request.url)
  return toLoginPage(pool, request, { action: `/login${search}`, ...form })
}
