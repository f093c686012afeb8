import { flowOf } from '../crypto/flow-of.ts'
import { readForm } from '../http/read-form.ts'
import { isSameOrigin } from '../http/same-origin.ts'
import { refuseWithPage } from '../pages/refusals.ts'
import { onward } from '../pages/respond.ts'
import type { AuthorizationRequest } from '../protocol/authorization-request.ts'
import { buildErrorRedirect } from '../protocol/authorization-response.ts'
import { parseCookies } from '../protocol/cookies.ts'
import type { Failure } from '../protocol/failure.ts'
import type { Parameters } from '../protocol/form.ts'
import { toOAuthError } from '../protocol/oauth-error.ts'
import { redirectUriHost } from '../protocol/redirect-uri.ts'
import { fail, ok, type Result } from '../protocol/result.ts'
import { identityProviderUrl, proveClient, validateRelayRequest } from './authorization-request.ts'
import { isBrowserKey, openConsentForm } from './consent-form.ts'
import { nowSeconds, type RelayServer } from './context.ts'

/** POST /consent: the person's decision. It leads to the identity provider, and leaves no trace. */
export async function handleConsent(request: Request, server: RelayServer): Promise<Response> {
  const { config, runtime } = server
  const decision = await readDecision(request, server)
  if (!decision.ok) {
    const { failure, flow } = decision.failure
    runtime.emit({ type: 'consent.refused', reason: failure.reason, flow })
    return refuseWithPage(request, config, failure, { flow })
  }
  const { valid, approved, flow } = decision.value
  const client = config.identityProvider.clientId
  if (!approved) {
    runtime.emit({ type: 'consent.denied', client, flow })
    const error = toOAuthError({ reason: 'consent_denied' })
    return onward(request, config, {
      title: 'Cancelled',
      text: 'Nothing was shared. Your app is being told.',
      url: buildErrorRedirect({ ...valid, issuer: undefined }, error),
      flow,
    })
  }
  runtime.emit({
    type: 'consent.given',
    client,
    redirectHost: redirectUriHost(valid.redirectUri),
    resource: valid.resource,
    flow,
  })
  const text = 'You are being taken to your organisation’s sign-in page.'
  const url = identityProviderUrl(valid, config)
  return onward(request, config, { title: 'Signing in', text, url, flow })
}

async function readDecision(
  request: Request,
  server: RelayServer,
): Promise<
  Result<
    { valid: AuthorizationRequest; approved: boolean; flow: string },
    { failure: Failure; flow?: string }
  >
> {
  const { config, cookies } = server
  const refused = (failure: Failure): Result<never, { failure: Failure }> => fail({ failure })
  if (!isSameOrigin(request, config.issuer)) return refused({ reason: 'consent_cross_site' })
  const form = await readForm(request)
  if (!form.ok) return refused(form.failure)
  const action = form.value.get('action')
  if (action !== 'approve' && action !== 'deny') return refused({ reason: 'consent_malformed' })
  const sent = parseCookies(request.headers.get('cookie') ?? '', cookies.isOurs)
  if (!sent.ok) return refused(sent.failure)
  const browser = sent.value.get(cookies.browser)
  if (!isBrowserKey(browser)) return refused({ reason: 'consent_unproven' })
  const opened = await openConsentForm(form.value, browser, nowSeconds(server))
  // The code_challenge is under the MAC, so the flow id is.
  const flowIn = (fields: Parameters): Promise<string> =>
    flowOf(fields.get('code_challenge'), server.runtime)
  if (!opened.ok) {
    const { failure, expired } = opened.failure
    return expired === undefined ? refused(failure) : fail({ failure, flow: await flowIn(expired) })
  }
  const flow = await flowIn(opened.value)

  // The MAC says that this browser had the form from here. Whoever owns the browser could make one
  // as well, so it says nothing about what is in it: everything is checked as at GET /authorize.
  const redirectUri = proveClient(opened.value, config)
  if (!redirectUri.ok) return fail({ failure: redirectUri.failure, flow })
  const valid = validateRelayRequest(opened.value, redirectUri.value, config)
  if (!valid.ok) return fail({ failure: valid.failure, flow })
  return ok({ valid: valid.value, approved: action === 'approve', flow })
}
