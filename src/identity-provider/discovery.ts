import * as oauth from 'oauth4webapi'
import type { Runtime } from '../runtime.ts'
import { IdentityProviderUnreachable, type Transport } from './transport.ts'

/** The identity provider's metadata: fetched once, renewed hourly, kept through outages. */
export interface Discovery {
  metadata: () => Promise<oauth.AuthorizationServer>
  /** Whether metadata is at hand. */
  isReady: () => boolean
}

const FRESH_MS = 60 * 60 * 1000

export function createDiscovery(
  issuer: string,
  transport: Transport,
  runtime: Pick<Runtime, 'now' | 'emit'>,
): Discovery {
  let known: { metadata: oauth.AuthorizationServer; at: number } | undefined
  let underWay: Promise<oauth.AuthorizationServer> | undefined

  async function discover(): Promise<oauth.AuthorizationServer> {
    const url = new URL(issuer)
    const options = { [oauth.customFetch]: transport, ...insecureWhere(issuer) }
    const response = await oauth.discoveryRequest(url, options)
    const metadata = await oauth.processDiscoveryResponse(url, response).catch((cause: unknown) => {
      // Wrong or broken metadata is no fault of the person who signs in.
      throw new IdentityProviderUnreachable('metadata is not that of the issuer', { cause })
    })
    for (const endpoint of ['authorization_endpoint', 'token_endpoint', 'jwks_uri'] as const)
      if (metadata[endpoint] === undefined)
        throw new IdentityProviderUnreachable(`metadata has no ${endpoint}`)
    if (known === undefined) runtime.emit({ type: 'identity-provider.ready', issuer })
    known = { metadata, at: runtime.now() }
    return metadata
  }

  function discoverOnce(): Promise<oauth.AuthorizationServer> {
    underWay ??= discover().finally(() => {
      underWay = undefined
    })
    return underWay
  }

  return {
    isReady: () => known !== undefined,
    metadata: async () => {
      if (known === undefined) return discoverOnce()
      if (runtime.now() - known.at > FRESH_MS)
        // In the background: an outage must not stop sign-ins that can go on without it.
        discoverOnce().catch(() => {})
      return known.metadata
    },
  }
}

/** Plain http is allowed only where the configuration allowed it: on loopback. */
export function insecureWhere(issuer: string): { [oauth.allowInsecureRequests]?: true } {
  return issuer.startsWith('http:') ? { [oauth.allowInsecureRequests]: true } : {}
}
