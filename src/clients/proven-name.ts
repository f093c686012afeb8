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

/**
 * Whose app it is, as its document tells. Where a code goes to a host other than the document's,
 * nothing is: anybody may write Claude's redirect URI into a document of their own.
 */
export function provenPublisher(
  { publisher }: Client,
  redirectUri: string,
): { host: string; isProven: boolean } | undefined {
  if (publisher === undefined) return undefined
  const { host, knownClient } = publisher
  if (!redirectUri.startsWith('https://')) return { host, isProven: false }
  const isOwn = knownClient !== undefined || new URL(redirectUri).host === host
  return isOwn ? { host, isProven: true } : undefined
}
