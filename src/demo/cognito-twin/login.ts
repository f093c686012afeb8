import {
  issueCode,
  parseAuthorizationRequest,
  type AuthorizationRequest,
} from './authorization-request.ts'
import { cookieNames, readCookie, readForm, redirect, setCookie, type Handler } from './http.ts'
import { toEmptyLoginPage, toLoginPage, toUnavailablePage } from './pages.ts'
import type { Pool } from './pool.ts'

/** Developer guide, Login endpoint: the page people see. */
export const handleLoginPage: Handler = (pool, request) => {
  const parsed = parseAuthorizationRequest(pool, new URL(request.url).searchParams)
  if (parsed.kind !== 'valid') return redirect(parsed.location)
  const { client, loginHint } = parsed.request
  switch (client.loginPage ?? 'form') {
    case 'no-branding':
      return toUnavailablePage()
    case 'no-identity-provider':
      return toEmptyLoginPage()
    case 'form':
      return showLogin(pool, request, { username: loginHint ?? '' })
  }
}

export const handleLogin: Handler = async (pool, request) => {
  pool.counters.login++
  const parsed = parseAuthorizationRequest(pool, new URL(request.url).searchParams)
  if (parsed.kind !== 'valid') return redirect(parsed.location)
  const { client } = parsed.request
  if ((client.loginPage ?? 'form') !== 'form') return new Response(null, { status: 403 })

  const form = await readForm(request)
  const username = form?.get('username') ?? ''
  const cookie = readCookie(request, cookieNames(pool).xsrf)
  if (form === undefined || cookie === undefined || form.get('_csrf') !== cookie)
    return showLogin(pool, request, { username, alert: 'This page had expired. Sign in again.' })

  const user = [...pool.users.values()].find(({ signInName }) => signInName === username)
  // API reference, PreventUserExistenceErrors: unknown user and wrong password look the same.
  if (user === undefined && client.preventUserExistenceErrors === false)
    return showLogin(pool, request, { username, alert: 'User does not exist.' })
  if (user === undefined || user.password !== form.get('password'))
    return showLogin(pool, request, { username, alert: 'Incorrect username or password.' })
  if (!user.enabled) return showLogin(pool, request, { username, alert: 'User is disabled.' })
  return signIn(pool, parsed.request, user.username)
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
