import {
  decodeJwt,
  errors,
  importJWK,
  jwtVerify,
  type JWTPayload,
  type JWTVerifyOptions,
} from 'jose'
import * as v from 'valibot'
import type { PublicJwk } from '../config/public-jwk.ts'
import { fail, ok, type Result } from '../protocol/result.ts'
import { signJwt, type SigningKey } from './signing.ts'

/** Claims of an access token (RFC 9068 §2.2), with what the gate tells the MCP server. */
export interface AccessTokenClaims {
  iss: string
  aud: string
  sub: string
  /** The client's id where it is short, else its SHA-256: sealed ids are too long for a token. */
  client_id: string
  scope: string
  /** Issuer of the identity provider that `sub` belongs to. */
  idp: string
  iat: number
  exp: number
  jti: string
  /** The sign-in it comes from (protocol/flow-id.ts); tokens of before there were ids lack it. */
  flow?: string | undefined
  /** Only when verified. */
  email?: string | undefined
  groups?: string[] | undefined
}

export type AccessTokenFailure = {
  reason:
    | 'token_malformed'
    | 'token_key_unknown'
    | 'token_signature_invalid'
    | 'token_expired'
    | 'token_claims_invalid'
}

export interface VerificationKey {
  kid: string
  alg: string
  key: CryptoKey
}

const TYPE = 'at+jwt'
const Claims = v.object({
  iss: v.string(),
  aud: v.string(),
  sub: v.string(),
  client_id: v.string(),
  scope: v.string(),
  idp: v.string(),
  iat: v.number(),
  exp: v.number(),
  jti: v.string(),
  flow: v.optional(v.string()),
  email: v.optional(v.string()),
  groups: v.optional(v.array(v.string())),
})

export function signAccessToken(key: SigningKey, claims: AccessTokenClaims): Promise<string> {
  return signJwt(key, TYPE, { ...claims })
}

/**
 * Verifies signature, `typ`, `iss`, `aud`, `exp` (RFC 9068 §4). Does NOT check `scope` or
 * `revokeBefore`: the gate does. The algorithm is the key's, never the header's (RFC 8725 §3.1).
 */
export async function verifyAccessToken(
  token: string,
  keys: readonly VerificationKey[],
  expected: { issuer: string; audience: string; now: number },
): Promise<Result<AccessTokenClaims, AccessTokenFailure>> {
  const verified = await verifyJwt(token, keys, {
    issuer: expected.issuer,
    audience: expected.audience,
    typ: TYPE,
    currentDate: new Date(expected.now),
    requiredClaims: ['exp', 'iat', 'sub', 'jti'],
  })
  if (!verified.ok) return verified
  const claims = v.safeParse(Claims, verified.value.payload)
  return claims.success ? ok(claims.output) : fail({ reason: 'token_claims_invalid' })
}

/** The algorithm is the key's, never the header's: neither `none` nor an HMAC can be chosen. */
export async function verifyJwt(
  token: string,
  keys: readonly VerificationKey[],
  options: JWTVerifyOptions,
): Promise<Result<{ payload: JWTPayload; typ: string | undefined }, AccessTokenFailure>> {
  try {
    const { payload, protectedHeader } = await jwtVerify(
      token,
      (header) => {
        const match = keys.find((key) => key.kid === header.kid)
        if (match === undefined || match.alg !== header.alg) throw new UnknownKey()
        return match.key
      },
      options,
    )
    return ok({ payload, typ: protectedHeader.typ })
  } catch (error) {
    return fail({ reason: reasonOf(error) })
  }
}

/** The `jti` of somebody's JWT, by which its events find each other. Verifies nothing. */
export function jwtIdOf(token: string): string | undefined {
  try {
    const { jti } = decodeJwt(token)
    return typeof jti === 'string' && /^[\w-]{1,64}$/.test(jti) ? jti : undefined
  } catch {
    return undefined
  }
}

/** Public keys of a JWKS as verification keys: what a gate of its own pins. */
export async function importVerificationKeys(
  jwks: readonly PublicJwk[],
): Promise<VerificationKey[]> {
  return Promise.all(
    jwks.map(async (jwk) => {
      const key = await importJWK(jwk as Parameters<typeof importJWK>[0], jwk.alg)
      if (!(key instanceof CryptoKey) || key.type !== 'public')
        throw new TypeError('a gate is given public keys only')
      return { kid: jwk.kid, alg: jwk.alg, key }
    }),
  )
}

class UnknownKey extends Error {}

function reasonOf(error: unknown): AccessTokenFailure['reason'] {
  if (error instanceof UnknownKey) return 'token_key_unknown'
  if (error instanceof errors.JWTExpired) return 'token_expired'
  if (error instanceof errors.JWTClaimValidationFailed) return 'token_claims_invalid'
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'token_signature_invalid'
  if (error instanceof errors.JOSEError) return 'token_malformed'
  throw error
}
