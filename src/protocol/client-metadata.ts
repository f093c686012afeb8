import { cleanClientName } from './client-name.ts'
import type { RegistrationFailure } from './failure.ts'
import { isAllowedRedirectUri, validateRedirectUri, type RedirectPolicy } from './redirect-uri.ts'
import { fail, ok, type Result } from './result.ts'

/** What of a registration (RFC 7591 §2) Postern keeps. */
export interface ClientMetadata {
  redirectUris: string[]
  name?: string
}

const MAX_REDIRECT_URIS = 32
const NOT_ALLOWED = 'is not allowed here: ask the operator to add it to clients.redirectUris'
const NOT_AT_IDP =
  'is not known to the identity provider, which compares exactly, port included: ' +
  'ask the operator to add it to the callback URLs of the client there, and to redirectUris'

/**
 * Validates a registration request. Of several redirect URIs the allowed ones are kept; it fails
 * only when none is left, because clients register several at once and one unknown URI must not
 * lock them out. Unknown members and grants are ignored (RFC 7591 §2, §3.2.1).
 */
export function validateClientMetadata(
  body: unknown,
  policy: RedirectPolicy,
): Result<ClientMetadata, RegistrationFailure> {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    return fail({ reason: 'registration_not_json' })
  const metadata = body as Record<string, unknown>

  const redirectUris = validateRedirectUris(metadata['redirect_uris'], policy)
  if (!redirectUris.ok) return redirectUris

  const invalid = (field: string, detail: string): Result<never, RegistrationFailure> =>
    fail({ reason: 'client_metadata_invalid', field, detail })

  const grantTypes = metadata['grant_types'] ?? ['authorization_code']
  if (!isStringArray(grantTypes)) return invalid('grant_types', 'must be an array of strings')
  if (!grantTypes.includes('authorization_code'))
    return invalid('grant_types', 'must include authorization_code')

  const responseTypes = metadata['response_types'] ?? ['code']
  if (!isStringArray(responseTypes)) return invalid('response_types', 'must be an array of strings')
  if (!responseTypes.includes('code')) return invalid('response_types', 'must include code')

  const authMethod = metadata['token_endpoint_auth_method'] ?? 'none'
  if (typeof authMethod !== 'string')
    return invalid('token_endpoint_auth_method', 'must be a string')

  for (const field of ['client_uri', 'logo_uri', 'policy_uri', 'tos_uri', 'jwks_uri']) {
    const uri = metadata[field] ?? undefined
    // Shown or fetched by others one day: `javascript:` and `data:` must not even be echoed.
    if (uri !== undefined && !(typeof uri === 'string' && isWebUrl(uri)))
      return invalid(field, 'must be an http or https URL')
  }

  const name = metadata['client_name'] ?? undefined
  if (name !== undefined && typeof name !== 'string')
    return invalid('client_name', 'must be a string')
  const clean = name === undefined ? undefined : cleanClientName(name)
  return ok({
    redirectUris: redirectUris.value,
    ...(clean === undefined ? {} : { name: clean }),
  })
}

/** RFC 7591 §3.2.1: what else was registered. Only what has been validated or is harmless text. */
export function echoedMetadata(body: unknown): Record<string, string> {
  const members = Object.entries(body as Record<string, unknown>).filter(
    ([name, value]) =>
      ['client_uri', 'logo_uri', 'policy_uri', 'tos_uri', 'scope', 'application_type'].includes(
        name,
      ) &&
      typeof value === 'string' &&
      value.length <= 1024,
  )
  return Object.fromEntries(members) as Record<string, string>
}

function validateRedirectUris(
  uris: unknown,
  policy: RedirectPolicy,
): Result<string[], RegistrationFailure> {
  if (!isStringArray(uris) || uris.length === 0) return fail({ reason: 'redirect_uris_missing' })
  if (uris.length > MAX_REDIRECT_URIS) return fail({ reason: 'redirect_uris_too_many' })
  const allowed: string[] = []
  let refused: RegistrationFailure | undefined
  for (const [index, uri] of uris.entries()) {
    const valid = validateRedirectUri(uri)
    if (!valid.ok) {
      const detail = valid.failure.reason === 'redirect_uri_malformed' ? valid.failure.detail : ''
      refused ??= { reason: 'redirect_uri_refused', index, detail }
    } else if (!isAllowedRedirectUri(uri, policy)) {
      const detail = policy.exactOnly === true ? NOT_AT_IDP : NOT_ALLOWED
      refused ??= { reason: 'redirect_uri_refused', index, detail }
    } else allowed.push(uri)
  }
  if (allowed.length === 0) return fail(refused ?? { reason: 'redirect_uris_missing' })
  return ok([...new Set(allowed)])
}

function isStringArray(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function isWebUrl(value: string): boolean {
  return /^https?:\/\//i.test(value) && URL.canParse(value)
}
