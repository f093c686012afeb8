import type { ConfigIssue } from './config-error.ts'
import { signatureAlgorithmOf } from './signing-jwk.ts'

/** A public key that verifies with one algorithm only. */
export type PublicJwk = JsonWebKey & { kid: string; alg: string }

// RFC 7518 §6.2.1, §6.3.1, RFC 8037 §2
const MEMBERS: Readonly<Record<string, readonly (keyof JsonWebKey)[]>> = {
  OKP: ['x'],
  EC: ['x', 'y'],
  RSA: ['n', 'e'],
}

/** The keys of a pinned JWKS that can verify tokens; the others (`use: enc`, other curves) are left. */
export function checkJwks(
  path: string,
  jwks: { keys: readonly JsonWebKey[] },
  issues: ConfigIssue[],
): PublicJwk[] {
  if (jwks.keys.some((jwk) => jwk.d !== undefined || jwk.k !== undefined))
    issues.push({
      path,
      message: 'holds a private or secret key',
      fix: 'Give the public JWKS only: a gate must not be able to issue tokens.',
    })
  const usable = jwks.keys.flatMap((jwk) => toVerificationJwk(jwk) ?? [])
  if (usable.length === 0)
    issues.push({
      path,
      message: 'holds no key that can verify tokens',
      fix: 'Give a JWKS with RSA (at least 2048 bits), EC P-256 or Ed25519 keys, each with a kid.',
    })
  return usable
}

function toVerificationJwk(jwk: JsonWebKey & { kid?: unknown }): PublicJwk | undefined {
  const alg = signatureAlgorithmOf(jwk)
  const { kid } = jwk
  if (alg === undefined || typeof kid !== 'string' || kid === '') return undefined
  if ((jwk.use ?? 'sig') !== 'sig' || (jwk.alg ?? alg) !== alg) return undefined
  const members = MEMBERS[jwk.kty ?? ''] ?? []
  if (members.some((member) => typeof jwk[member] !== 'string')) return undefined
  // RFC 7518 §3.3: 2048 bits or more; six bits to a base64url character.
  if (jwk.kty === 'RSA' && (jwk.n ?? '').length * 6 < 2048) return undefined
  return { ...jwk, kid, alg }
}
