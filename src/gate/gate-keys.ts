import { importVerificationKeys, type VerificationKey } from '../crypto/access-token.ts'
import { deriveBits } from '../crypto/keys.ts'
import { deriveSigningKey, type SigningKey } from '../crypto/signing.ts'

/** All a gate needs. None of these keys can issue an access token or open a seal. */
export interface GateKeys {
  /** Public keys of the authorization server. */
  verification: readonly VerificationKey[]
  /** HMAC keys (`gate-mac`) that bind session ids; the first binds, all verify. */
  mac: readonly CryptoKey[]
  /** Signs the identity JWT (`gate-sign`). */
  identity: readonly SigningKey[]
}

export async function deriveGateKeys(
  secrets: readonly Uint8Array<ArrayBuffer>[],
  issuer: string,
  signingKeys: readonly SigningKey[],
): Promise<GateKeys> {
  return {
    verification: await importVerificationKeys(signingKeys.map((key) => key.publicJwk)),
    mac: await Promise.all(
      secrets.map(async (secret) =>
        crypto.subtle.importKey(
          'raw',
          await deriveBits(secret, 'gate-mac', issuer),
          { name: 'HMAC', hash: 'SHA-256' },
          false,
          ['sign', 'verify'],
        ),
      ),
    ),
    identity: await Promise.all(
      secrets.map((secret) => deriveSigningKey(secret, 'gate-sign', issuer)),
    ),
  }
}
