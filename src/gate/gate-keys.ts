import { deriveBits } from '../crypto/keys.ts'
import { deriveSigningKey, type SigningKey } from '../crypto/signing.ts'

/** What a gate that forwards needs. None of these keys can issue an access token or open a seal. */
export interface GateKeys {
  /** HMAC keys (`gate-mac`) that bind session ids; the first binds, all verify. */
  mac: readonly CryptoKey[]
  /** Signs the identity JWT (`gate-sign`). */
  identity: readonly SigningKey[]
}

export async function deriveGateKeys(
  secrets: readonly Uint8Array<ArrayBuffer>[],
  issuer: string,
): Promise<GateKeys> {
  return {
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
