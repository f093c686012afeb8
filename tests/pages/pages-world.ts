import type { BrowserContext, BrowserContextOptions } from 'playwright-core'
import type { BrandingOptions } from '../../src/config/options.ts'
import { createRelay } from '../../src/relay.ts'
import { createRelayWorld, relayAuthorizeUrl } from '../relay/relay-world.ts'
import { newPerson } from '../support/chromium.ts'
import type { Clock } from '../support/clock.ts'
import { authorizeUrl, pkce, register, type Door } from '../support/dance.ts'
import { createWorld, IDP_ORIGIN, ISSUER, MCP_URL, UPSTREAM } from '../support/world.ts'
import type { Host } from '../twins/http.ts'
import { startNames } from '../twins/names.ts'

export type Mode = 'broker' | 'relay'

/** A callback that both worlds allow, of a client that nobody can know. */
export const CALLBACK = 'http://localhost:3334/oauth/callback'

/** A Postern at its real name over https, for browsers that come through the proxy. */
export interface PagesWorld {
  mode: Mode
  clock: Clock
  authorizeUrl: (client?: { redirectUri?: string; name?: string }) => Promise<string>
  /** From now on the identity provider is down, and nothing is remembered of it. Broker only. */
  loseIdentityProvider: () => void
  /** The next request meets a bug. Relay only. */
  breakOnce: () => void
  newPerson: (options?: BrowserContextOptions) => Promise<BrowserContext>
  close: () => Promise<void>
}

export interface PagesOptions {
  name?: string
  branding?: BrandingOptions
  /** A second resource on the same origin. Broker only. */
  second?: true
}

export async function startPages(mode: Mode, options: PagesOptions = {}): Promise<PagesWorld> {
  const { name = 'Example tools', branding = {} } = options
  const resource = { url: MCP_URL, upstream: UPSTREAM, name, scopes: ['mcp', 'files:read'] }
  const second = { url: `${ISSUER}/admin`, upstream: UPSTREAM, name: 'Admin' }
  const resources = options.second === true ? [resource, second] : [resource]
  const world =
    mode === 'relay'
      ? { relay: await createRelayWorld({ relay: { name, branding } }) }
      : { broker: await createWorld({ postern: { resources, branding } }) }
  const { postern, twin, clock } = world.relay ?? world.broker
  let door: Door = postern
  const names = await startNames(
    new Map([
      [new URL(ISSUER).host, toHost(ISSUER, (request) => door.fetch(request))],
      [new URL(IDP_ORIGIN).host, toHost(IDP_ORIGIN, (request) => twin.fetch(request))],
    ]),
  )
  return {
    mode,
    clock,
    authorizeUrl: async (client = {}) => {
      const { redirectUri = CALLBACK } = client
      const changes = { redirect_uri: redirectUri, scope: undefined }
      if (world.relay !== undefined) return relayAuthorizeUrl(pkce().challenge, changes)
      const metadata = { redirect_uris: [redirectUri], client_name: client.name }
      return authorizeUrl(await register(postern, metadata), pkce().challenge, changes)
    },
    loseIdentityProvider: () => {
      if (world.broker === undefined) throw new Error('a relay calls nobody')
      world.broker.breakIdp(() => new Response('down', { status: 503 }))
      door = world.broker.replica()
    },
    breakOnce: () => {
      if (world.relay === undefined) throw new Error('its options are not at hand')
      let hasThrown = false
      const random = (length: number): Uint8Array<ArrayBuffer> => {
        if (hasThrown) return crypto.getRandomValues(new Uint8Array(length))
        hasThrown = true
        throw new Error('words of an exception')
      }
      door = createRelay(world.relay.options, { now: clock.now, random, emit: () => undefined })
    },
    newPerson: (more = {}) => newPerson({ proxyUrl: names.proxyUrl, ...more }),
    close: () => names.close(),
  }
}

function toHost(origin: string, fetch: (request: Request) => Promise<Response>): Host {
  return async ({ method, target, headers, body }) => {
    const init = { method, headers, ...(method === 'GET' ? {} : { body }) }
    const response = await fetch(new Request(origin + target, init as RequestInit))
    return {
      status: response.status,
      headers: [...response.headers],
      body: new Uint8Array(await response.arrayBuffer()),
    }
  }
}
