import { Hono, type Handler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { cors } from 'hono/cors'
import { handleAuthorize } from './authorization-server/authorize.ts'
import { handleCallback } from './authorization-server/callback.ts'
import { handleConsent } from './authorization-server/consent.ts'
import type { AuthorizationServer } from './authorization-server/context.ts'
import {
  handleAuthorizationServerMetadata,
  handleJwks,
  handleProtectedResourceMetadata,
} from './authorization-server/metadata.ts'
import { createRedeemedCodes } from './authorization-server/redeemed-codes.ts'
import { handleRegister } from './authorization-server/register.ts'
import { oauthErrorResponse } from './authorization-server/responses.ts'
import { handleRevoke } from './authorization-server/revoke.ts'
import { createSharedRefreshes } from './authorization-server/shared-refreshes.ts'
import { handleToken } from './authorization-server/token.ts'
import { buildRedirectPolicy } from './clients/redirect-policy.ts'
import type { PosternOptions } from './config/options.ts'
import { resolveConfig, type Config } from './config/resolve.ts'
import { sha256 } from './crypto/digest.ts'
import { createSealer } from './crypto/seal.ts'
import { deriveSigningKey, importSigningKey, randomId, type SigningKey } from './crypto/signing.ts'
import { forwardByFetch, toResponse } from './gate/forward.ts'
import { deriveGateKeys, type GateKeys } from './gate/gate-keys.ts'
import {
  createGate,
  isAllowedHost,
  type Admission,
  type Gate,
  type RequestHead,
} from './gate/gate.ts'
import { refuse } from './gate/refusal.ts'
import { createIdentityProvider } from './identity-provider/identity-provider.ts'
import { cookieNames } from './protocol/cookies.ts'
import { PATHS } from './protocol/metadata.ts'
import { toOAuthError } from './protocol/oauth-error.ts'
import type { Runtime } from './runtime.ts'

export type {
  Access,
  AccessRule,
  AuthInfo,
  InProcessServer,
  PosternConfigFile,
  PosternOptions,
} from './config/options.ts'
export { ConfigError, type ConfigIssue } from './config/config-error.ts'
export type { PosternEvent } from './events.ts'
export type { Admission, RequestHead } from './gate/gate.ts'
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

const MAX_FORM_BYTES = 64 * 1024

/**
 * Builds the front door.
 * @throws ConfigError listing every problem of the options.
 */
export function createPostern(options: PosternOptions, runtime: Partial<Runtime> = {}): Postern {
  const config = resolveConfig(options)
  const server = createAuthorizationServer(config, { ...defaultRuntime(), ...runtime })
  const gate = once(async () => {
    const keys = await gateKeys(config, server)
    return { keys, gate: createGate(config, keys, server.cookies, server.runtime) }
  })
  const app = createApp(config, server, gate)
  return {
    fetch: async (request) => app.fetch(request),
    admit: async (head) => (await gate()).gate.admit(head),
    isReady: () => server.identityProvider.isReady(),
    config,
  }
}

function defaultRuntime(): Runtime {
  return {
    now: () => Date.now(),
    random: (length) => crypto.getRandomValues(new Uint8Array(length)),
    sha256,
    fetch: (input, init) => globalThis.fetch(input, init),
    emit: () => {},
  }
}

/** The whole product, one line a route. */
function createApp(
  config: Config,
  server: AuthorizationServer,
  gate: () => Promise<{ keys: GateKeys; gate: Gate }>,
): Hono {
  const app = new Hono()
  const { runtime } = server
  const readable = cors({ origin: '*', allowMethods: ['GET', 'HEAD', 'OPTIONS'] })
  const postable = cors({ origin: '*', allowMethods: ['POST', 'OPTIONS'] })
  const smallBody = bodyLimit({
    maxSize: MAX_FORM_BYTES,
    onError: () => oauthErrorResponse(toOAuthError({ reason: 'body_too_large' })),
  })
  const onlyPost: Handler = (c) => c.json({ error: 'invalid_request' }, 405, { Allow: 'POST' })

  app.get(PATHS.liveness, (c) => c.text('ok'))
  app.get(PATHS.readiness, async (c) =>
    (await server.identityProvider.isReady()) ? c.text('ready') : c.text('not ready', 503),
  )

  app.use(async (c, next) => {
    if (isAllowedHost(c.req.header('host') ?? new URL(c.req.url).host, config)) return next()
    runtime.emit({ type: 'gate.refused', reason: 'host_unknown', status: 403 })
    return toResponse(refuse(403, 'This host name is not served here'))
  })

  app.use('/.well-known/*', readable)
  const asMetadata: Handler = () => handleAuthorizationServerMetadata(server)
  app.get(PATHS.authorizationServerMetadata, asMetadata)
  for (const resource of config.resources) {
    const { pathname } = new URL(resource.url)
    const metadata: Handler = () => handleProtectedResourceMetadata(server, resource)
    // With several resources a document at the root would be wrong for all but one.
    if (config.resources.length === 1) app.get(PATHS.protectedResourceMetadata, metadata)
    if (pathname === '/') continue
    for (const path of [pathname, `${pathname}/`]) {
      app.get(PATHS.protectedResourceMetadata + path, metadata)
      app.get(PATHS.authorizationServerMetadata + path, asMetadata)
    }
  }
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
      app.all(path, async (c) => {
        const admission = await (await gate()).gate.admit(requestHead(c.req.raw))
        return admission.admitted
          ? forwardByFetch(c.req.raw, admission, runtime, config.maxBodyBytes)
          : toResponse(admission)
      })

  app.notFound((c) => c.json({ error: 'not_found' }, 404))
  app.onError((error) => {
    const requestId = randomId(runtime.random)
    const stack = error.stack === undefined ? {} : { stack: error.stack }
    runtime.emit({ type: 'fault', requestId, message: error.message, ...stack })
    return oauthErrorResponse({
      status: 500,
      error: 'server_error',
      description: `Something went wrong here. Quote ${requestId} to the operator`,
    })
  })
  return app
}

function createAuthorizationServer(config: Config, runtime: Runtime): AuthorizationServer {
  const sealer = createSealer({ ...config, now: runtime.now })
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

async function gateKeys(config: Config, server: AuthorizationServer): Promise<GateKeys> {
  return deriveGateKeys(config.secrets, config.issuer, await server.signingKeys())
}

function requestHead(request: Request): RequestHead {
  const url = new URL(request.url)
  return {
    method: request.method,
    target: url.pathname + url.search,
    host: request.headers.get('host') ?? url.host,
    headers: [...request.headers],
  }
}

function resourcePaths(url: string): string[] {
  const { pathname } = new URL(url)
  return pathname === '/' ? ['/'] : [pathname, `${pathname}/`]
}

/** Per-process work, done at the first need and kept. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => (made ??= make())
}
