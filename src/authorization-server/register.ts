import { sealRegistration } from '../clients/registration.ts'
import { sha256 } from '../crypto/digest.ts'
import { readJson } from '../http/read-json.ts'
import { jsonResponse, oauthErrorResponse } from '../http/responses.ts'
import { echoedMetadata, validateClientMetadata } from '../protocol/client-metadata.ts'
import type { Failure } from '../protocol/failure.ts'
import { toOAuthError } from '../protocol/oauth-error.ts'
import { redirectUriHost } from '../protocol/redirect-uri.ts'
import { nowSeconds, type AuthorizationServer } from './context.ts'

/**
 * Dynamic client registration (RFC 7591 §3) without a store: the client_id is the registration,
 * sealed. Whatever authentication is asked for, the client becomes a public one and is told so.
 */
export async function handleRegister(
  request: Request,
  server: AuthorizationServer,
): Promise<Response> {
  const refuse = (failure: Failure): Response => {
    server.runtime.emit({ type: 'registration.refused', reason: failure.reason })
    return oauthErrorResponse(toOAuthError(failure))
  }
  const body = await readJson(request)
  const metadata = validateClientMetadata(body, server.redirectPolicy)
  if (!metadata.ok) return refuse(metadata.failure)

  const issuedAt = nowSeconds(server)
  const clientId = await sealRegistration(server.sealer, metadata.value, issuedAt)
  if (clientId === undefined) return refuse({ reason: 'redirect_uris_too_large' })

  const { redirectUris, name } = metadata.value
  server.runtime.emit({
    type: 'client.registered',
    client: await sha256(clientId),
    ...(name === undefined ? {} : { clientName: name }),
    redirectHosts: [...new Set(redirectUris.map(redirectUriHost))],
  })
  return jsonResponse(
    {
      client_id: clientId,
      client_id_issued_at: issuedAt,
      ...(name === undefined ? {} : { client_name: name }),
      redirect_uris: redirectUris,
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      ...echoedMetadata(body),
    },
    201,
  )
}
