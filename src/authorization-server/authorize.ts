import type { Client } from '../clients/client.ts'
import { provenName, provenPublisher } from '../clients/proven-name.ts'
import { redirectUrisOf } from '../clients/redirect-policy.ts'
import { resolveClient } from '../clients/resolve-client.ts'
import { sha256 } from '../crypto/digest.ts'
import { flowOf } from '../crypto/flow-of.ts'
import { randomId } from '../crypto/signing.ts'
import type { Named } from '../events.ts'
import { consentPage } from '../pages/consent.ts'
import { refuseByRedirect, refuseUnproven } from '../pages/refusals.ts'
import { pageResponse } from '../pages/respond.ts'
import {
  proveRedirectUri,
  validateAuthorizationRequest,
  type AuthorizationRequest,
} from '../protocol/authorization-request.ts'
import { parseCookies } from '../protocol/cookies.ts'
import type { Failure } from '../protocol/failure.ts'
import { parseParameters } from '../protocol/form.ts'
import { PATHS } from '../protocol/metadata.ts'
import { prefersHtml } from '../protocol/negotiation.ts'
import { isLoopbackRedirectUri, redirectUriHost } from '../protocol/redirect-uri.ts'
import { parseScope } from '../protocol/scope.ts'
import { checkBudgets } from './budgets.ts'
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
  const challenge = parameters.ok ? parameters.value.get('code_challenge') : undefined
  const flow = await flowOf(challenge, server.runtime)
  if (!parameters.ok) return refuseWithPage(request, server, parameters.failure, flow)

  const client = await resolveClient(parameters.value.get('client_id'), server)
  if (!client.ok) return refuseWithPage(request, server, client.failure, flow)
  const registered = redirectUrisOf(
    client.value,
    parameters.value.get('redirect_uri'),
    server.redirectPolicy,
  )
  const redirectUri = proveRedirectUri(parameters.value, registered)
  if (!redirectUri.ok)
    return refuseWithPage(request, server, redirectUri.failure, flow, client.value)

  const valid = validateAuthorizationRequest(
    parameters.value,
    redirectUri.value,
    server.config.resources,
  )
  const refuse = (failure: Failure): Promise<Response> => {
    const { reason } = failure
    const named = {
      client: client.value.name,
      ...namesOf(client.value, provenName(client.value, registered, redirectUri.value)),
    }
    server.runtime.emit({ type: 'authorize.refused', reason, ...named, flow })
    const state = parameters.value.get('state')
    const target = { redirectUri: redirectUri.value, state, issuer: server.config.issuer }
    return refuseByRedirect(target, server.config, failure, { flow })
  }
  if (!valid.ok) return refuse(valid.failure)
  const fits = checkBudgets(
    valid.value,
    client.value.name,
    server.config.identityProvider,
    server.config.issuer,
  )
  if (!fits.ok) return refuse(fits.failure)
  return askForConsent(request, server, client.value, registered, valid.value, flow)
}

async function askForConsent(
  request: Request,
  server: AuthorizationServer,
  client: Client,
  registered: readonly string[],
  valid: AuthorizationRequest,
  flow: string,
): Promise<Response> {
  const cookies = parseCookies(request.headers.get('cookie') ?? '', server.cookies.isOurs)
  if (!cookies.ok) return refuseWithPage(request, server, cookies.failure, flow, client)
  const known = cookies.value.get(server.cookies.browser)
  const browser = known ?? randomId(server.runtime.random)

  const issuedAt = nowSeconds(server)
  const consent: ConsentRequest = {
    ...valid,
    client: client.name,
    issuedAt,
    browser: await sha256(browser),
    flow,
  }
  const sealedRequest = await server.sealer.seal('consent', consent, issuedAt + CONSENT_SECONDS)
  const resource = server.config.resources.find(({ url }) => url === valid.resource)
  const knownClient = provenName(client, registered, valid.redirectUri)
  const publisher = provenPublisher(client, valid.redirectUri)
  const response = await pageResponse(
    server.config,
    consentPage({
      ...(knownClient === undefined ? {} : { knownClient }),
      ...(publisher === undefined ? {} : { publisher }),
      ...(client.displayName === undefined ? {} : { claimedName: client.displayName }),
      redirectHost: redirectUriHost(valid.redirectUri),
      isLoopback: isLoopbackRedirectUri(valid.redirectUri),
      resourceName: resource?.name ?? valid.resource,
      resource: valid.resource,
      scopes: parseScope(valid.scope),
      fields: { request: sealedRequest },
      action: PATHS.consent,
      flow,
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
    ...(prefersHtml(request.headers.get('accept')) ? {} : { preflight: true }),
    ...namesOf(client, knownClient),
    flow,
  })
  return response
}

/** For events: who made the client where that is proven, else what it calls itself. */
function namesOf({ displayName }: Client, knownClient?: string): Named {
  if (knownClient !== undefined) return { clientName: knownClient, clientNameProven: true }
  return displayName === undefined ? {} : { clientName: displayName }
}

function refuseWithPage(
  request: Request,
  server: AuthorizationServer,
  failure: Failure,
  flow: string,
  client?: Client,
): Promise<Response> {
  const named = client === undefined ? {} : { client: client.name, ...namesOf(client) }
  server.runtime.emit({ type: 'authorize.refused', reason: failure.reason, ...named, flow })
  return refuseUnproven(request, server.config, failure, { flow })
}
