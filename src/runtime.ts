import type { Emit } from './events.ts'

/** Everything impure that the core may use. Tests and platforms inject their own. */
export interface Runtime {
  /** Milliseconds since the epoch. */
  now: () => number
  /** Fills `length` bytes from a cryptographic source. */
  random: (length: number) => Uint8Array<ArrayBuffer>
  fetch: typeof globalThis.fetch
  emit: Emit
}

export function defaultRuntime(): Runtime {
  return {
    now: () => Date.now(),
    random: (length) => crypto.getRandomValues(new Uint8Array(length)),
    fetch: (input, init) => globalThis.fetch(input, init),
    emit: () => {},
  }
}
