import * as oauth from 'oauth4webapi'
import type { IdentityProviderFailure } from '../protocol/failure.ts'
import { IdentityProviderUnreachable } from './transport.ts'

/** OAuth errors that mean: the person must act at the identity provider (OpenID Connect §3.1.2.6). */
const PERSON_MUST_ACT = new Set([
  'access_denied',
  'interaction_required',
  'login_required',
  'consent_required',
  'account_selection_required',
])

const NOT_AN_ANSWER = new Set<string>([
  oauth.RESPONSE_IS_NOT_CONFORM,
  oauth.RESPONSE_IS_NOT_JSON,
  oauth.PARSE_ERROR,
  oauth.INVALID_SERVER_METADATA,
  oauth.MISSING_SERVER_METADATA,
])

/**
 * Sorts what a step of the upstream leg threw. An outage or our own misconfiguration must never
 * look like a dead grant: clients answer `invalid_grant` by throwing away their tokens and opening
 * a browser. Rethrows what is neither: that is a bug.
 */
export function toIdentityProviderFailure(
  error: unknown,
  grant: 'code' | 'refresh',
): IdentityProviderFailure {
  if (error instanceof IdentityProviderUnreachable)
    return { reason: 'idp_unavailable', detail: error.detail }
  if (error instanceof oauth.ResponseBodyError) {
    // The library reads an error out of a 4xx only; 5xx comes as an answer that does not conform.
    if (error.status === 429)
      return { reason: 'idp_unavailable', detail: 'error answer', status: error.status }
    if (error.error === 'invalid_grant') return { reason: 'idp_rejected_grant' }
    if (PERSON_MUST_ACT.has(error.error)) return identityRefused(grant, 'the person must act')
    if (error.error === 'temporarily_unavailable' || error.error === 'slow_down')
      return { reason: 'idp_unavailable', detail: 'says it is unavailable', status: error.status }
    // invalid_client, unauthorized_client, invalid_scope …: our registration there is wrong.
    return { reason: 'idp_unavailable', detail: 'refuses our client', status: error.status }
  }
  if (error instanceof oauth.WWWAuthenticateChallengeError)
    return { reason: 'idp_unavailable', detail: 'refuses our client', status: error.status }
  if (error instanceof oauth.OperationProcessingError) {
    const status = error.cause instanceof Response ? { status: error.cause.status } : {}
    return error.code !== undefined && NOT_AN_ANSWER.has(error.code)
      ? { reason: 'idp_unavailable', detail: 'answer is not OAuth', ...status }
      : identityRefused(grant, error.code ?? 'invalid answer')
  }
  if (error instanceof oauth.UnsupportedOperationError) return identityRefused(grant, error.code)
  throw error
}

function identityRefused(grant: 'code' | 'refresh', detail: string): IdentityProviderFailure {
  return {
    reason: grant === 'code' ? 'code_identity_refused' : 'refresh_identity_refused',
    detail,
  }
}
