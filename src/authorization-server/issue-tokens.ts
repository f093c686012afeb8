import { signAccessToken } from '../crypto/access-token.ts'
import { MAX_SEALED_LENGTH } from '../crypto/seal.ts'
import { randomId } from '../crypto/signing.ts'
import { evaluateAccess, readGroups, verifiedEmail, type Claims } from '../protocol/access.ts'
import type { Failure } from '../protocol/failure.ts'
import { fail, ok, type Result } from '../protocol/result.ts'
import { parseScope } from '../protocol/scope.ts'
import { MAX_ACCESS_TOKEN_LENGTH } from './budgets.ts'
import { nowSeconds, type AuthorizationServer } from './context.ts'
import type { RefreshToken } from './sealed-values.ts'

/** A successful answer of the token endpoint (RFC 6749 §5.1). */
export interface TokenResponse {
  access_token: string
  token_type: 'Bearer'
  expires_in: number
  scope: string
  refresh_token?: string
}

/** What is granted, before it is turned into tokens. */
export interface Grant {
  type: 'authorization_code' | 'refresh_token'
  client: string
  subject: string
  resource: string
  /** What was granted so far; tokens may hold less, never more. */
  scope: string
  /** What this request asks for, where it narrows. */
  requestedScope?: string | undefined
  claims: Claims
  /** Absent where the identity provider gave none. */
  idpRefreshToken?: string | undefined
  /** Seconds since the epoch; of the first grant of the family. */
  absoluteExpiresAt: number
  flow?: string | undefined
}

/** What a grant has come to, and the sign-in it belongs to as far as that is known. */
export interface Outcome {
  tokens: Result<TokenResponse, Failure>
  flow?: string | undefined
}

/** Applies the access policy and issues tokens: an `at+jwt` (RFC 9068) and a sealed refresh token. */
export async function issueTokens(
  grant: Grant,
  server: AuthorizationServer,
): Promise<Result<TokenResponse, Failure>> {
  const { config, runtime } = server
  const refused = grant.type === 'refresh_token' ? 'refresh_access_refused' : 'code_access_refused'
  const { groupsClaim } = config.identityProvider
  const access = evaluateAccess(config.access, grant.claims, groupsClaim)
  const resource = config.resources.find(({ url }) => url === grant.resource)
  if (!access.admitted || resource === undefined) return fail({ reason: refused })

  const granted = parseScope(grant.scope).filter(
    (scope) =>
      resource.scopes.includes(scope) && (access.scopes === 'all' || access.scopes.includes(scope)),
  )
  // Who is given nothing here may not come in: a resource need not require scopes of its own.
  const isEverything = access.scopes === 'all' && resource.scopes.length === 0
  if (granted.length === 0 && !isEverything) return fail({ reason: refused })
  const requested = parseScope(grant.requestedScope).filter((scope) => granted.includes(scope))
  const scope = (requested.length > 0 ? requested : granted).join(' ')

  const refreshToken = await sealRefreshToken(grant, granted.join(' '), server)
  const lifetime =
    refreshToken === undefined
      ? config.lifetimes.sessionSecondsWithoutRefresh
      : config.lifetimes.accessTokenSeconds
  const issuedAt = nowSeconds(server)
  const jti = randomId(runtime.random)
  const [key] = await server.signingKeys()
  if (key === undefined) throw new TypeError('at least one signing key is needed')
  const groups = readGroups(grant.claims, groupsClaim).filter((group) =>
    config.forwardGroups.includes(group),
  )
  const email = verifiedEmail(grant.claims)
  const accessToken = await signAccessToken(key, {
    iss: config.issuer,
    aud: grant.resource,
    sub: grant.subject,
    client_id: grant.client,
    scope,
    idp: config.identityProvider.issuer,
    iat: issuedAt,
    exp: issuedAt + lifetime,
    jti,
    ...(grant.flow === undefined ? {} : { flow: grant.flow }),
    ...(email === undefined ? {} : { email }),
    ...(groups.length === 0 ? {} : { groups }),
  })
  if (accessToken.length > MAX_ACCESS_TOKEN_LENGTH)
    return fail({ reason: 'access_token_too_large' })

  runtime.emit({
    type: 'token.issued',
    grant: grant.type,
    client: grant.client,
    subject: grant.subject,
    resource: grant.resource,
    scope,
    jti,
    expiresInSeconds: lifetime,
    flow: grant.flow,
  })
  return ok({
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: lifetime,
    scope,
    ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
  })
}

async function sealRefreshToken(
  grant: Grant,
  scope: string,
  server: AuthorizationServer,
): Promise<string | undefined> {
  const { config, runtime } = server
  const without = (reason: string): undefined => {
    const { client, flow } = grant
    runtime.emit({ type: 'token.without-refresh', client, reason, flow })
  }
  if (grant.idpRefreshToken === undefined)
    return without('the identity provider gave no refresh token')
  const issuedAt = nowSeconds(server)
  const value: RefreshToken = {
    idpRefreshToken: grant.idpRefreshToken,
    idpIssuer: config.identityProvider.issuer,
    idpClientId: config.identityProvider.clientId,
    subject: grant.subject,
    client: grant.client,
    resource: grant.resource,
    // RFC 6749 §6: a refresh that narrows leaves the grant as wide as it was.
    scope: grant.type === 'refresh_token' ? grant.scope : scope,
    issuedAt,
    absoluteExpiresAt: grant.absoluteExpiresAt,
    flow: grant.flow,
  }
  const idle = issuedAt + config.lifetimes.refreshTokenIdleSeconds
  const sealed = await server.sealer.seal(
    'refresh_token',
    value,
    Math.min(idle, grant.absoluteExpiresAt),
  )
  return sealed.length <= MAX_SEALED_LENGTH
    ? sealed
    : without('the refresh token of the identity provider is too long')
}
