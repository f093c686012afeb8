import type { Runtime } from '../runtime.ts'
import { sha256 } from './digest.ts'

/** What any web-standard platform offers, as far as a caller does not bring its own. */
export function webRuntime(own: Partial<Runtime>): Runtime {
  return {
    now: () => Date.now(),
    random: (length) => crypto.getRandomValues(new Uint8Array(length)),
    sha256,
    fetch: (input, init) => globalThis.fetch(input, init),
    emit: () => {},
    ...own,
  }
}
