import type { Emit } from './events.ts'

/** Everything impure that the core may use. Tests and platforms inject their own. */
export interface Runtime {
  /** Milliseconds since the epoch. */
  now: () => number
  /** Fills `length` bytes from a cryptographic source. */
  random: (length: number) => Uint8Array<ArrayBuffer>
  /** SHA-256 of UTF-8 text, base64url. On the path of every call, so a platform may do it faster. */
  sha256: (text: string) => string | Promise<string>
  fetch: typeof globalThis.fetch
  emit: Emit
}
