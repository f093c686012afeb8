import { createRoutes, prepareServer } from './authorization-server.ts'
import type { AuthorizationServer } from './authorization-server/context.ts'
import type { PosternOptions } from './config/options.ts'
import { resolveConfig, type Config } from './config/resolve.ts'
import { importVerificationKeys } from './crypto/access-token.ts'
import { webRuntime } from './crypto/web-runtime.ts'
import type { RequestHead } from './gate/arrival.ts'
import { deriveGateKeys, type GateKeys } from './gate/gate-keys.ts'
import { createGate, type Admission, type Gate } from './gate/gate.ts'
import { createIdentitySigner } from './gate/identity-jwt.ts'
import { createOwnTokenVerifier } from './gate/own-tokens.ts'
import { serveResource } from './gate/serve.ts'
import { createSessionBinding } from './gate/session-id.ts'
import { once } from './once.ts'
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
export type { RequestHead } from './gate/arrival.ts'
export type { Admission } from './gate/gate.ts'
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
  const server = prepareServer(config, webRuntime(runtime))
  const gate = once(() => createOwnGate(server))

  const app = createRoutes(server)
  app.get(PATHS.identityJwks, async (c) =>
    c.json({ keys: (await gate()).keys.identity.map((key) => key.publicJwk) }),
  )
  for (const resource of config.resources)
    for (const path of resourcePaths(resource.url))
      app.all(path, async (c) =>
        serveResource(c.req.raw, (await gate()).gate, config, server.runtime),
      )
  return {
    fetch: async (request) => app.fetch(request),
    admit: async (head) => (await gate()).gate.admit(head),
    isReady: () => server.identityProvider.isReady(),
    config,
  }
}

async function createOwnGate(server: AuthorizationServer): Promise<{ keys: GateKeys; gate: Gate }> {
  const { config, runtime } = server
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
