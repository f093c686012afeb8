import type { HonoBase } from 'hono/hono-base'
import { createApp, serveMetadata } from './app.ts'
import { handleAuthorize } from './authorization-server/authorize.ts'
import { handleCallback } from './authorization-server/callback.ts'
import { handleConsent } from './authorization-server/consent.ts'
import type { AuthorizationServer } from './authorization-server/context.ts'
import { handleAuthorizationServerMetadata, handleJwks } from './authorization-server/metadata.ts'
import { createRedeemedCodes } from './authorization-server/redeemed-codes.ts'
import { handleRegister } from './authorization-server/register.ts'
import { handleRevoke } from './authorization-server/revoke.ts'
import { createSharedRefreshes } from './authorization-server/shared-refreshes.ts'
import { handleToken } from './authorization-server/token.ts'
import { createClientAssertions } from './clients/client-assertion.ts'
import { createClientDocuments } from './clients/client-documents.ts'
import { buildRedirectPolicy } from './clients/redirect-policy.ts'
import type { PosternOptions } from './config/options.ts'
import { resolveConfig, type Config } from './config/resolve.ts'
import { createSealer } from './crypto/seal.ts'
import { deriveSigningKey, importSigningKey, type SigningKey } from './crypto/signing.ts'
import { webRuntime } from './crypto/web-runtime.ts'
import { createReception, requestHead } from './gate/arrival.ts'
import { toResponse } from './gate/forward.ts'
import { onlyPost, postable, readable, smallBody } from './http/endpoints.ts'
import { createIdentityProvider } from './identity-provider/identity-provider.ts'
import { once } from './once.ts'
import { servePages } from './pages/serve-pages.ts'
import { cookieNames } from './protocol/cookies.ts'
import { PATHS, resourcePaths } from './protocol/metadata.ts'
import type { Runtime } from './runtime.ts'

/**
 * The authorization server alone, for where calls for the resources are taken past it. Of those it
 * answers the preflights, which carry no token and so cannot pass an authorizer.
 * @throws ConfigError listing every problem of the options.
 */
export function createAuthorizationServer(
  options: PosternOptions,
  runtime: Partial<Runtime> = {},
): { fetch: (request: Request) => Promise<Response> } {
  const server = prepareServer(resolveConfig(options), webRuntime(runtime))
  const app = createRoutes(server)
  const receive = createReception(server.config, server.runtime.emit)
  for (const resource of server.config.resources)
    for (const path of resourcePaths(resource.url))
      app.options(path, (c) => {
        const arrival = receive(requestHead(c.req.raw))
        return arrival.ok ? c.notFound() : toResponse(arrival.failure)
      })
  return { fetch: async (request) => app.fetch(request) }
}

/** The whole authorization server, one line a route. */
export function createRoutes(server: AuthorizationServer): HonoBase {
  const { config, runtime } = server
  const app = createApp(config, runtime, () => server.identityProvider.isReady())
  servePages(app, config, runtime)

  app.use('/.well-known/*', readable)
  serveMetadata(app, config, () => handleAuthorizationServerMetadata(server), runtime.emit)
  app.get(PATHS.jwks, () => handleJwks(server))

  app.use(PATHS.register, postable, smallBody)
  app.use(PATHS.token, postable, smallBody)
  app.use(PATHS.revoke, postable, smallBody)
  app.post(PATHS.register, (c) => handleRegister(c.req.raw, server)).all(PATHS.register, onlyPost)
  app.post(PATHS.token, (c) => handleToken(c.req.raw, server)).all(PATHS.token, onlyPost)
  app.post(PATHS.revoke, (c) => handleRevoke(c.req.raw, server)).all(PATHS.revoke, onlyPost)

  // No CORS here: these belong to the person's browser (OAuth 2.1 §3.1).
  app.get(PATHS.authorize, (c) => handleAuthorize(c.req.raw, server))
  app.post(PATHS.consent, smallBody, (c) => handleConsent(c.req.raw, server))
  app.get(PATHS.callback, (c) => handleCallback(c.req.raw, server))
  return app
}

/** Made once per process. Calls nobody yet. */
export function prepareServer(config: Config, runtime: Runtime): AuthorizationServer {
  const sealer = createSealer({ ...config, now: runtime.now, emit: runtime.emit })
  const identityProvider = createIdentityProvider(
    config.identityProvider,
    config.issuer + PATHS.callback,
    runtime,
  )
  return {
    config,
    runtime,
    sealer,
    identityProvider,
    redirectPolicy: buildRedirectPolicy(config),
    documents: config.metadataDocuments.enabled ? createClientDocuments(runtime) : undefined,
    assertions: createClientAssertions(runtime.now),
    cookies: cookieNames(config.issuer),
    signingKeys: once(() => signingKeys(config)),
    redeemedCodes: createRedeemedCodes(runtime.now),
    refreshes: createSharedRefreshes(identityProvider, runtime.now),
  }
}

async function signingKeys(config: Config): Promise<readonly SigningKey[]> {
  const configured = await Promise.all(config.signingKeys.map(importSigningKey))
  const derived = await Promise.all(
    config.secrets.map((secret) => deriveSigningKey(secret, 'sign', config.issuer)),
  )
  // Derived keys stay in the JWKS, so that configuring a key of one's own ends nobody's session.
  return [...configured, ...derived]
}
