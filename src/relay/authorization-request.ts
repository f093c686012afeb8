import type { RelayConfig } from '../config/relay.ts'
import {
  validateAuthorizationRequest,
  type AuthorizationRequest,
} from '../protocol/authorization-request.ts'
import { MAX_REDIRECT_LENGTH } from '../protocol/authorization-response.ts'
import type { Failure } from '../protocol/failure.ts'
import type { Parameters } from '../protocol/form.ts'
import { fail, ok, type Result } from '../protocol/result.ts'

/** Phase 1: the one client, and a redirect URI that the identity provider knows, byte for byte. */
export function proveClient(parameters: Parameters, config: RelayConfig): Result<string, Failure> {
  const clientId = parameters.get('client_id')
  if (clientId === undefined) return fail({ reason: 'client_id_missing' })
  // The identity provider, which redeems the code, knows no metadata documents.
  if (clientId.startsWith('https://'))
    return fail({ reason: 'client_metadata_document_unsupported' })
  if (clientId !== config.identityProvider.clientId) return fail({ reason: 'client_unknown' })
  const redirectUri = parameters.get('redirect_uri')
  if (redirectUri === undefined) return fail({ reason: 'redirect_uri_missing' })
  return config.redirectUris.has(redirectUri)
    ? ok(redirectUri)
    : fail({ reason: 'redirect_uri_mismatch' })
}

/** Phase 2: the rest, and whether the identity provider will take it. */
export function validateRelayRequest(
  parameters: Parameters,
  redirectUri: string,
  config: RelayConfig,
): Result<AuthorizationRequest, Failure> {
  const valid = validateAuthorizationRequest(parameters, redirectUri, config.resources)
  if (!valid.ok) return valid
  const { state } = valid.value
  if (!config.identityProvider.preset.jsonState && state !== undefined && isJsonObject(state))
    return fail({ reason: 'state_is_json' })
  return identityProviderUrl(valid.value, config).length > MAX_REDIRECT_LENGTH
    ? fail({ reason: 'redirect_too_large' })
    : valid
}

/** Nothing is passed on but what is named here. */
export function identityProviderUrl(request: AuthorizationRequest, config: RelayConfig): string {
  const { authorizationEndpoint, clientId } = config.identityProvider
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: request.redirectUri,
    scope: request.scope,
    ...(request.state === undefined ? {} : { state: request.state }),
    code_challenge: request.codeChallenge,
    code_challenge_method: 'S256',
    // As configured, never as the client spelled it: the identity provider compares it exactly.
    ...(config.resourceParameter === 'forward' ? { resource: request.resource } : {}),
  })
  return `${authorizationEndpoint}?${query.toString()}`
}

function isJsonObject(text: string): boolean {
  if (!text.trimStart().startsWith('{')) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
