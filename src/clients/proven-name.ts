import type { Client } from './client.ts'
import { identifyClient } from './known-clients.ts'

/**
 * The name that is proven for a request: by a known document whose host vouches for the hosted
 * redirect_uri, else by all redirect URIs. On loopback and custom schemes anybody can present
 * somebody else's document.
 */
export function provenName(
  client: Client,
  registered: readonly string[],
  redirectUri: string,
): string | undefined {
  if (client.publisher === undefined) return identifyClient(registered)?.name
  return redirectUri.startsWith('https://') ? client.publisher.knownClient : undefined
}
