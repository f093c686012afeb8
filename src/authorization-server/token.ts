import type { Client } from '../clients/client.ts'
import { readForm } from '../http/read-form.ts'
import { jsonResponse, oauthErrorResponse } from '../http/responses.ts'
import type { Failure } from '../protocol/failure.ts'
import type { Parameters } from '../protocol/form.ts'
import { toOAuthError } from '../protocol/oauth-error.ts'
import { fail, type Result } from '../protocol/result.ts'
import { authenticateClient } from './client-authentication.ts'
import { redeemCode } from './code-grant.ts'
import type { AuthorizationServer } from './context.ts'
import type { TokenResponse } from './issue-tokens.ts'
import { refreshGrant } from './refresh-grant.ts'

/**
 * POST /token (OAuth 2.1 §3.2). The client is checked before the grant: 401 `invalid_client` is the
 * one answer from which clients heal by registering again.
 */
export async function handleToken(
  request: Request,
  server: AuthorizationServer,
): Promise<Response> {
  const form = await readForm(request)
  if (!form.ok) return refuse(server, form.failure)
  const client = await authenticateClient(request, form.value, server)
  if (!client.ok) {
    const usedBasic = request.headers.has('authorization')
    // RFC 6749 §5.2
    return refuse(
      server,
      client.failure,
      undefined,
      usedBasic ? { 'WWW-Authenticate': 'Basic realm="postern"' } : {},
    )
  }
  const tokens = await grantTokens(form.value, client.value, server)
  if (!tokens.ok) return refuse(server, tokens.failure, client.value.name)
  return jsonResponse(tokens.value)
}

function grantTokens(
  form: Parameters,
  client: Client,
  server: AuthorizationServer,
): Promise<Result<TokenResponse, Failure>> {
  switch (form.get('grant_type')) {
    case 'authorization_code':
      return redeemCode(form, client, server)
    case 'refresh_token':
      return refreshGrant(form, client, server)
    case undefined:
      return Promise.resolve(fail({ reason: 'grant_type_missing' }))
    default:
      return Promise.resolve(fail({ reason: 'grant_type_unsupported' }))
  }
}

function refuse(
  server: AuthorizationServer,
  failure: Failure,
  client?: string,
  headers: Record<string, string> = {},
): Response {
  server.runtime.emit({
    type: 'token.refused',
    reason: failure.reason,
    ...(client === undefined ? {} : { client }),
  })
  return oauthErrorResponse(toOAuthError(failure), headers)
}
