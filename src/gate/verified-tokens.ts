import { LRUCache } from 'lru-cache'
import type { Config, Resource } from '../config/resolve.ts'
import { isRevoked } from '../config/revocation.ts'
import {
  verifyAccessToken,
  type AccessTokenClaims,
  type AccessTokenFailure,
} from '../crypto/access-token.ts'
import { fail, ok, type Result } from '../protocol/result.ts'
import type { Runtime } from '../runtime.ts'
import type { GateKeys } from './gate-keys.ts'
import { identityHeaders, signIdentity } from './identity.ts'

const MAX_REMEMBERED = 10_000
/** An identity JWT lives 60 s; sent for half of that, it has at least 30 s left on arrival. */
const IDENTITY_REUSE_MS = 30 * 1000

export type TokenRefusal = AccessTokenFailure | { reason: 'token_revoked' }

export interface VerifiedToken {
  claims: AccessTokenClaims
  identityHeaders: readonly [string, string][]
  identityJwt: () => Promise<string>
}

/** Verifies access tokens and remembers those that passed, by hash, never those that failed. */
export function createVerifiedTokens(
  config: Config,
  keys: GateKeys,
  runtime: Runtime,
): (token: string, resource: Resource) => Promise<Result<VerifiedToken, TokenRefusal>> {
  const remembered = new LRUCache<string, VerifiedToken>({ max: MAX_REMEMBERED })

  return async (token, resource) => {
    const key = await runtime.sha256(`${resource.url}\n${token}`)
    let verified = remembered.get(key)
    if (verified === undefined) {
      const claims = await verifyAccessToken(token, keys.verification, {
        issuer: config.issuer,
        audience: resource.url,
        now: runtime.now(),
      })
      if (!claims.ok) return claims
      verified = {
        claims: claims.value,
        identityHeaders: identityHeaders(claims.value),
        identityJwt: rememberIdentity(claims.value, resource, keys, runtime),
      }
      remembered.set(key, verified)
    }
    const { exp, iat, client_id: client, sub: subject } = verified.claims
    if (runtime.now() >= exp * 1000) return fail({ reason: 'token_expired' })
    if (isRevoked(config.revokeBefore, { issuedAt: iat, client, subject }))
      return fail({ reason: 'token_revoked' })
    return ok(verified)
  }
}

function rememberIdentity(
  claims: AccessTokenClaims,
  resource: Resource,
  keys: GateKeys,
  runtime: Runtime,
): () => Promise<string> {
  let known: { jwt: Promise<string>; at: number } | undefined
  return () => {
    const [key] = keys.identity
    if (key === undefined) throw new TypeError('at least one gate-sign key is needed')
    const now = runtime.now()
    if (known === undefined || now - known.at > IDENTITY_REUSE_MS) {
      const audience = typeof resource.upstream === 'string' ? resource.upstream : resource.url
      known = { jwt: signIdentity(key, claims, audience, now, runtime.random), at: now }
    }
    return known.jwt
  }
}
