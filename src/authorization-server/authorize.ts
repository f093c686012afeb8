import type { Client } from '../clients/client.ts'
import { identifyClient } from '../clients/known-clients.ts'
import { resolveClient } from '../clients/resolve-client.ts'
import { sha256 } from '../crypto/digest.ts'
import { randomId } from '../crypto/signing.ts'
import { oauthErrorResponse } from '../http/responses.ts'
import { consentPage } from '../pages/consent.ts'
import { appFaultAdvice, errorPage, staleClientAdvice } from '../pages/error.ts'
import { pageResponse } from '../pages/respond.ts'
import {
  proveRedirectUri,
  validateAuthorizationRequest,
  type AuthorizationRequest,
} from '../protocol/authorization-request.ts'
import { buildErrorRedirect } from '../protocol/authorization-response.ts'
import { parseCookies } from '../protocol/cookies.ts'
import type { Failure } from '../protocol/failure.ts'
import { parseParameters, type Parameters } from '../protocol/form.ts'
import { PATHS } from '../protocol/metadata.ts'
import { prefersHtml } from '../protocol/negotiation.ts'
import { toOAuthError } from '../protocol/oauth-error.ts'
import { isLoopbackRedirectUri, redirectUriHost } from '../protocol/redirect-uri.ts'
import { checkBudgets, MAX_REDIRECT_LENGTH } from './budgets.ts'
import { nowSeconds, type AuthorizationServer } from './context.ts'
import type { ConsentRequest } from './sealed-values.ts'

const CONSENT_SECONDS = 15 * 60

/**
 * GET /authorize (RFC 6749 §4.1.1). Changes nothing and may be called any number of times: clients
 * pre-flight it. Phase 1 proves client and redirect_uri and can only fail to a page; phase 2 checks
 * the rest and fails by redirecting there. Then it asks the person, every time.
 */
export async function handleAuthorize(
  request: Request,
  server: AuthorizationServer,
): Promise<Response> {
  const parameters = parseParameters(new URL(request.url).search.slice(1))
  if (!parameters.ok) return refuseWithPage(request, server, parameters.failure)

  const client = await resolveClient(parameters.value.get('client_id'), server)
  if (!client.ok) return refuseWithPage(request, server, client.failure)
  const redirectUri = proveRedirectUri(parameters.value, client.value.redirectUris)
  if (!redirectUri.ok) return refuseWithPage(request, server, redirectUri.failure)

  const valid = validateAuthorizationRequest(
    parameters.value,
    redirectUri.value,
    server.config.resources,
  )
  if (!valid.ok)
    return refuseByRedirect(
      server,
      client.value,
      parameters.value,
      redirectUri.value,
      valid.failure,
    )
  const fits = checkBudgets(valid.value, server.config.identityProvider, server.config.issuer)
  if (!fits.ok)
    return refuseByRedirect(server, client.value, parameters.value, redirectUri.value, fits.failure)
  return askForConsent(request, server, client.value, valid.value)
}

async function askForConsent(
  request: Request,
  server: AuthorizationServer,
  client: Client,
  valid: AuthorizationRequest,
): Promise<Response> {
  const cookies = parseCookies(request.headers.get('cookie') ?? '', server.cookies.isOurs)
  if (!cookies.ok) return refuseWithPage(request, server, cookies.failure)
  const known = cookies.value.get(server.cookies.browser)
  const browser = known ?? randomId(server.runtime.random)

  const issuedAt = nowSeconds(server)
  const consent: ConsentRequest = {
    ...valid,
    client: client.name,
    issuedAt,
    browser: await sha256(browser),
  }
  const sealedRequest = await server.sealer.seal('consent', consent, issuedAt + CONSENT_SECONDS)
  const resource = server.config.resources.find(({ url }) => url === valid.resource)
  const identity = identifyClient(client.redirectUris)
  const response = await pageResponse(
    consentPage({
      ...(identity === undefined ? {} : { knownClient: identity.name }),
      ...(client.displayName === undefined ? {} : { claimedName: client.displayName }),
      redirectHost: redirectUriHost(valid.redirectUri),
      isLoopback: isLoopbackRedirectUri(valid.redirectUri),
      resourceName: resource?.name ?? valid.resource,
      resource: valid.resource,
      scopes: valid.scope.split(' '),
      sealedRequest,
      action: PATHS.consent,
    }),
  )
  if (known === undefined)
    response.headers.append(
      'Set-Cookie',
      `${server.cookies.browser}=${browser}; ${server.cookies.attributes}`,
    )
  server.runtime.emit({
    type: 'authorize.shown',
    client: client.name,
    redirectHost: redirectUriHost(valid.redirectUri),
    resource: valid.resource,
  })
  return response
}

/** Phase 1: nothing is proven, so nobody is redirected anywhere. */
async function refuseWithPage(
  request: Request,
  server: AuthorizationServer,
  failure: Failure,
): Promise<Response> {
  server.runtime.emit({ type: 'authorize.refused', reason: failure.reason })
  const error = { ...toOAuthError(failure), status: 400 }
  if (!prefersHtml(request.headers.get('accept'))) return oauthErrorResponse(error)
  const advice = error.error === 'invalid_client' ? staleClientAdvice() : appFaultAdvice()
  return pageResponse(errorPage(error, advice), error.status)
}

/** Phase 2: the redirect target is proven. */
async function refuseByRedirect(
  server: AuthorizationServer,
  client: Client,
  parameters: Parameters,
  redirectUri: string,
  failure: Failure,
): Promise<Response> {
  server.runtime.emit({
    type: 'authorize.refused',
    reason: failure.reason,
    client: client.name,
  })
  const error = toOAuthError(failure)
  const state = parameters.get('state')
  const location = buildErrorRedirect({ redirectUri, issuer: server.config.issuer, state }, error)
  // A state that large would break the redirect itself.
  if (location.length > MAX_REDIRECT_LENGTH)
    return pageResponse(errorPage(error, appFaultAdvice()), 400)
  return new Response(null, {
    status: 302,
    headers: { Location: location, 'Cache-Control': 'no-store' },
  })
}
