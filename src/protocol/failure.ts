import type { CookieFailure } from './cookies.ts'
import type { ParametersFailure } from './form.ts'

/** Every way in which a request to the authorization server is expected to fail. */
export type Failure =
  | ParametersFailure
  | CookieFailure
  | ClientFailure
  | RegistrationFailure
  | AuthorizationFailure
  | ConsentFailure
  | CallbackFailure
  | TokenFailure
  | IdentityProviderFailure
  | { reason: 'body_not_form' | 'body_not_utf8' | 'body_too_large' }

/** Why a client is not accepted. */
export type ClientFailure =
  { reason: 'client_metadata_document_invalid'; detail: string } | { reason: ClientRefusal }

type ClientRefusal =
  | 'client_id_missing'
  | 'client_id_too_large'
  | 'client_unknown'
  | 'client_no_longer_allowed'
  | 'client_revoked'
  | 'client_id_url_malformed'
  | 'client_domain_not_allowed'
  | 'client_metadata_document_unsupported'
  | 'client_metadata_document_unavailable'
  | 'client_keys_unavailable'
  | 'client_keys_invalid'
  | 'client_secret_wrong'
  | 'client_assertion_missing'
  | 'client_assertion_invalid'
  | 'client_assertion_expired'
  | 'client_assertion_of_other_audience'
  | 'client_assertion_used'
  | 'client_authentication_malformed'
  | 'client_must_not_authenticate'

export type RegistrationFailure =
  | { reason: 'registration_not_json' }
  | { reason: 'redirect_uris_missing' | 'redirect_uris_too_many' | 'redirect_uris_too_large' }
  | { reason: 'redirect_uri_refused'; index: number; detail: string }
  | { reason: 'client_metadata_invalid'; field: string; detail: string }

/** After client and redirect_uri are proven, each of these is answered by a redirect. */
export type AuthorizationFailure = {
  reason:
    | 'redirect_uri_missing'
    | 'redirect_uri_mismatch'
    | 'response_type_missing'
    | 'response_type_unsupported'
    | 'response_mode_unsupported'
    | 'request_object_unsupported'
    | 'request_uri_unsupported'
    | 'code_challenge_missing'
    | 'code_challenge_malformed'
    | 'code_challenge_method_unsupported'
    | 'resource_unknown'
    | 'resource_missing'
    | 'state_too_large'
    | 'state_is_json'
    | 'scope_too_large'
    | 'transaction_too_large'
    | 'redirect_too_large'
}

export type ConsentFailure = {
  reason:
    | 'consent_cross_site'
    | 'consent_malformed'
    | 'consent_expired'
    | 'consent_other_browser'
    | 'consent_unproven'
    | 'consent_denied'
}

export type CallbackFailure =
  | { reason: 'transaction_missing' | 'transaction_invalid' | 'code_too_large' }
  | { reason: 'idp_error'; error: string }
  | { reason: 'idp_callback_invalid' }

export type TokenFailure = {
  reason:
    | 'grant_type_missing'
    | 'grant_type_unsupported'
    | 'code_missing'
    | 'code_invalid'
    | 'code_used'
    | 'code_verifier_missing'
    | 'code_verifier_mismatch'
    | 'token_redirect_uri_mismatch'
    | 'refresh_token_missing'
    | 'refresh_token_invalid'
    | 'grant_of_other_client'
    | 'grant_revoked'
    | 'grant_of_other_identity_provider'
    | 'resource_mismatch'
    | 'code_access_refused'
    | 'refresh_access_refused'
    | 'claims_unavailable'
    | 'access_token_too_large'
    | 'token_missing'
    | 'token_type_unsupported'
}

export type IdentityProviderFailure =
  | { reason: 'idp_unavailable'; detail: string; status?: number }
  | { reason: 'idp_rejected_grant' | 'idp_rejected_client' | 'idp_rejected_request' }
  | { reason: 'code_identity_refused' | 'refresh_identity_refused'; detail: string }
