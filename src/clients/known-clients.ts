import { isAllowedRedirectUri } from '../protocol/redirect-uri.ts'
import { type HostedClient, KNOWN_CLIENTS } from './known-clients-data.ts'

/**
 * The known client that owns every one of these redirect URIs. A custom scheme proves nothing (any
 * local app can claim it), nor does loopback: with one of them nobody is known.
 */
export function identifyClient(redirectUris: readonly string[]): HostedClient | undefined {
  if (redirectUris.length === 0) return undefined
  return KNOWN_CLIENTS.find((client) => {
    const own = {
      exact: new Set(client.redirectUris),
      oneSegmentAfter: client.redirectUriPrefixes ?? [],
    }
    return redirectUris.every((uri) => uri.startsWith('https://') && isAllowedRedirectUri(uri, own))
  })
}
