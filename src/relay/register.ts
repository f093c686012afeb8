import { readJson } from '../http/read-json.ts'
import { jsonResponse, oauthErrorResponse } from '../http/responses.ts'
import { echoedMetadata, validateClientMetadata } from '../protocol/client-metadata.ts'
import { toOAuthError } from '../protocol/oauth-error.ts'
import { redirectUriHost, validateRedirectUri } from '../protocol/redirect-uri.ts'
import { nowSeconds, type RelayServer } from './context.ts'

/**
 * Dynamic client registration (RFC 7591 §3) that registers nothing: everybody is given the one
 * client of the identity provider, as a public client, for redirect URIs that it knows.
 */
export async function handleRegister(request: Request, server: RelayServer): Promise<Response> {
  const { config, runtime } = server
  const body = await readJson(request)
  const policy = { exact: config.redirectUris, oneSegmentAfter: [], exactOnly: true } as const
  const metadata = validateClientMetadata(body, policy)
  if (!metadata.ok) {
    const { reason } = metadata.failure
    // The operator has to add what is missing at the identity provider: hosts tell whose it is.
    runtime.emit({ type: 'registration.refused', reason, redirectHosts: askedHosts(body) })
    return oauthErrorResponse(toOAuthError(metadata.failure))
  }
  const { redirectUris, name } = metadata.value
  const { clientId } = config.identityProvider
  runtime.emit({
    type: 'client.registered',
    client: clientId,
    ...(name === undefined ? {} : { clientName: name }),
    redirectHosts: [...new Set(redirectUris.map(redirectUriHost))],
  })
  return jsonResponse(
    {
      client_id: clientId,
      client_id_issued_at: nowSeconds(server),
      ...(name === undefined ? {} : { client_name: name }),
      redirect_uris: redirectUris,
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      ...credentials(config.sharedClientSecret),
      ...echoedMetadata(body),
    },
    201,
  )
}

function credentials(secret: string | undefined): Record<string, unknown> {
  return secret === undefined
    ? { token_endpoint_auth_method: 'none' }
    : {
        token_endpoint_auth_method: 'client_secret_post',
        client_secret: secret,
        // RFC 7591 §3.2.1: 0 is never.
        client_secret_expires_at: 0,
      }
}

function askedHosts(body: unknown): string[] {
  const { redirect_uris: uris } = (body ?? {}) as { redirect_uris?: unknown }
  if (!Array.isArray(uris)) return []
  const valid = uris.filter(
    (uri): uri is string => typeof uri === 'string' && validateRedirectUri(uri).ok,
  )
  return [...new Set(valid.map(redirectUriHost))].slice(0, 8)
}
