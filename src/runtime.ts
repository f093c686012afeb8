import type { Emit } from './events.ts'
import type { Result } from './protocol/result.ts'

/** Everything impure that the core may use. Tests and platforms inject their own. */
export interface Runtime {
  /** Milliseconds since the epoch. */
  now: () => number
  /** Fills `length` bytes from a cryptographic source. */
  random: (length: number) => Uint8Array<ArrayBuffer>
  /** SHA-256 of UTF-8 text, base64url. On the path of every call, so a platform may do it faster. */
  sha256: (text: string) => string | Promise<string>
  fetch: typeof globalThis.fetch
  /** Absent where nothing can look at addresses before it connects: then no client's URL is fetched. */
  fetchDocument?: FetchDocument
  emit: Emit
}

/**
 * GETs an https URL that a stranger chose. It must ask DNS once, connect to nothing but what that
 * told, refuse all of it where any address is not public, follow no redirect, and end within the
 * limits. The body is that of a 200; others come without one.
 */
export type FetchDocument = (
  url: string,
  limits: { maxBytes: number; timeoutMs: number },
) => Promise<Result<Response, FetchDocumentFailure>>

export type FetchDocumentFailure = {
  reason: 'address_not_public' | 'body_too_large' | 'no_answer_in_time' | 'no_connection'
}
