import type { AuthorizationFailure } from './failure.ts'
import type { Parameters } from './form.ts'
import { isS256Challenge } from './pkce.ts'
import { normalizeResource } from './resource.ts'
import { fail, ok, type Result } from './result.ts'
import { matchesRegisteredRedirectUri } from './redirect-uri.ts'
import { narrowScope } from './scope.ts'

/** A valid authorization request: OAuth 2.1 §4.1.1 with PKCE, RFC 8707. */
export interface AuthorizationRequest {
  redirectUri: string
  state?: string
  codeChallenge: string
  /** The resource's identifier as configured. */
  resource: string
  scope: string
}

interface ProtectedResource {
  url: string
  scopes: readonly string[]
}

const MAX_STATE_BYTES = 1024
const MAX_SCOPE_BYTES = 1024

/** Phase 1. Until this has passed nothing may be redirected anywhere (RFC 6749 §4.1.2.1). */
export function proveRedirectUri(
  parameters: Parameters,
  registered: readonly string[],
): Result<string, AuthorizationFailure> {
  const redirectUri = parameters.get('redirect_uri')
  if (redirectUri === undefined) return fail({ reason: 'redirect_uri_missing' })
  return registered.some((uri) => matchesRegisteredRedirectUri(redirectUri, uri))
    ? ok(redirectUri)
    : fail({ reason: 'redirect_uri_mismatch' })
}

/** Phase 2. Failures go back to the proven redirect_uri. */
export function validateAuthorizationRequest(
  parameters: Parameters,
  redirectUri: string,
  resources: readonly ProtectedResource[],
): Result<AuthorizationRequest, AuthorizationFailure> {
  if (parameters.has('request')) return fail({ reason: 'request_object_unsupported' })
  if (parameters.has('request_uri')) return fail({ reason: 'request_uri_unsupported' })

  const responseType = parameters.get('response_type')
  if (responseType === undefined) return fail({ reason: 'response_type_missing' })
  if (responseType !== 'code') return fail({ reason: 'response_type_unsupported' })
  if ((parameters.get('response_mode') ?? 'query') !== 'query')
    return fail({ reason: 'response_mode_unsupported' })

  const codeChallenge = parameters.get('code_challenge')
  if (codeChallenge === undefined) return fail({ reason: 'code_challenge_missing' })
  // RFC 7636 §4.3: absent means plain, which is refused as well.
  if (parameters.get('code_challenge_method') !== 'S256')
    return fail({ reason: 'code_challenge_method_unsupported' })
  if (!isS256Challenge(codeChallenge)) return fail({ reason: 'code_challenge_malformed' })

  const resource = findResource(parameters.get('resource'), resources)
  if (!resource.ok) return resource

  const state = parameters.get('state')
  if (state !== undefined && byteLength(state) > MAX_STATE_BYTES)
    return fail({ reason: 'state_too_large' })
  const scope = parameters.get('scope')
  if (scope !== undefined && byteLength(scope) > MAX_SCOPE_BYTES)
    return fail({ reason: 'scope_too_large' })

  return ok({
    redirectUri,
    ...(state === undefined ? {} : { state }),
    codeChallenge,
    resource: resource.value.url,
    scope: narrowScope(scope, resource.value.scopes).join(' '),
  })
}

/** RFC 8707 §2. Old clients send no `resource`: with one configured it is that one. */
function findResource(
  requested: string | undefined,
  resources: readonly ProtectedResource[],
): Result<ProtectedResource, AuthorizationFailure> {
  if (requested === undefined) {
    const [only, ...others] = resources
    return only !== undefined && others.length === 0
      ? ok(only)
      : fail({ reason: 'resource_missing' })
  }
  const wanted = normalizeResource(requested)
  const found = resources.find((resource) => normalizeResource(resource.url) === wanted)
  return wanted !== undefined && found !== undefined
    ? ok(found)
    : fail({ reason: 'resource_unknown' })
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length
}
