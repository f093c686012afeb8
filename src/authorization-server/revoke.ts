import { readForm } from '../http/read-form.ts'
import { oauthErrorResponse } from '../http/responses.ts'
import type { Failure } from '../protocol/failure.ts'
import { toOAuthError } from '../protocol/oauth-error.ts'
import { authenticateClient } from './client-authentication.ts'
import type { AuthorizationServer } from './context.ts'
import { openRefreshToken } from './refresh-grant.ts'

const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/

/**
 * POST /revoke (RFC 7009). A refresh token is revoked at the identity provider, which is where it
 * lives. Access tokens are self-contained and run out by themselves; that is said, not pretended.
 */
export async function handleRevoke(
  request: Request,
  server: AuthorizationServer,
): Promise<Response> {
  const refuse = (failure: Failure): Response => {
    server.runtime.emit({ type: 'revocation.refused', reason: failure.reason })
    return oauthErrorResponse(toOAuthError(failure))
  }
  const form = await readForm(request)
  if (!form.ok) return refuse(form.failure)
  const client = await authenticateClient(request, form.value, server)
  if (!client.ok) return refuse(client.failure)
  const token = form.value.get('token')
  if (token === undefined) return refuse({ reason: 'token_missing' })
  if (JWT.test(token)) return refuse({ reason: 'token_type_unsupported' })

  const grant = await openRefreshToken(token, client.value, server)
  // RFC 7009 §2.2: an unknown or expired token is as good as revoked, and nothing is told of it.
  if (!grant.ok) return done()
  const revoked = await server.identityProvider.revoke(grant.value.idpRefreshToken)
  if (!revoked.ok) {
    if (revoked.failure.reason === 'idp_rejected_grant') return done()
    return refuse(revoked.failure)
  }
  if (!revoked.value) return refuse({ reason: 'token_type_unsupported' })
  await server.refreshes.forget(grant.value.idpRefreshToken)
  server.runtime.emit({
    type: 'token.revoked',
    client: client.value.name,
    subject: grant.value.subject,
    flow: grant.value.flow,
  })
  return done()
}

function done(): Response {
  return new Response(null, { status: 200, headers: { 'Cache-Control': 'no-store' } })
}
