import type { Config } from '../config/resolve.ts'
import {
  isAllowedRedirectUri,
  validateRedirectUri,
  type RedirectPolicy,
} from '../protocol/redirect-uri.ts'
import type { Client } from './client.ts'
import { KNOWN_CLIENTS } from './known-clients-data.ts'

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

/** The URIs that a client may be sent to, of which the requested one must be. */
export function redirectUrisOf(
  client: Client,
  requested: string | undefined,
  policy: RedirectPolicy,
): readonly string[] {
  if (client.redirectUris !== 'any-allowed') return client.redirectUris
  const isAllowed =
    requested !== undefined &&
    validateRedirectUri(requested).ok &&
    isAllowedRedirectUri(requested, policy)
  return isAllowed ? [requested] : []
}
