import { NO_STORE, oauthErrorResponse } from '../http/responses.ts'
import {
  buildErrorRedirect,
  MAX_REDIRECT_LENGTH,
  type RedirectTarget,
} from '../protocol/authorization-response.ts'
import type { Failure } from '../protocol/failure.ts'
import { prefersHtml } from '../protocol/negotiation.ts'
import { toOAuthError, type OAuthError } from '../protocol/oauth-error.ts'
import { appFaultAdvice, errorPage, outageAdvice, retryAdvice, staleClientAdvice } from './error.ts'
import type { Markup } from './layout.ts'
import { pageResponse } from './respond.ts'

/** GET /authorize, phase 1: nothing is proven, so nobody is redirected anywhere. */
export function refuseUnproven(request: Request, failure: Failure): Promise<Response> {
  const error = toOAuthError(failure)
  if (error.status === 503) return refuse(request, error, outageAdvice('The server of the app'))
  const isStale = error.error === 'invalid_client' && !OF_ITS_MAKER.has(failure.reason)
  return refuse(
    request,
    { ...error, status: 400 },
    isStale ? staleClientAdvice() : appFaultAdvice(),
  )
}

/** No registration is to be forgotten where the client says itself what it is. */
const OF_ITS_MAKER: ReadonlySet<Failure['reason']> = new Set([
  'client_id_url_malformed',
  'client_domain_not_allowed',
  'client_metadata_document_invalid',
])

/** GET /authorize, phase 2: the redirect target is proven. */
export async function refuseByRedirect(
  target: RedirectTarget,
  failure: Failure,
): Promise<Response> {
  const error = toOAuthError(failure)
  const location = buildErrorRedirect(target, error)
  // A state that large would break the redirect itself.
  if (location.length > MAX_REDIRECT_LENGTH)
    return pageResponse(errorPage(error, appFaultAdvice()), 400)
  return new Response(null, { status: 302, headers: { ...NO_STORE, Location: location } })
}

/** POST /consent. Never by redirect: it might be the form of somebody else. */
export function refuseConsent(request: Request, failure: Failure): Promise<Response> {
  const error = toOAuthError(failure)
  if (error.status === 503) return refuse(request, error, outageAdvice())
  const isFault = failure.reason === 'consent_malformed'
  return refuse(request, error, isFault ? appFaultAdvice() : retryAdvice())
}

async function refuse(request: Request, error: OAuthError, advice: Markup): Promise<Response> {
  if (!prefersHtml(request.headers.get('accept'))) return oauthErrorResponse(error)
  return pageResponse(errorPage(error, advice), error.status)
}
