import type { AuthInfo } from '../config/options.ts'
import type { AccessTokenClaims } from '../crypto/access-token.ts'
import { randomId, signJwt, type SigningKey } from '../crypto/signing.ts'

const IDENTITY_SECONDS = 60

/**
 * What the MCP server is told about the person. Values are percent-encoded: no name may break a
 * header or fake a second value.
 */
export function identityHeaders(claims: AccessTokenClaims): [string, string][] {
  const headers: [string, string][] = [
    ['x-forwarded-user', percentEncode(`${claims.idp} ${claims.sub}`)],
  ]
  if (claims.email !== undefined) headers.push(['x-forwarded-email', percentEncode(claims.email)])
  if (claims.groups !== undefined)
    headers.push(['x-forwarded-groups', claims.groups.map(percentEncode).join(',')])
  return headers
}

/** A lone surrogate, which JSON can carry and URIs cannot, becomes U+FFFD. */
function percentEncode(value: string): string {
  return encodeURIComponent(value.replace(/\p{Surrogate}/gu, '\uFFFD'))
}

/**
 * The identity JWT: the same, signed, for MCP servers that want proof. Its keys are published apart
 * from the authorization server's, so neither kind of token can be taken for the other.
 */
export function signIdentity(
  key: SigningKey,
  claims: AccessTokenClaims,
  audience: string,
  now: number,
  random: (length: number) => Uint8Array,
): Promise<string> {
  const issuedAt = Math.floor(now / 1000)
  return signJwt(key, 'postern-identity+jwt', {
    iss: claims.iss,
    aud: audience,
    sub: claims.sub,
    idp: claims.idp,
    client_id: claims.client_id,
    scope: claims.scope,
    ...(claims.email === undefined ? {} : { email: claims.email }),
    ...(claims.groups === undefined ? {} : { groups: claims.groups }),
    iat: issuedAt,
    exp: issuedAt + IDENTITY_SECONDS,
    jti: randomId(random),
  })
}

/** The same for tools of the official SDK in this process. */
export function toAuthInfo(token: string, claims: AccessTokenClaims): AuthInfo {
  return {
    token,
    clientId: claims.client_id,
    scopes: claims.scope.split(' ').filter((scope) => scope !== ''),
    expiresAt: claims.exp,
    resource: new URL(claims.aud),
    extra: {
      subject: claims.sub,
      issuer: claims.idp,
      ...(claims.email === undefined ? {} : { email: claims.email }),
      ...(claims.groups === undefined ? {} : { groups: claims.groups }),
    },
  }
}
