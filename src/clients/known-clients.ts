import { isAllowedRedirectUri } from '../protocol/redirect-uri.ts'
import { CLIENTS, type KnownClient } from './known-clients-data.ts'

export type { KnownClient } from './known-clients-data.ts'

/**
 * Clients whose hosted redirect URIs everybody may use. Those on loopback (mcp-remote, Claude Code,
 * Codex …) are not among them: anybody can listen there.
 */
export const KNOWN_CLIENTS: readonly KnownClient[] = CLIENTS.filter(
  (client) => client.optIn !== true && client.redirectUris.length > 0,
)

/**
 * The known client that owns every one of these redirect URIs. A custom scheme proves nothing (any
 * local app can claim it), nor does loopback: with one of them nobody is known.
 */
export function identifyClient(redirectUris: readonly string[]): KnownClient | undefined {
  if (redirectUris.length === 0) return undefined
  return KNOWN_CLIENTS.find((client) => {
    const own = {
      exact: new Set(client.redirectUris),
      oneSegmentAfter: client.redirectUriPrefixes ?? [],
    }
    return redirectUris.every((uri) => uri.startsWith('https://') && isAllowedRedirectUri(uri, own))
  })
}
