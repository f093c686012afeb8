import { errorLocation, issueCode, parseAuthorizationRequest } from './authorization-request.ts'
import { cookieNames, readCookie, redirect, type Handler } from './http.ts'

/** Developer guide, Authorize endpoint. */
export const handleAuthorize: Handler = (pool, request) => {
  pool.counters.authorize++
  const { searchParams: query } = new URL(request.url)
  const parsed = parseAuthorizationRequest(pool, query)
  if (parsed.kind !== 'valid') return redirect(parsed.location)

  const { prompts, redirectUri, state } = parsed.request
  const session = pool.store.findSession(readCookie(request, cookieNames(pool).session) ?? '')
  const signedIn = session !== undefined && pool.users.get(session.username)?.enabled === true
  // Authorize endpoint, prompt: `none` never shows a page; the others always do.
  if (prompts.includes('none')) {
    if (!signedIn) return redirect(errorLocation(redirectUri, state, { error: 'login_required' }))
    return redirect(issueCode(pool, parsed.request, session))
  }
  if (signedIn && prompts.length === 0) return redirect(issueCode(pool, parsed.request, session))
  // Authorize endpoint: redirects to the login endpoint with the same parameters.
  return redirect(`/login?${query}`)
}
