import type { RelayConfig } from '../config/relay.ts'
import type { CookieNames } from '../protocol/cookies.ts'
import type { Runtime } from '../runtime.ts'

/** What the endpoints of relay mode share. Made once per process; nothing in it is secret. */
export interface RelayServer {
  config: RelayConfig
  runtime: Runtime
  cookies: CookieNames
}

export function nowSeconds({ runtime }: Pick<RelayServer, 'runtime'>): number {
  return Math.floor(runtime.now() / 1000)
}
