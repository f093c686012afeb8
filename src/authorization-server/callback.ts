import { refuseWithPage } from '../pages/refusals.ts'
import { onward } from '../pages/respond.ts'
import {
  buildCodeRedirect,
  buildErrorRedirect,
  MAX_REDIRECT_LENGTH,
} from '../protocol/authorization-response.ts'
import { parseCookies } from '../protocol/cookies.ts'
import type { Failure } from '../protocol/failure.ts'
import { parseParameters } from '../protocol/form.ts'
import { toOAuthError } from '../protocol/oauth-error.ts'
import { MAX_CODE_LENGTH } from './budgets.ts'
import { nowSeconds, type AuthorizationServer } from './context.ts'
import type { AuthorizationCode, Transaction } from './sealed-values.ts'
import { clearTransaction, openTransaction, parseTransactionId } from './transactions.ts'

const CODE_SECONDS = 60

/**
 * GET /idp/callback: the person comes back from the identity provider. Its code is not redeemed
 * here but at /token, because only the client's code_verifier proves who asks; it travels inside
 * our own code, with all that is needed to check it then.
 */
export async function handleCallback(
  request: Request,
  server: AuthorizationServer,
): Promise<Response> {
  const parameters = parseParameters(new URL(request.url).search.slice(1))
  if (!parameters.ok) return refuse(request, server, parameters.failure)
  const state = parameters.value.get('state') ?? ''
  const id = parseTransactionId(state)
  if (id === undefined) return refuse(request, server, { reason: 'transaction_missing' })
  const cookies = parseCookies(request.headers.get('cookie') ?? '', server.cookies.isOurs)
  if (!cookies.ok) return refuse(request, server, cookies.failure, id.flow)
  const transaction = await openTransaction(server, cookies.value, state)
  if (!transaction.ok) return refuse(request, server, transaction.failure, id.flow)

  const answer = await server.identityProvider.validateCallback(
    new URLSearchParams([...parameters.value]),
    state,
  )
  if (!answer.ok && answer.failure.reason === 'idp_unavailable')
    // The cookie stays: reloading this page may work.
    return refuse(request, server, answer.failure, id.flow)
  if (!answer.ok) return refuseByRedirect(request, server, transaction.value, answer.failure)
  return sendCode(request, server, transaction.value, answer.value)
}

async function sendCode(
  request: Request,
  server: AuthorizationServer,
  transaction: Transaction,
  answer: { code: string; iss?: string },
): Promise<Response> {
  const issuedAt = nowSeconds(server)
  const { issuer, clientId } = server.config.identityProvider
  const value: AuthorizationCode = {
    idpCode: answer.code,
    idpCallbackIss: answer.iss,
    idpIssuer: issuer,
    idpClientId: clientId,
    codeVerifier: transaction.codeVerifier,
    nonce: transaction.nonce,
    client: transaction.client,
    redirectUri: transaction.redirectUri,
    codeChallenge: transaction.codeChallenge,
    resource: transaction.resource,
    scope: transaction.scope,
    issuedAt,
    flow: transaction.flow,
  }
  const code = await server.sealer.seal('code', value, issuedAt + CODE_SECONDS)
  const url = buildCodeRedirect({ ...transaction, issuer: server.config.issuer }, code)
  if (code.length > MAX_CODE_LENGTH || url.length > MAX_REDIRECT_LENGTH)
    return refuseByRedirect(request, server, transaction, { reason: 'code_too_large' })
  const { client, flow } = transaction
  server.runtime.emit({ type: 'callback.received', client, flow })
  const text = 'You are being taken back to your app.'
  const page = { title: 'Signed in', text, url, flow }
  return onward(request, server.config, page, [clearTransaction(server, transaction.id)])
}

function refuseByRedirect(
  request: Request,
  server: AuthorizationServer,
  transaction: Transaction,
  failure: Failure,
): Promise<Response> {
  report(server, failure, transaction.flow)
  // What the identity provider wrote is never passed on: it could carry anybody's text.
  const url = buildErrorRedirect(
    { ...transaction, issuer: server.config.issuer },
    toOAuthError(failure),
  )
  const text = 'Your app is being told. You can try again from there.'
  const page = { title: 'The sign-in did not succeed', text, url, flow: transaction.flow }
  return onward(request, server.config, page, [clearTransaction(server, transaction.id)])
}

/** No transaction, no client to tell: a page. */
function refuse(
  request: Request,
  server: AuthorizationServer,
  failure: Failure,
  flow?: string,
): Promise<Response> {
  report(server, failure, flow)
  return refuseWithPage(request, server.config, failure, { flow })
}

function report(server: AuthorizationServer, failure: Failure, flow: string | undefined): void {
  server.runtime.emit({
    type: 'callback.refused',
    reason: failure.reason,
    ...(failure.reason === 'idp_error' ? { error: knownError(failure.error) } : {}),
    flow,
  })
}

/** Error codes are short tokens; anything else came from somebody who wants it in our log. */
function knownError(error: string): string {
  return /^[a-z_]{1,40}$/.test(error) ? error : 'unknown'
}
