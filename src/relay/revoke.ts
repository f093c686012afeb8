import { readForm } from '../http/read-form.ts'
import { oauthErrorResponse } from '../http/responses.ts'
import type { Failure } from '../protocol/failure.ts'
import { toOAuthError } from '../protocol/oauth-error.ts'
import { checkClient, type RelayTokenServer } from './token-context.ts'

/** POST /revoke (RFC 7009) of relay mode: the identity provider revokes what is its own. */
export async function handleRevoke(
  request: Request,
  endpoint: string,
  server: RelayTokenServer,
): Promise<Response> {
  const { config, runtime } = server
  const refuse = (failure: Failure): Response => {
    runtime.emit({ type: 'revocation.refused', reason: failure.reason })
    return oauthErrorResponse(toOAuthError(failure))
  }
  const form = await readForm(request)
  if (!form.ok) return refuse(form.failure)
  const client = await checkClient(request, form.value, config)
  if (!client.ok) return refuse(client.failure)
  const token = form.value.get('token')
  if (token === undefined) return refuse({ reason: 'token_missing' })
  const revoked = await server.leg('revocation', endpoint, { token })
  if (!revoked.ok) return refuse(revoked.failure)
  runtime.emit({ type: 'relay.token-revoked', client: config.clientId })
  return new Response(null, { status: 200, headers: { 'Cache-Control': 'no-store' } })
}
