import { CompactSign, calculateJwkThumbprint, importJWK, type JWK } from 'jose'
import { base64url } from '../protocol/base64url.ts'
import { signatureAlgorithmOf } from '../config/signing-jwk.ts'
import { utf8 } from './digest.ts'
import { deriveBits } from './keys.ts'

export interface SigningKey {
  kid: string
  alg: string
  privateKey: CryptoKey
  publicJwk: JsonWebKey & { kid: string; alg: string; use: 'sig' }
}

// RFC 8410 §7: the fixed DER around an Ed25519 seed.
const ED25519_PKCS8_PREFIX = [
  0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
]

/** The Ed25519 key that a secret stands for, for one purpose and issuer. */
export async function deriveSigningKey(
  secret: Uint8Array<ArrayBuffer>,
  purpose: 'sign' | 'gate-sign',
  issuer: string,
): Promise<SigningKey> {
  const seed = await deriveBits(secret, purpose, issuer)
  const pkcs8 = Uint8Array.from([...ED25519_PKCS8_PREFIX, ...seed])
  const extractable = await crypto.subtle.importKey('pkcs8', pkcs8, 'Ed25519', true, ['sign'])
  return importSigningKey(await crypto.subtle.exportKey('jwk', extractable))
}

export async function importSigningKey(jwk: JsonWebKey): Promise<SigningKey> {
  const alg = signatureAlgorithmOf(jwk)
  if (alg === undefined) throw new TypeError('a signing key must be Ed25519, EC P-256 or RSA')
  const publicJwk = publicPart(jwk)
  const kid = await calculateJwkThumbprint(publicJwk)
  const privateKey = await importJWK({ ...jwk }, alg)
  if (!(privateKey instanceof CryptoKey) || privateKey.type !== 'private')
    throw new TypeError('a signing key must be a private JWK')
  return { kid, alg, privateKey, publicJwk: { ...publicJwk, kid, alg, use: 'sig' } }
}

/** Named one by one: a private member that is new to us must never be published. */
function publicPart({ kty, crv, x, y, n, e }: JsonWebKey): JWK {
  return Object.fromEntries(
    Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined),
  )
}

export async function signJwt(
  key: SigningKey,
  typ: string,
  claims: Record<string, unknown>,
): Promise<string> {
  return new CompactSign(utf8(JSON.stringify(claims)))
    .setProtectedHeader({ alg: key.alg, typ, kid: key.kid })
    .sign(key.privateKey)
}

/** A random identifier of 128 bits (RFC 9068 §2.2 `jti`, `state`, nonce). */
export function randomId(random: (length: number) => Uint8Array): string {
  return base64url(random(16))
}
