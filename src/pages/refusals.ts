import { NO_STORE, oauthErrorResponse } from '../http/responses.ts'
import {
  buildErrorRedirect,
  MAX_REDIRECT_LENGTH,
  type RedirectTarget,
} from '../protocol/authorization-response.ts'
import type { Failure } from '../protocol/failure.ts'
import { prefersHtml } from '../protocol/negotiation.ts'
import { toOAuthError, type OAuthError } from '../protocol/oauth-error.ts'
import { errorPage } from './error.ts'
import { explain } from './explanations.ts'
import type { Site } from './layout.ts'
import { pageResponse } from './respond.ts'

/** What is known about a sign-in that failed. */
interface About {
  flow?: string | undefined
  /** What the request named, proven or not; good for advice only. */
  redirectUri?: string | null
}

/** GET /authorize, phase 1: nothing is proven, so nobody is redirected anywhere. */
export function refuseUnproven(
  request: Request,
  site: Site,
  failure: Failure,
  about: About = {},
): Promise<Response> {
  const redirectUri = new URL(request.url).searchParams.get('redirect_uri')
  const error = toOAuthError(failure)
  // 401 is for machines, which heal by it at /token; here their preflight wants 400.
  const status = error.status === 401 ? 400 : error.status
  return refuse(request, site, failure, { ...error, status }, { ...about, redirectUri })
}

/** GET /authorize, phase 2: the redirect target is proven. */
export async function refuseByRedirect(
  target: RedirectTarget,
  site: Site,
  failure: Failure,
  about: About = {},
): Promise<Response> {
  const error = toOAuthError(failure)
  const location = buildErrorRedirect(target, error)
  // A state that large would break the redirect itself.
  if (location.length > MAX_REDIRECT_LENGTH)
    return pageResponse(site, errorPage(error, explain(failure.reason, error.error), about), 400)
  return new Response(null, { status: 302, headers: { ...NO_STORE, Location: location } })
}

/**
 * POST /consent and GET /idp/callback, where nobody can be told but who is looking. Never by
 * redirect: it might be the form of somebody else.
 */
export function refuseWithPage(
  request: Request,
  site: Site,
  failure: Failure,
  about: About = {},
): Promise<Response> {
  return refuse(request, site, failure, toOAuthError(failure), about)
}

async function refuse(
  request: Request,
  site: Site,
  failure: Failure,
  error: OAuthError,
  about: About,
): Promise<Response> {
  if (!prefersHtml(request.headers.get('accept'))) return oauthErrorResponse(error)
  return pageResponse(
    site,
    errorPage(error, explain(failure.reason, error.error), about),
    error.status,
  )
}
