import type { Failure } from './failure.ts'

/** An error as RFC 6749 §4.1.2.1, §5.2, RFC 7591 §3.2.2 and RFC 8707 §2 put it on the wire. */
export interface OAuthError {
  status: number
  error: OAuthErrorCode
  /** Constant ASCII text, never built from an exception or from what was sent. */
  description: string
  retryAfterSeconds?: number
}

export type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'
  | 'unsupported_token_type'
  | 'request_not_supported'
  | 'request_uri_not_supported'
  | 'invalid_target'
  | 'invalid_redirect_uri'
  | 'invalid_client_metadata'
  | 'access_denied'
  | 'server_error'
  | 'temporarily_unavailable'

const RETRY_AFTER_SECONDS = 5

/** The one place where a reason becomes an OAuth error. */
export function toOAuthError(failure: Failure): OAuthError {
  switch (failure.reason) {
    case 'parameters_malformed':
      return badRequest('The parameters are not valid application/x-www-form-urlencoded UTF-8')
    case 'parameter_duplicated':
      return badRequest('A parameter is present more than once')
    case 'cookie_duplicated':
      return badRequest('A cookie of this server was sent twice')
    case 'body_not_form':
      return badRequest('The body must be application/x-www-form-urlencoded')
    case 'body_not_utf8':
      return badRequest('The body is not valid UTF-8')
    case 'body_too_large':
      return { ...badRequest('The body is too large'), status: 413 }

    case 'client_id_missing':
      return badClient('client_id is missing')
    case 'client_id_too_large':
      return badClient('client_id is longer than 2048 bytes')
    case 'client_unknown':
      return badClient('This client_id was not issued here: register again')
    case 'client_no_longer_allowed':
      return badClient('None of the redirect URIs of this client is allowed here')
    case 'client_revoked':
      return badClient('This client was cut off: register again')
    case 'client_metadata_document_unsupported':
      return badClient('Client ID Metadata Documents are not supported: register instead')
    case 'client_id_url_malformed':
      return badClient('client_id is an https URL that cannot be that of a metadata document')
    case 'client_domain_not_allowed':
      return badClient('Clients of this domain are not allowed here: ask the operator to add it')
    case 'client_metadata_document_invalid':
      return badClient(`The document at client_id ${failure.detail}`)
    case 'client_metadata_document_unavailable':
      return outage('The document at client_id cannot be fetched: try again shortly')
    case 'client_keys_unavailable':
      return outage('The keys of this client cannot be fetched: try again shortly')
    case 'client_keys_invalid':
      return badClient('The document at the jwks_uri of this client is not a JWKS of public keys')
    case 'client_assertion_missing':
      return badClient('This client must authenticate with private_key_jwt: send client_assertion')
    case 'client_assertion_invalid':
      return badClient('client_assertion is not a JWT that this client signed for itself')
    case 'client_assertion_expired':
      return badClient('client_assertion has expired, is not valid yet, or is valid for too long')
    case 'client_assertion_of_other_audience':
      return badClient('client_assertion is not for this server: aud must be its issuer')
    case 'client_assertion_used':
      return badClient('client_assertion was used before: each needs a jti of its own')
    case 'client_secret_wrong':
      return badClient('Client authentication failed')
    case 'client_authentication_malformed':
      return badClient('Client authentication is malformed or was sent twice')
    case 'client_must_not_authenticate':
      return badClient('This is a public client: send client_id alone, without a secret')

    case 'registration_not_json':
      return badMetadata('The body must be a JSON object')
    case 'redirect_uris_missing':
      return badRedirectUri('redirect_uris must be an array with at least one string')
    case 'redirect_uris_too_many':
      return badRedirectUri('redirect_uris has more than 32 entries')
    case 'redirect_uris_too_large':
      return badRedirectUri(
        'redirect_uris are too long together: the client_id would exceed 2048 bytes',
      )
    case 'redirect_uri_refused':
      return badRedirectUri(`redirect_uris[${failure.index}] ${failure.detail}`)
    case 'client_metadata_invalid':
      return badMetadata(`${failure.field} ${failure.detail}`)

    case 'redirect_uri_missing':
      return badRequest('redirect_uri is missing')
    case 'redirect_uri_mismatch':
      return badRequest('redirect_uri is not one that this client registered')
    case 'response_type_missing':
      return badRequest('response_type is missing')
    case 'response_type_unsupported':
      return bad('unsupported_response_type', 'response_type must be code')
    case 'response_mode_unsupported':
      return badRequest('response_mode must be query')
    case 'request_object_unsupported':
      return bad('request_not_supported', 'request objects are not supported')
    case 'request_uri_unsupported':
      return bad('request_uri_not_supported', 'request_uri is not supported')
    case 'code_challenge_missing':
      return badRequest('code_challenge is missing: PKCE with S256 is required')
    case 'code_challenge_malformed':
      return badRequest('code_challenge must be 43 base64url characters')
    case 'code_challenge_method_unsupported':
      return badRequest('code_challenge_method must be S256')
    case 'resource_unknown':
      return bad('invalid_target', 'resource is not one that this server protects')
    case 'resource_missing':
      return bad('invalid_target', 'resource is missing: this server protects several')
    case 'state_too_large':
      return badRequest('state is longer than 1024 bytes')
    case 'state_is_json':
      return badRequest('state must not be a JSON object: the identity provider refuses it')
    case 'scope_too_large':
      return badRequest('scope is longer than 1024 bytes')
    case 'transaction_too_large':
      return badRequest('redirect_uri, state and scope are too long together')
    case 'redirect_too_large':
      return badRequest('redirect_uri and state are too long together')

    case 'consent_cross_site':
      return { ...bad('access_denied', 'The form was not sent from this page'), status: 403 }
    case 'consent_malformed':
      return badRequest('The form is not one that this server made')
    case 'consent_expired':
      return badRequest('The form has expired: start again from your app')
    case 'consent_other_browser':
      return { ...bad('access_denied', 'The form was made for another browser'), status: 403 }
    case 'consent_unproven':
      return {
        ...bad('access_denied', 'The form is not one that this server made for this browser'),
        status: 403,
      }
    case 'consent_denied':
      return bad('access_denied', 'The person declined')

    case 'transaction_missing':
      return badRequest('No sign-in with this state is under way in this browser')
    case 'transaction_invalid':
      return badRequest('The sign-in has expired or its cookie is damaged')
    case 'code_too_large':
      return bad('server_error', 'The code of the identity provider is too long')
    case 'idp_error':
      switch (failure.error) {
        case 'access_denied':
        case 'login_required':
        case 'interaction_required':
        case 'consent_required':
          return bad('access_denied', 'The identity provider refused the sign-in')
        case 'temporarily_unavailable':
          return bad('temporarily_unavailable', 'The identity provider is unavailable')
        default:
          return bad('server_error', 'The identity provider reported an error')
      }
    case 'idp_callback_invalid':
      return bad('server_error', 'The answer of the identity provider was not valid')

    case 'grant_type_missing':
      return badRequest('grant_type is missing')
    case 'grant_type_unsupported':
      return bad('unsupported_grant_type', 'grant_type must be authorization_code or refresh_token')
    case 'code_missing':
      return badRequest('code is missing')
    case 'code_invalid':
      return badGrant('The code is invalid or has expired')
    case 'code_used':
      return badGrant('The code was used before')
    case 'code_verifier_missing':
      return badRequest('code_verifier is missing')
    case 'code_verifier_mismatch':
      return badGrant('code_verifier does not match the code_challenge')
    case 'token_redirect_uri_mismatch':
      return badGrant('redirect_uri is not the one of the authorization request')
    case 'refresh_token_missing':
      return badRequest('refresh_token is missing')
    case 'refresh_token_invalid':
      return badGrant('The refresh token is invalid or has expired')
    case 'grant_of_other_client':
      return badGrant('The grant belongs to another client')
    case 'grant_revoked':
      return badGrant('The grant was cut off: sign in again')
    case 'grant_of_other_identity_provider':
      return badGrant('The identity provider has changed: sign in again')
    case 'resource_mismatch':
      return bad('invalid_target', 'resource is not the one of the grant')
    case 'code_access_refused':
      return bad('access_denied', 'This person may not sign in here')
    case 'refresh_access_refused':
      return badGrant('This person may not sign in here any more')
    case 'claims_unavailable':
      return badGrant('The identity provider no longer says who this person is: sign in again')
    case 'access_token_too_large':
      return bad('access_denied', 'The access token would exceed 2048 bytes: forward fewer groups')
    case 'token_missing':
      return badRequest('token is missing')
    case 'token_type_unsupported':
      return bad('unsupported_token_type', 'This token cannot be revoked: it expires by itself')

    case 'idp_unavailable':
      return outage('The identity provider cannot be reached: try again shortly')
    case 'idp_rejected_grant':
      return badGrant('The identity provider no longer accepts this sign-in: sign in again')
    case 'idp_rejected_client':
      return badClient('The identity provider does not accept this client')
    case 'idp_rejected_request':
      return badRequest('The identity provider does not accept this request')
    case 'code_identity_refused':
      return bad('access_denied', 'The identity provider did not confirm who this person is')
    case 'refresh_identity_refused':
      return badGrant('The identity provider did not confirm who this person is: sign in again')
  }
}

function bad(error: OAuthErrorCode, description: string): OAuthError {
  return { status: 400, error, description }
}

function badRequest(description: string): OAuthError {
  return bad('invalid_request', description)
}

function badGrant(description: string): OAuthError {
  return bad('invalid_grant', description)
}

function badRedirectUri(description: string): OAuthError {
  return bad('invalid_redirect_uri', description)
}

function badMetadata(description: string): OAuthError {
  return bad('invalid_client_metadata', description)
}

/** 503: clients keep what they have, and open no browser. */
function outage(description: string): OAuthError {
  return {
    status: 503,
    error: 'temporarily_unavailable',
    description,
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  }
}

/** 401: the one answer from which MCP clients heal by registering again. */
function badClient(description: string): OAuthError {
  return { status: 401, error: 'invalid_client', description }
}
