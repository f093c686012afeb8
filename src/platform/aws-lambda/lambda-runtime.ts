import { hash, randomBytes } from 'node:crypto'
import type { Runtime } from '../../runtime.ts'
import type { Variables } from './environment.ts'
import { logEvent } from './log.ts'

/** What a function finds around it. Tests bring their own. */
export interface LambdaRuntime extends Runtime {
  variables: Variables
}

export function lambdaRuntime(own: Partial<LambdaRuntime> = {}): LambdaRuntime {
  return {
    variables: process.env,
    now: () => Date.now(),
    random: (length) => Uint8Array.from(randomBytes(length)),
    // Web Crypto's takes a turn of the event loop.
    sha256: (text) => hash('sha256', text, 'base64url'),
    fetch: (input, init) => globalThis.fetch(input, init),
    emit: logEvent,
    ...own,
  }
}
