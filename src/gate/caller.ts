import type { Resource } from '../config/gate-config.ts'
import type { AccessTokenClaims, AccessTokenFailure } from '../crypto/access-token.ts'
import type { Result } from '../protocol/result.ts'

/** Who is calling, as an access token says; the same whoever issued it. */
export type Caller = Omit<AccessTokenClaims, 'iss'>

export type TokenRefusal =
  AccessTokenFailure | { reason: 'token_revoked' } | { reason: 'access_refused' }

/** Checks all that does not change while a token lives. */
export type VerifyToken = (
  token: string,
  resource: Resource,
) => Promise<Result<Caller, TokenRefusal>>
