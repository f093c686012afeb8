import type { Client } from '../clients/client.ts'
import { isRevoked } from '../config/revocation.ts'
import { needsClaims, type Claims } from '../protocol/access.ts'
import type { Failure } from '../protocol/failure.ts'
import type { Parameters } from '../protocol/form.ts'
import { fail, ok, type Result } from '../protocol/result.ts'
import { checkResource } from './code-grant.ts'
import type { AuthorizationServer } from './context.ts'
import { issueTokens, type Outcome, type TokenResponse } from './issue-tokens.ts'
import { RefreshTokenSchema, type RefreshToken } from './sealed-values.ts'
import type { SharedRefresh } from './shared-refreshes.ts'

/** `grant_type=refresh_token` (OAuth 2.1 §4.3): the identity provider decides every time. */
export async function refreshGrant(
  form: Parameters,
  client: Client,
  server: AuthorizationServer,
): Promise<Outcome> {
  const grant = await openRefreshToken(form.get('refresh_token'), client, server)
  if (!grant.ok) return { tokens: grant }
  return { tokens: await refreshTokens(grant.value, form, client, server), flow: grant.value.flow }
}

async function refreshTokens(
  grant: RefreshToken,
  form: Parameters,
  client: Client,
  server: AuthorizationServer,
): Promise<Result<TokenResponse, Failure>> {
  const resource = checkResource(form, grant.resource)
  if (!resource.ok) return resource

  const { idpRefreshToken, subject } = grant
  const refreshed = await server.refreshes.refresh(idpRefreshToken, subject)
  if (!refreshed.ok) return refreshed
  if (!refreshed.value.rotated && server.config.identityProvider.refreshTokens === 'rotating')
    server.runtime.emit({
      type: 'identity-provider.warning',
      reason: 'configured as rotating refresh tokens, but it did not',
    })
  const claims = await claimsOf(refreshed.value, subject, server)
  if (!claims.ok) return claims
  return issueTokens(
    {
      type: 'refresh_token',
      client: client.name,
      subject,
      resource: grant.resource,
      scope: grant.scope,
      requestedScope: form.get('scope'),
      claims: claims.value,
      idpRefreshToken: refreshed.value.refreshToken,
      absoluteExpiresAt: grant.absoluteExpiresAt,
      flow: grant.flow,
    },
    server,
  )
}

/** The grant a refresh token stands for, if it is this client's and nothing has cut it off. */
export async function openRefreshToken(
  sealed: string | undefined,
  client: Client,
  server: AuthorizationServer,
): Promise<Result<RefreshToken, Failure>> {
  if (sealed === undefined) return fail({ reason: 'refresh_token_missing' })
  const opened = await server.sealer.open('refresh_token', sealed, RefreshTokenSchema)
  if (!opened.ok) return fail({ reason: 'refresh_token_invalid' })
  if (isRevoked(server.config.revokeBefore, opened.value)) return fail({ reason: 'grant_revoked' })
  if (opened.value.client !== client.name) return fail({ reason: 'grant_of_other_client' })
  const { issuer, clientId } = server.config.identityProvider
  // Another tenant's refresh token or subject must not be taken for this one's.
  if (opened.value.idpIssuer !== issuer || opened.value.idpClientId !== clientId)
    return fail({ reason: 'grant_of_other_identity_provider' })
  return opened
}

async function claimsOf(
  refreshed: SharedRefresh,
  subject: string,
  server: AuthorizationServer,
): Promise<Result<Claims, Failure>> {
  const claims = await refreshed.claims()
  if (claims.ok && claims.value !== undefined) return ok(claims.value)
  if (!claims.ok && claims.failure.reason !== 'idp_unavailable') return claims
  // Where the policy looks at nothing but `sub`, the sealed one is enough, outage or not.
  if (!needsClaims(server.config.access)) return ok({ sub: subject })
  return claims.ok ? fail({ reason: 'claims_unavailable' }) : claims
}
