import { isRevoked } from '../config/revocation.ts'
import { sha256 } from '../crypto/digest.ts'
import { randomId } from '../crypto/signing.ts'
import { readForm } from '../http/read-form.ts'
import { isSameOrigin } from '../http/same-origin.ts'
import { refuseWithPage } from '../pages/refusals.ts'
import { onward } from '../pages/respond.ts'
import { base64url } from '../protocol/base64url.ts'
import { buildErrorRedirect } from '../protocol/authorization-response.ts'
import { parseCookies } from '../protocol/cookies.ts'
import type { Failure } from '../protocol/failure.ts'
import { toOAuthError } from '../protocol/oauth-error.ts'
import { redirectUriHost } from '../protocol/redirect-uri.ts'
import { fail, ok, type Result } from '../protocol/result.ts'
import { nowSeconds, type AuthorizationServer } from './context.ts'
import { ConsentRequestSchema, type ConsentRequest } from './sealed-values.ts'
import { startTransaction, transactionId } from './transactions.ts'

/** POST /consent: the person's decision. Only here does a sign-in begin to leave traces. */
export async function handleConsent(
  request: Request,
  server: AuthorizationServer,
): Promise<Response> {
  const decision = await readDecision(request, server)
  if (!decision.ok) {
    const { failure, flow } = decision.failure
    return refuse(request, server, failure, flow)
  }
  const { consent, approved, cookies } = decision.value
  const { flow } = consent
  if (!approved) {
    server.runtime.emit({ type: 'consent.denied', client: consent.client, flow })
    return onward(request, server.config, {
      title: 'Cancelled',
      text: 'Nothing was shared. Your app is being told.',
      url: buildErrorRedirect(
        { ...consent, issuer: server.config.issuer },
        toOAuthError({ reason: 'consent_denied' }),
      ),
      flow,
    })
  }

  const id = transactionId(server.runtime.random, flow)
  const nonce = randomId(server.runtime.random)
  const codeVerifier = base64url(server.runtime.random(32))
  const url = await server.identityProvider.authorizationUrl({ state: id, nonce, codeVerifier })
  if (!url.ok) return refuse(request, server, url.failure, flow)
  const { browser: _browser, ...bound } = consent
  const setCookies = await startTransaction(server, cookies, {
    ...bound,
    id,
    nonce,
    codeVerifier,
    issuedAt: nowSeconds(server),
  })
  server.runtime.emit({
    type: 'consent.given',
    client: consent.client,
    redirectHost: redirectUriHost(consent.redirectUri),
    resource: consent.resource,
    flow,
  })
  const text = 'You are being taken to your organisation’s sign-in page.'
  const page = { title: 'Signing in', text, url: url.value, flow }
  return onward(request, server.config, page, setCookies)
}

function refuse(
  request: Request,
  server: AuthorizationServer,
  failure: Failure,
  flow: string | undefined,
): Promise<Response> {
  server.runtime.emit({ type: 'consent.refused', reason: failure.reason, flow })
  return refuseWithPage(request, server.config, failure, { flow })
}

interface Decision {
  consent: ConsentRequest
  approved: boolean
  cookies: ReadonlyMap<string, string>
}

async function readDecision(
  request: Request,
  server: AuthorizationServer,
): Promise<Result<Decision, { failure: Failure; flow?: string | undefined }>> {
  const refused = (failure: Failure, flow?: string): Result<never, { failure: Failure }> =>
    fail({ failure, flow })
  if (!isSameOrigin(request, server.config.issuer)) return refused({ reason: 'consent_cross_site' })
  const form = await readForm(request)
  if (!form.ok) return refused(form.failure)
  const action = form.value.get('action')
  if (action !== 'approve' && action !== 'deny') return refused({ reason: 'consent_malformed' })
  const opened = await server.sealer.open(
    'consent',
    form.value.get('request') ?? '',
    ConsentRequestSchema,
  )
  if (!opened.ok)
    return opened.failure.reason === 'seal_expired'
      ? refused({ reason: 'consent_expired' }, opened.failure.flow)
      : refused({ reason: 'consent_malformed' })
  const consent = opened.value
  const { flow } = consent
  const cookies = parseCookies(request.headers.get('cookie') ?? '', server.cookies.isOurs)
  if (!cookies.ok) return refused(cookies.failure, flow)
  // The form must come back in the browser it was made for: else an attacker could have a victim
  // submit the attacker's own form, or finish a sign-in that the victim began (RFC 9700 §4.7).
  const browser = cookies.value.get(server.cookies.browser)
  if (browser === undefined || (await sha256(browser)) !== consent.browser)
    return refused({ reason: 'consent_other_browser' }, flow)
  if (isRevoked(server.config.revokeBefore, consent))
    return refused({ reason: 'client_revoked' }, flow)
  return ok({ consent, approved: action === 'approve', cookies: cookies.value })
}
