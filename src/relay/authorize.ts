import { identifyClient } from '../clients/known-clients.ts'
import { flowOf } from '../crypto/flow-of.ts'
import { randomId } from '../crypto/signing.ts'
import type { Named } from '../events.ts'
import { consentPage } from '../pages/consent.ts'
import { refuseByRedirect, refuseUnproven } from '../pages/refusals.ts'
import { pageResponse } from '../pages/respond.ts'
import type { AuthorizationRequest } from '../protocol/authorization-request.ts'
import { parseCookies } from '../protocol/cookies.ts'
import type { Failure } from '../protocol/failure.ts'
import { parseParameters } from '../protocol/form.ts'
import { PATHS } from '../protocol/metadata.ts'
import { prefersHtml } from '../protocol/negotiation.ts'
import { isLoopbackRedirectUri, redirectUriHost } from '../protocol/redirect-uri.ts'
import { parseScope } from '../protocol/scope.ts'
import { proveClient, validateRelayRequest } from './authorization-request.ts'
import { consentFields, isBrowserKey } from './consent-form.ts'
import { nowSeconds, type RelayServer } from './context.ts'

/**
 * GET /authorize (RFC 6749 §4.1.1). Changes nothing and may be called any number of times. Phase 1
 * can only fail to a page; phase 2 fails by redirecting to what phase 1 proved. Then it asks the
 * person, every time: all clients are one to the identity provider, which would ask only once.
 */
export async function handleAuthorize(request: Request, server: RelayServer): Promise<Response> {
  const { config, runtime } = server
  const parameters = parseParameters(new URL(request.url).search.slice(1))
  const challenge = parameters.ok ? parameters.value.get('code_challenge') : undefined
  const flow = await flowOf(challenge, runtime)
  const refuse = (failure: Failure): Promise<Response> => {
    runtime.emit({ type: 'authorize.refused', reason: failure.reason, flow })
    return refuseUnproven(request, config, failure, { flow })
  }
  if (!parameters.ok) return refuse(parameters.failure)
  const redirectUri = proveClient(parameters.value, config)
  if (!redirectUri.ok) return refuse(redirectUri.failure)

  const valid = validateRelayRequest(parameters.value, redirectUri.value, config)
  if (!valid.ok) {
    const client = config.identityProvider.clientId
    const named = { client, ...namesOf(redirectUri.value) }
    runtime.emit({ type: 'authorize.refused', reason: valid.failure.reason, ...named, flow })
    const state = parameters.value.get('state')
    // Without `iss`, like the identity provider's own answers: it must not look like another server.
    const target = { redirectUri: redirectUri.value, state, issuer: undefined }
    return refuseByRedirect(target, config, valid.failure, { flow })
  }
  const cookies = parseCookies(request.headers.get('cookie') ?? '', server.cookies.isOurs)
  if (!cookies.ok) return refuse(cookies.failure)
  const cookie = cookies.value.get(server.cookies.browser)
  return askForConsent(request, server, valid.value, cookie, flow)
}

async function askForConsent(
  request: Request,
  server: RelayServer,
  valid: AuthorizationRequest,
  cookie: string | undefined,
  flow: string,
): Promise<Response> {
  const { config, runtime, cookies } = server
  const [resource] = config.resources
  const browser = isBrowserKey(cookie) ? cookie : randomId(runtime.random)
  const known = identifyClient([valid.redirectUri])
  const redirectHost = redirectUriHost(valid.redirectUri)
  const client = config.identityProvider.clientId
  const response = await pageResponse(
    config,
    consentPage({
      ...(known === undefined ? {} : { knownClient: known.name }),
      redirectHost,
      isLoopback: isLoopbackRedirectUri(valid.redirectUri),
      resourceName: resource.name,
      resource: resource.url,
      scopes: parseScope(valid.scope),
      fields: await consentFields(valid, client, browser, nowSeconds(server)),
      action: PATHS.consent,
      flow,
    }),
  )
  if (browser !== cookie)
    response.headers.append('Set-Cookie', `${cookies.browser}=${browser}; ${cookies.attributes}`)
  runtime.emit({
    type: 'authorize.shown',
    client,
    redirectHost,
    resource: resource.url,
    ...(prefersHtml(request.headers.get('accept')) ? {} : { preflight: true }),
    ...namesOf(valid.redirectUri),
    flow,
  })
  return response
}

/** For events. All clients are one here, so only the redirect URI can say who made this one. */
function namesOf(redirectUri: string): Named {
  const known = identifyClient([redirectUri])
  return known === undefined ? {} : { clientName: known.name, clientNameProven: true }
}
