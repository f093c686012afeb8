import { base64url } from '../protocol/base64url.ts'

const encoder = new TextEncoder()

export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text)
}

/** SHA-256, base64url: how Postern names a value without holding it. */
export async function sha256(text: string): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(text))))
}

/** Compares without telling by time how much of the text agrees. */
export async function equalsInConstantTime(left: string, right: string): Promise<boolean> {
  // Digests have one length and are unknown to whoever chose the input, so the loop leaks nothing.
  const [a, b] = await Promise.all([sha256(left), sha256(right)])
  let difference = 0
  for (let index = 0; index < a.length; index += 1)
    difference |= a.charCodeAt(index) ^ b.charCodeAt(index)
  return difference === 0
}
