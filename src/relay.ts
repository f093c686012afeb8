import type { HonoBase } from 'hono/hono-base'
import { createApp, serveMetadata } from './app.ts'
import type { RelayOptions } from './config/options.ts'
import { resolveRelay, type RelayConfig } from './config/relay.ts'
import { importVerificationKeys } from './crypto/access-token.ts'
import { webRuntime } from './crypto/web-runtime.ts'
import type { RequestHead } from './gate/arrival.ts'
import { deriveGateKeys, type GateKeys } from './gate/gate-keys.ts'
import { createGate, type Admission, type Gate } from './gate/gate.ts'
import { createIdentitySigner } from './gate/identity-jwt.ts'
import { refuse } from './gate/refusal.ts'
import { serveResource } from './gate/serve.ts'
import { createSessionBinding } from './gate/session-id.ts'
import { onlyPost, postable, readable, smallBody } from './http/endpoints.ts'
import { once } from './once.ts'
import { servePages } from './pages/serve-pages.ts'
import { cookieNames } from './protocol/cookies.ts'
import { PATHS, resourcePaths } from './protocol/metadata.ts'
import { handleAuthorize } from './relay/authorize.ts'
import { handleConsent } from './relay/consent.ts'
import type { RelayServer } from './relay/context.ts'
import { createIdpTokenVerifier } from './relay/idp-tokens.ts'
import { handleRelayMetadata } from './relay/metadata.ts'
import { handleRegister } from './relay/register.ts'
import type { Runtime } from './runtime.ts'

/** Relay mode: the identity provider's own tokens, behind endpoints of our own. */
export interface Relay {
  /** Answers every request of the origin but `/token` and `/revoke`, which go elsewhere. */
  fetch: (request: Request) => Promise<Response>
  /** The gate alone. Does NOT look at the body; the caller enforces `maxBodyBytes`. */
  admit: (head: RequestHead) => Promise<Admission>
  config: RelayConfig
}

/**
 * Builds the front door of relay mode. It never calls anybody, so it runs where nothing is in
 * reach: keys are pinned, and no endpoint of the identity provider is asked.
 * @throws ConfigError listing every problem of the options.
 */
export function createRelay(options: RelayOptions, runtime: Partial<Runtime> = {}): Relay {
  const config = resolveRelay(options)
  const server: RelayServer = {
    config,
    runtime: webRuntime(runtime),
    cookies: cookieNames(config.issuer),
  }
  const gateKeys = once(() => deriveGateKeys(config.secrets, config.issuer))
  const gate = once(() => createRelayGate(server, gateKeys))
  const app = createRoutes(server, gate, gateKeys)
  return {
    fetch: async (request) => app.fetch(request),
    admit: async (head) =>
      config.servesMcp ? (await gate()).admit(head) : refuse(404, 'Not found'),
    config,
  }
}

/** The whole of relay mode, one line a route. */
function createRoutes(
  server: RelayServer,
  gate: () => Promise<Gate>,
  gateKeys: () => Promise<GateKeys>,
): HonoBase {
  const { config, runtime } = server
  const app = createApp(config, runtime, () => Promise.resolve(true))
  servePages(app, config, runtime)

  app.use('/.well-known/*', readable)
  serveMetadata(app, config, () => handleRelayMetadata(server), runtime.emit)
  if (config.secrets.length > 0)
    app.get(PATHS.identityJwks, async (c) =>
      c.json({ keys: (await gateKeys()).identity.map((key) => key.publicJwk) }),
    )

  app.use(PATHS.register, postable, smallBody)
  app.post(PATHS.register, (c) => handleRegister(c.req.raw, server)).all(PATHS.register, onlyPost)

  // No CORS here: these belong to the person's browser (OAuth 2.1 §3.1).
  app.get(PATHS.authorize, (c) => handleAuthorize(c.req.raw, server))
  app.post(PATHS.consent, smallBody, (c) => handleConsent(c.req.raw, server))

  for (const path of [PATHS.token, PATHS.revoke])
    app.all(path, (c) => {
      // The edge sends these to the identity provider, or to a function that can reach it.
      runtime.emit({ type: 'relay.token-reached-function', path })
      return c.json({ error: 'not_found', error_description: 'This is served elsewhere' }, 404)
    })

  if (config.servesMcp)
    for (const path of resourcePaths(config.resources[0].url))
      app.all(path, async (c) => serveResource(c.req.raw, await gate(), config, runtime))
  return app
}

async function createRelayGate(
  { config, runtime }: RelayServer,
  gateKeys: () => Promise<GateKeys>,
): Promise<Gate> {
  const keys = await importVerificationKeys(config.identityProvider.jwks)
  const verifyToken = createIdpTokenVerifier(config, keys, runtime)
  if (config.secrets.length === 0) return createGate(config, { verifyToken }, runtime)
  const { mac, identity } = await gateKeys()
  return createGate(
    config,
    {
      verifyToken,
      sessions: createSessionBinding(mac),
      signIdentity: createIdentitySigner(config, identity, runtime),
    },
    runtime,
  )
}
