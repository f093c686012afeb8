import { base64url } from '../protocol/base64url.ts'
import { utf8 } from './digest.ts'

/** What a derived key may be used for. A key of one purpose cannot open or sign for another. */
export type KeyPurpose =
  | 'client_id'
  | 'consent'
  | 'transaction'
  | 'code'
  | 'refresh_token'
  | 'sign'
  | 'gate-mac'
  | 'gate-sign'

/**
 * HKDF-SHA-256 (RFC 5869) per purpose and issuer. `info` is a list of length-prefixed fields, so
 * that no two lists can collide, and another deployment's secret reuse yields other keys.
 */
export async function deriveBits(
  secret: Uint8Array<ArrayBuffer>,
  purpose: KeyPurpose,
  issuer: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const key = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits'])
  const info = lengthPrefixed(['postern', 'v1', purpose, issuer])
  const bits = await crypto.subtle.deriveBits(
    { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info },
    key,
    256,
  )
  return new Uint8Array(bits)
}

/** A short public name of a key; it tells nothing about the key. */
export async function keyId(bits: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', lengthPrefixed(['kid', base64url(bits)]))
  return base64url(new Uint8Array(digest).subarray(0, 6))
}

function lengthPrefixed(fields: readonly string[]): Uint8Array<ArrayBuffer> {
  const parts = fields.flatMap((field) => {
    const bytes = utf8(field)
    return [(bytes.length >> 8) & 0xff, bytes.length & 0xff, ...bytes]
  })
  return Uint8Array.from(parts)
}
