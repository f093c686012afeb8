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
import { buildRedirectPolicy } from './clients/redirect-policy.ts'
import type { PosternOptions } from './config/options.ts'
import { resolveConfig, type Config } from './config/resolve.ts'
import { importVerificationKeys } from './crypto/access-token.ts'
import { createSealer } from './crypto/seal.ts'
import { deriveSigningKey, importSigningKey, type SigningKey } from './crypto/signing.ts'
import { webRuntime } from './crypto/web-runtime.ts'
import { deriveGateKeys, type GateKeys } from './gate/gate-keys.ts'
import { createGate, type Admission, type Gate, type RequestHead } from './gate/gate.ts'
import { createIdentitySigner } from './gate/identity-jwt.ts'
import { createOwnTokenVerifier } from './gate/own-tokens.ts'
import { serveResource } from './gate/serve.ts'
import { createSessionBinding } from './gate/session-id.ts'
import { onlyPost, postable, readable, smallBody } from './http/endpoints.ts'
import { createIdentityProvider } from './identity-provider/identity-provider.ts'
import { once } from './once.ts'
import { cookieNames } from './protocol/cookies.ts'
import { PATHS, resourcePaths } from './protocol/metadata.ts'
import type { Runtime } from './runtime.ts'

export type {
  Access,
  AccessRule,
  AuthInfo,
  InProcessServer,
  PosternConfigFile,
  PosternOptions,
  RelayOptions,
  RelayTokenOptions,
  ResourceServerOptions,
} from './config/options.ts'
export { ConfigError, type ConfigIssue } from './config/config-error.ts'
export type { PosternEvent } from './events.ts'
export type { Admission, RequestHead } from './gate/gate.ts'
export { createRelay, type Relay } from './relay.ts'
export { createRelayTokenEndpoint } from './relay/token-endpoint.ts'
export { createResourceServer, type ResourceServer } from './resource-server.ts'
export type { Runtime } from './runtime.ts'

/** The front door: authorization server, and gate before the MCP server. */
export interface Postern {
  /** Answers every request of the origin: OAuth endpoints itself, resources through the gate. */
  fetch: (request: Request) => Promise<Response>
  /**
   * The gate alone, for a platform that forwards by itself: a finished refusal, or the headers to
   * send on. Does NOT look at the body; the caller enforces `maxBodyBytes`.
   */
  admit: (head: RequestHead) => Promise<Admission>
  /** Whether sign-ins can work: the identity provider's metadata is at hand. */
  isReady: () => Promise<boolean>
  config: Config
}

/**
 * Builds the front door.
 * @throws ConfigError listing every problem of the options.
 */
export function createPostern(options: PosternOptions, runtime: Partial<Runtime> = {}): Postern {
  const config = resolveConfig(options)
  const server = createAuthorizationServer(config, webRuntime(runtime))
  const gate = once(() => createOwnGate(config, server))
  const app = createRoutes(config, server, gate)
  return {
    fetch: async (request) => app.fetch(request),
    admit: async (head) => (await gate()).gate.admit(head),
    isReady: () => server.identityProvider.isReady(),
    config,
  }
}

/** The whole product, one line a route. */
function createRoutes(
  config: Config,
  server: AuthorizationServer,
  gate: () => Promise<{ keys: GateKeys; gate: Gate }>,
): HonoBase {
  const { runtime } = server
  const app = createApp(config, runtime, () => server.identityProvider.isReady())

  app.use('/.well-known/*', readable)
  serveMetadata(app, config, () => handleAuthorizationServerMetadata(server))
  app.get(PATHS.jwks, () => handleJwks(server))
  app.get(PATHS.identityJwks, async (c) =>
    c.json({ keys: (await gate()).keys.identity.map((key) => key.publicJwk) }),
  )

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

  for (const resource of config.resources)
    for (const path of resourcePaths(resource.url))
      app.all(path, async (c) => serveResource(c.req.raw, (await gate()).gate, config, runtime))
  return app
}

function createAuthorizationServer(config: Config, runtime: Runtime): AuthorizationServer {
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

async function createOwnGate(
  config: Config,
  server: AuthorizationServer,
): Promise<{ keys: GateKeys; gate: Gate }> {
  const { runtime } = server
  const publicKeys = (await server.signingKeys()).map((key) => key.publicJwk)
  const keys = await deriveGateKeys(config.secrets, config.issuer)
  const gate = createGate(
    config,
    {
      verifyToken: createOwnTokenVerifier(
        config,
        await importVerificationKeys(publicKeys),
        runtime,
      ),
      sessions: createSessionBinding(keys.mac),
      signIdentity: createIdentitySigner(config, keys.identity, runtime),
    },
    runtime,
  )
  return { keys, gate }
}
