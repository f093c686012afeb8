import type { Config } from '../config/resolve.ts'
import type { RedirectPolicy } from '../protocol/redirect-uri.ts'
import { KNOWN_CLIENTS } from './known-clients.ts'

/** Known clients' own redirect URIs and the configured ones; loopback is always allowed. */
export function buildRedirectPolicy(config: Config): RedirectPolicy {
  return {
    exact: new Set([
      ...KNOWN_CLIENTS.flatMap((client) => client.redirectUris),
      ...config.redirectUris,
    ]),
    oneSegmentAfter: KNOWN_CLIENTS.flatMap((client) => client.redirectUriPrefixes ?? []),
  }
}
