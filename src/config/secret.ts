import { base64url, fromBase64url } from '../protocol/base64url.ts'

const SECRET_BYTES = 32

export function generateSecret(random: (length: number) => Uint8Array): string {
  return base64url(random(SECRET_BYTES))
}

/** The secret's bytes, or what is wrong with it. Never repeats the secret. */
export function parseSecret(
  secret: string,
): { bytes: Uint8Array<ArrayBuffer> } | { problem: string } {
  const bytes = fromBase64url(secret.trim().replace(/=+$/, ''))
  if (bytes === undefined) return { problem: 'is not base64url' }
  if (bytes.length !== SECRET_BYTES)
    return { problem: `holds ${bytes.length} bytes instead of ${SECRET_BYTES}` }
  // 32 random bytes have 30 distinct values on average, and fewer than 20 practically never.
  if (new Set(bytes).size < 20) return { problem: 'is not random: its bytes repeat' }
  if (
    bytes.every((byte, index) => index === 0 || (byte - (bytes[index - 1] ?? 0) + 256) % 256 === 1)
  )
    return { problem: 'is not random: its bytes count up' }
  if (bytes.every((byte) => byte >= 0x20 && byte < 0x7f))
    return { problem: 'is not random: it decodes to text' }
  return { bytes }
}
