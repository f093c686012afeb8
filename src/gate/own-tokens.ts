import type { GateConfig } from '../config/gate-config.ts'
import { verifyAccessToken, type VerificationKey } from '../crypto/access-token.ts'
import type { Runtime } from '../runtime.ts'
import type { VerifyToken } from './caller.ts'

/** Verifies the access tokens of a Postern in broker mode. */
export function createOwnTokenVerifier(
  config: Pick<GateConfig, 'issuer'>,
  keys: readonly VerificationKey[],
  runtime: Pick<Runtime, 'now'>,
): VerifyToken {
  return (token, resource) =>
    verifyAccessToken(token, keys, {
      issuer: config.issuer,
      audience: resource.url,
      now: runtime.now(),
    })
}
