import { createHash } from 'node:crypto'
import { authenticateClient } from './client-authentication.ts'
import { json, jsonError, readForm, type Handler } from './http.ts'
import type { TwinClientOptions } from './options.ts'
import { settingsOf, type Pool } from './pool.ts'
import type { Grant } from './store.ts'
import { issueTokens } from './tokens.ts'

/** Developer guide, Token endpoint. */
export const handleToken: Handler = async (pool, request) => {
  const form = await readForm(request)
  const grantType = form?.get('grant_type')
  if (grantType === 'refresh_token') pool.counters.refresh++
  else pool.counters.token++

  if (form === undefined || grantType === undefined || grantType === null)
    return jsonError('invalid_request')
  if (!['authorization_code', 'refresh_token', 'client_credentials'].includes(grantType))
    return jsonError('unsupported_grant_type')
  if (form.has('resource') && pool.settings.resourceAtToken === 'invalid-request')
    return jsonError('invalid_request')

  const authenticated = authenticateClient(pool, request, form)
  if (!authenticated.ok) {
    // Clients that try one authentication method after another lose the code (reported).
    if (pool.settings.failedAuthenticationBurnsCode) pool.store.takeCode(form.get('code') ?? '')
    return jsonError(authenticated.error)
  }
  if (grantType === 'authorization_code') return redeemCode(pool, authenticated.client, form)
  if (grantType === 'refresh_token') return refresh(pool, authenticated.client, form)
  // Token endpoint: client_credentials must be the only grant of its client, so none here has it.
  return jsonError('unauthorized_client')
}

async function redeemCode(
  pool: Pool,
  client: TwinClientOptions,
  form: URLSearchParams,
): Promise<Response> {
  const code = form.get('code')
  const redirectUri = form.get('redirect_uri')
  // Token endpoint: redirect_uri is required for authorization_code.
  if (code === null || redirectUri === null) return jsonError('invalid_request')
  const record = pool.store.takeCode(code)
  if (record === undefined || record.grant.clientId !== client.clientId)
    return jsonError('invalid_grant')
  if (record.redirectUri !== redirectUri)
    return jsonError('unauthorized_client', 'invalid_redirect')
  if (!matchesChallenge(record.codeChallenge, form.get('code_verifier')))
    return jsonError('invalid_grant')
  const user = pool.users.get(record.grant.username)
  if (record.refused || user?.enabled !== true) return jsonError('invalid_grant')

  const { grant } = record
  const tokens = await issueTokens(pool, grant, user, grant.nonce)
  const expiresAt = pool.now() + settingsOf(pool, client.clientId).refreshTokenSeconds * 1000
  return toResponse(tokens, pool.store.addRefreshToken(grant, expiresAt))
}

async function refresh(
  pool: Pool,
  client: TwinClientOptions,
  form: URLSearchParams,
): Promise<Response> {
  const token = form.get('refresh_token')
  if (token === null) return jsonError('invalid_request')
  const record = pool.store.findRefreshToken(token)
  if (record === undefined || record.grant.clientId !== client.clientId)
    return jsonError('invalid_grant')
  const { grant } = record
  const user = pool.users.get(grant.username)
  if (user?.enabled !== true) return jsonError('invalid_grant')

  // Before anything asynchronous: of two simultaneous requests one is the first.
  const rotated = rotate(pool, record)
  const tokens = await issueTokens(pool, grant, user, refreshNonce(pool, grant))
  return toResponse(tokens, rotated)
}

/**
 * Developer guide, Refresh tokens: without rotation there is no new one. With it the old one stays
 * valid for the grace period, and the new one for what remained of the original's lifetime.
 */
function rotate(
  pool: Pool,
  record: { grant: Grant; expiresAt: number; validUntil: number },
): string | undefined {
  const settings = settingsOf(pool, record.grant.clientId)
  if (!settings.refreshTokenRotation) return undefined
  const graceEnds = pool.now() + settings.retryGracePeriodSeconds * 1000
  record.validUntil = Math.min(record.validUntil, graceEnds)
  return pool.store.addRefreshToken(record.grant, record.expiresAt)
}

function refreshNonce(pool: Pool, grant: Grant): string | undefined {
  return pool.settings.nonceOnRefresh ? grant.nonce : undefined
}

/** Token endpoint: code_verifier is required if the code was requested with PKCE. */
function matchesChallenge(challenge: string | undefined, verifier: string | null): boolean {
  if (challenge === undefined) return true
  return (
    verifier !== null && createHash('sha256').update(verifier).digest('base64url') === challenge
  )
}

function toResponse(tokens: object, refreshToken: string | undefined): Response {
  return json(refreshToken === undefined ? tokens : { ...tokens, refresh_token: refreshToken })
}
