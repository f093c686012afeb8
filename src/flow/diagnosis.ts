/** What an operator does about a reason, and which finding of `postern doctor` it belongs to. */
export interface Diagnosis {
  /** Of docs/doctor.md; absent where doctor, who never is a person, cannot see it. */
  code?: string
  fix: string
}

const REGISTER_AGAIN = 'Have the client forget its registration and register again.'
const SIGN_IN_AGAIN = 'Have the person sign in again.'
const CLIENT_FAULT = 'Update the client; if that does not help, report it to whoever makes it.'
const LOOK_AT_IDP =
  'Look into the log of the identity provider at that time; `postern doctor --idp ISSUER` checks it.'
const LOOK_AT_EVENT =
  '`identity-provider.unavailable` in the same log says which step failed and why.'
const START_AGAIN = 'Start again from the client, and finish within 15 minutes in one browser.'

const resource: Diagnosis = {
  code: 'D08-resource-refused',
  fix: 'Give the client exactly the MCP URL that is configured here.',
}
const authentication: Diagnosis = {
  code: 'D13-public-client-refused',
  fix: 'Configure the client as registration answered: without a secret, unless it is a static client.',
}
const registration: Diagnosis = { code: 'D21-registration-dead', fix: REGISTER_AGAIN }
const document: Diagnosis = {
  code: 'D16-document-refused',
  fix: 'See `client-document.refused` in the same log; docs/configuration.md, `clients`, says what is allowed.',
}
const redirect: Diagnosis = {
  code: 'D06-redirect-uris-dropped',
  fix: 'Allow the redirect URI with --redirect-uri or `clients.redirectUris`, then let the client register again.',
}
const cookie: Diagnosis = {
  code: 'D14-cookie-dropped',
  fix: 'The browser kept no cookie of the sign-in: it began elsewhere, took over 15 minutes, or blocks cookies. Start again.',
}
const refused: Diagnosis = { code: 'D20-identity-provider-refuses', fix: LOOK_AT_IDP }
const refresh: Diagnosis = { code: 'D10-refresh-refused', fix: SIGN_IN_AGAIN }
const token: Diagnosis = {
  code: 'D09-token-refused',
  fix: 'Compare issuer, audience and keys: `postern doctor --login` decodes a token.',
}
const policy: Diagnosis = {
  fix: 'The access policy does not admit this person: change `access`, or their groups at the identity provider.',
}
const server: Diagnosis = {
  code: 'D09-server-fails',
  fix: 'Look whether the MCP server runs, and whether `upstream` is its address.',
}

/** Reasons of events; those that are not here are the client's fault or a bug. */
export const DIAGNOSES: Readonly<Record<string, Diagnosis>> = {
  client_unknown: registration,
  client_revoked: registration,
  client_no_longer_allowed: redirect,
  redirect_uri_mismatch: redirect,
  client_domain_not_allowed: document,
  client_id_url_malformed: document,
  client_metadata_document_invalid: document,
  client_metadata_document_unavailable: document,
  client_metadata_document_unsupported: document,
  client_keys_unavailable: document,
  client_secret_wrong: authentication,
  client_authentication_malformed: authentication,
  client_must_not_authenticate: authentication,
  resource_unknown: resource,
  resource_missing: resource,
  resource_mismatch: { ...resource, code: 'D08-resource-refused-at-token' },
  code_challenge_missing: { code: 'D03-no-s256', fix: CLIENT_FAULT },
  code_challenge_method_unsupported: { code: 'D03-no-s256', fix: CLIENT_FAULT },
  insufficient_scope: {
    code: 'D07-insufficient-scope',
    fix: 'The token lacks a scope that the resource requires: give it by `access`, or require less.',
  },
  consent_expired: { fix: START_AGAIN },
  consent_other_browser: { fix: START_AGAIN },
  consent_unproven: { fix: START_AGAIN },
  consent_cross_site: {
    fix: 'The form came from another site. If nobody attacks, a proxy strips or changes Origin.',
  },
  consent_denied: { fix: 'Nothing is broken: the person chose Cancel.' },
  transaction_missing: cookie,
  transaction_invalid: cookie,
  cookie_duplicated: { fix: 'Delete the cookies of this host in that browser, and start again.' },
  idp_unavailable: { code: 'D20-idp-unreachable', fix: LOOK_AT_EVENT },
  idp_error: refused,
  idp_rejected_client: refused,
  idp_rejected_request: refused,
  idp_callback_invalid: { code: 'D20-sign-in-unfinished', fix: LOOK_AT_IDP },
  code_identity_refused: refused,
  code_access_refused: policy,
  refresh_access_refused: policy,
  access_refused: policy,
  idp_rejected_grant: refresh,
  refresh_token_invalid: refresh,
  refresh_identity_refused: refresh,
  claims_unavailable: refresh,
  grant_revoked: { fix: 'It was cut off by `revokeBefore`: the person has to sign in again.' },
  grant_of_other_identity_provider: { fix: SIGN_IN_AGAIN },
  code_used: {
    code: 'D12-no-grace',
    fix: 'Two processes of the client share one sign-in: let only one of them run, and start again.',
  },
  code_invalid: { fix: 'The client took over a minute, or the secret has changed: start again.' },
  session_of_another: { fix: 'Nothing, if it stays at one: clients answer it by a new session.' },
  token_claims_invalid: { ...token, code: 'D09-audience' },
  token_key_unknown: token,
  token_signature_invalid: token,
  'no connection': server,
  'no answer in time': server,
  'answer is not HTTP': server,
}

/** Where a sign-in went silent without a reason. */
export const SILENCES: Readonly<Record<'consent' | 'identity-provider' | 'code', Diagnosis>> = {
  consent: {
    fix: 'Ask the person whether the page opened. If it did, nothing is broken: start again.',
  },
  'identity-provider': {
    code: 'D20-sign-in-unfinished',
    fix: `The person gave up there, or the identity provider refused. ${LOOK_AT_IDP}`,
  },
  code: {
    code: 'D15-not-public',
    fix: 'The client was given its code and never asked /token: look whether it was closed, or whether its servers reach this one.',
  },
}

export function diagnose(reason: string): Diagnosis {
  return Object.hasOwn(DIAGNOSES, reason)
    ? (DIAGNOSES[reason] ?? { fix: CLIENT_FAULT })
    : { fix: `docs/operations.md explains the reason. ${CLIENT_FAULT}` }
}
