import { describe, expect, test } from 'vitest'
import type { Failure } from '../../src/protocol/failure.ts'
import { toOAuthError, type OAuthErrorCode } from '../../src/protocol/oauth-error.ts'

type Expected = [status: number, error: OAuthErrorCode]

/** What each failure carries besides its reason: text that must never reach the client. */
const HOSTILE = 'hostile "\\\r\n<b>ü'
const request: Expected = [400, 'invalid_request']
const client: Expected = [401, 'invalid_client']
const grant: Expected = [400, 'invalid_grant']
const target: Expected = [400, 'invalid_target']
const redirectUri: Expected = [400, 'invalid_redirect_uri']
const metadata: Expected = [400, 'invalid_client_metadata']
const denied: Expected = [400, 'access_denied']
const server: Expected = [400, 'server_error']
const outage: Expected = [503, 'temporarily_unavailable']

/** The compiler refuses this table when a reason is missing. */
const EXPECTED: Record<Failure['reason'], Expected> = {
  parameters_malformed: request,
  parameter_duplicated: request,
  cookie_duplicated: request,
  body_not_form: request,
  body_not_utf8: request,
  body_too_large: [413, 'invalid_request'],
  client_id_missing: client,
  client_id_too_large: client,
  client_unknown: client,
  client_no_longer_allowed: client,
  client_revoked: client,
  client_metadata_document_unsupported: client,
  client_metadata_document_invalid: client,
  client_metadata_document_unavailable: outage,
  client_id_url_malformed: client,
  client_domain_not_allowed: client,
  client_keys_unavailable: outage,
  client_keys_invalid: client,
  client_assertion_missing: client,
  client_assertion_invalid: client,
  client_assertion_expired: client,
  client_assertion_of_other_audience: client,
  client_assertion_used: client,
  client_secret_wrong: client,
  client_authentication_malformed: client,
  client_must_not_authenticate: client,
  registration_not_json: metadata,
  redirect_uris_missing: redirectUri,
  redirect_uris_too_many: redirectUri,
  redirect_uris_too_large: redirectUri,
  redirect_uri_refused: redirectUri,
  client_metadata_invalid: metadata,
  redirect_uri_missing: request,
  redirect_uri_mismatch: request,
  response_type_missing: request,
  response_type_unsupported: [400, 'unsupported_response_type'],
  response_mode_unsupported: request,
  request_object_unsupported: [400, 'request_not_supported'],
  request_uri_unsupported: [400, 'request_uri_not_supported'],
  code_challenge_missing: request,
  code_challenge_malformed: request,
  code_challenge_method_unsupported: request,
  resource_unknown: target,
  resource_missing: target,
  state_too_large: request,
  state_is_json: request,
  scope_too_large: request,
  transaction_too_large: request,
  redirect_too_large: request,
  consent_cross_site: [403, 'access_denied'],
  consent_malformed: request,
  consent_expired: request,
  consent_other_browser: [403, 'access_denied'],
  consent_unproven: [403, 'access_denied'],
  consent_denied: denied,
  transaction_missing: request,
  transaction_invalid: request,
  code_too_large: server,
  idp_error: server,
  idp_callback_invalid: server,
  grant_type_missing: request,
  grant_type_unsupported: [400, 'unsupported_grant_type'],
  code_missing: request,
  code_invalid: grant,
  code_used: grant,
  code_verifier_missing: request,
  code_verifier_mismatch: grant,
  token_redirect_uri_mismatch: grant,
  refresh_token_missing: request,
  refresh_token_invalid: grant,
  grant_of_other_client: grant,
  grant_revoked: grant,
  grant_of_other_identity_provider: grant,
  resource_mismatch: target,
  code_access_refused: denied,
  refresh_access_refused: grant,
  claims_unavailable: grant,
  access_token_too_large: denied,
  token_missing: request,
  token_type_unsupported: [400, 'unsupported_token_type'],
  idp_unavailable: [503, 'temporarily_unavailable'],
  idp_rejected_grant: grant,
  idp_rejected_client: [401, 'invalid_client'],
  idp_rejected_request: request,
  code_identity_refused: denied,
  refresh_identity_refused: grant,
}

/** Texts that our own code gives; only these may stand in a description. */
const OWN_TEXTS = new Set([
  'redirect_uri_refused',
  'client_metadata_invalid',
  'client_metadata_document_invalid',
])

function failureOf(reason: string): Failure {
  const detail = OWN_TEXTS.has(reason) ? 'must be right' : HOSTILE
  const extra = { detail, error: HOSTILE, parameter: HOSTILE, name: HOSTILE }
  return { reason, ...extra, field: 'logo_uri', index: 0 } as unknown as Failure
}

describe('RFC 6749 §4.1.2.1, §5.2, RFC 7591 §3.2.2, RFC 8707 §2 errors on the wire', () => {
  test.each(Object.entries(EXPECTED))('%s becomes %j', (reason, [status, error]) => {
    expect(toOAuthError(failureOf(reason))).toMatchObject({ status, error })
  })

  test.each(Object.keys(EXPECTED))(
    'the description of %s is constant ASCII without quotes and backslashes (§5.2)',
    (reason) => {
      const { description } = toOAuthError(failureOf(reason))
      expect(description).toMatch(/^[\x20\x21\x23-\x5B\x5D-\x7E]{5,}$/)
      expect(description).not.toContain('hostile')
    },
  )

  test.each<[string, OAuthErrorCode]>([
    ['access_denied', 'access_denied'],
    ['login_required', 'access_denied'],
    ['interaction_required', 'access_denied'],
    ['consent_required', 'access_denied'],
    ['temporarily_unavailable', 'temporarily_unavailable'],
    ['invalid_request', 'server_error'],
    ['unauthorized_client', 'server_error'],
    ['server_error', 'server_error'],
    ['<script>', 'server_error'],
  ])('the identity provider saying %s becomes %s, in our words', (error, expected) => {
    expect(toOAuthError({ reason: 'idp_error', error })).toMatchObject({ error: expected })
  })

  test('only outages of others ask to come back, and never end a grant', () => {
    const comingBack = Object.keys(EXPECTED).filter(
      (reason) => toOAuthError(failureOf(reason)).retryAfterSeconds !== undefined,
    )
    expect(comingBack).toEqual([
      'client_metadata_document_unavailable',
      'client_keys_unavailable',
      'idp_unavailable',
    ])
  })

  test('an entry of redirect_uris is named by its place', () => {
    const failure = { reason: 'redirect_uri_refused', index: 3, detail: 'must be right' } as const
    expect(toOAuthError(failure).description).toBe('redirect_uris[3] must be right')
  })
})
