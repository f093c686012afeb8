import { authenticateClient } from './client-authentication.ts'
import { jsonError, readForm, type Handler } from './http.ts'
import { settingsOf } from './pool.ts'

/** Developer guide, Revoke endpoint. */
export const handleRevoke: Handler = async (pool, request) => {
  pool.counters.revoke++
  const form = await readForm(request)
  const token = form?.get('token')
  if (form === undefined || token === undefined || token === null)
    return jsonError('invalid_request')
  const authenticated = authenticateClient(pool, request, form)
  if (!authenticated.ok) {
    const status = authenticated.error === 'invalid_client' ? 401 : 400
    return jsonError(authenticated.error, undefined, status)
  }
  // Revoke endpoint: 400 invalid_request if the feature is disabled for the client.
  if (!settingsOf(pool, authenticated.client.clientId).tokenRevocation)
    return jsonError('invalid_request')
  if (isJwt(token)) return jsonError('unsupported_token_type')
  const record = pool.store.findRefreshToken(token)
  if (record?.grant.clientId === authenticated.client.clientId) pool.store.revoke(record.grant)
  // Revoke endpoint: 200 with an empty body, also for a token that was never valid.
  return new Response(null, { status: 200 })
}

/** Access and ID tokens have three parts; a refresh token has five. */
function isJwt(token: string): boolean {
  return token.split('.').length === 3
}
