import { createHash, randomUUID } from 'node:crypto'
import { createLocalJWKSet, jwtVerify, SignJWT, type JWTPayload } from 'jose'
import type { TwinKey } from './keys.ts'
import type { User } from './options.ts'
import { settingsOf, type Pool } from './pool.ts'
import type { Grant } from './store.ts'

export interface TokenSet {
  access_token: string
  id_token?: string
  token_type: 'Bearer'
  expires_in: number
}

export async function issueTokens(
  pool: Pool,
  grant: Grant,
  user: User,
  nonce: string | undefined,
): Promise<TokenSet> {
  const iat = Math.floor(pool.now() / 1000)
  const settings = settingsOf(pool, grant.clientId)
  const shared = {
    sub: user.sub,
    iss: pool.issuer,
    ...(user.groups.length > 0 ? { 'cognito:groups': user.groups } : {}),
    // Developer guide, token revocation: origin_jti only where it is enabled.
    ...(settings.tokenRevocation ? { origin_jti: grant.originJti } : {}),
    event_id: grant.eventId,
    auth_time: grant.authTime,
    iat,
  }
  const accessToken = await sign(pool.keys.access, {
    ...shared,
    version: 2,
    client_id: grant.clientId,
    token_use: 'access',
    scope: grant.scopes.join(' '),
    exp: iat + settings.accessTokenSeconds,
    jti: randomUUID(),
    username: user.username,
    // Developer guide, The access token: no aud, unless bound to a resource.
    ...(grant.audience === undefined ? {} : { aud: grant.audience }),
  })
  const response: TokenSet = {
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: settings.accessTokenSeconds,
  }
  // Authorize endpoint: an ID token only if openid was requested.
  if (!grant.scopes.includes('openid')) return response
  const idToken = await sign(pool.keys.id, {
    ...shared,
    aud: grant.clientId,
    token_use: 'id',
    at_hash: halfHash(accessToken),
    exp: iat + settings.idTokenSeconds,
    jti: randomUUID(),
    'cognito:username': user.username,
    ...(nonce === undefined ? {} : { nonce }),
    ...(readsEmail(grant.scopes) ? emailClaims(user) : {}),
  })
  return { ...response, id_token: idToken }
}

/** An access token of this pool that is still good, with the person it stands for. */
export async function verifyAccessToken(
  pool: Pool,
  token: string,
): Promise<{ user: User; scopes: string[] } | undefined> {
  let payload: JWTPayload
  try {
    const verified = await jwtVerify(token, createLocalJWKSet(pool.keys.jwks), {
      algorithms: ['RS256'],
      issuer: pool.issuer,
      currentDate: new Date(pool.now()),
    })
    payload = verified.payload
  } catch {
    return undefined
  }
  const { username, scope, origin_jti: originJti } = payload
  // An ID token has neither.
  if (typeof username !== 'string' || typeof scope !== 'string') return undefined
  if (typeof originJti === 'string' && pool.store.isRevoked(originJti)) return undefined
  const user = pool.users.get(username)
  return user?.enabled === true ? { user, scopes: scope.split(' ') } : undefined
}

/**
 * Developer guide, userInfo endpoint: openid alone gives all attributes; together with email, phone
 * or profile only theirs.
 */
export function readsEmail(scopes: readonly string[]): boolean {
  return scopes.includes('email') || !scopes.some((name) => ['phone', 'profile'].includes(name))
}

function emailClaims(user: User): { email?: string; email_verified?: boolean } {
  return user.email === undefined ? {} : { email: user.email, email_verified: user.emailVerified }
}

/** Developer guide, Understanding user pool JWTs: the header has `kid` and `alg`, no `typ`. */
function sign(key: TwinKey, claims: JWTPayload): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ kid: key.kid, alg: 'RS256' }).sign(key.privateKey)
}

// OpenID Connect Core §3.1.3.6
function halfHash(token: string): string {
  return createHash('sha256').update(token).digest().subarray(0, 16).toString('base64url')
}
