import type { GateConfig } from './config/gate-config.ts'
import type { ResourceServerOptions } from './config/options.ts'
import { resolveResourceServer } from './config/resource-server.ts'
import { importVerificationKeys } from './crypto/access-token.ts'
import { webRuntime } from './crypto/web-runtime.ts'
import type { RequestHead } from './gate/arrival.ts'
import { createGate, type Admission } from './gate/gate.ts'
import { createOwnTokenVerifier } from './gate/own-tokens.ts'
import { serveResource } from './gate/serve.ts'
import { faultResponse } from './http/fault.ts'
import { once } from './once.ts'
import { PATHS } from './protocol/metadata.ts'
import type { Runtime } from './runtime.ts'

/** The gate of a Postern in broker mode, away from its secrets. */
export interface ResourceServer {
  /** Answers requests for the resource; everything else is 404. */
  fetch: (request: Request) => Promise<Response>
  /** The gate alone. Does NOT look at the body; the caller enforces `maxBodyBytes`. */
  admit: (head: RequestHead) => Promise<Admission>
  config: GateConfig
}

/**
 * Guards a resource with nothing but public keys. So there is no identity JWT, and legacy MCP
 * sessions, which could not be bound to a person, do not exist.
 * @throws ConfigError listing every problem of the options.
 */
export function createResourceServer(
  options: ResourceServerOptions,
  runtime: Partial<Runtime> = {},
): ResourceServer {
  const { config, jwks } = resolveResourceServer(options)
  const all = webRuntime(runtime)
  const gate = once(async () => {
    const keys = await importVerificationKeys(jwks)
    return createGate(config, { verifyToken: createOwnTokenVerifier(config, keys, all) }, all)
  })
  return {
    fetch: async (request) => {
      if (new URL(request.url).pathname === PATHS.liveness) return new Response('ok')
      try {
        return await serveResource(request, await gate(), config, all)
      } catch (error) {
        return faultResponse(error, all)
      }
    },
    admit: async (head) => (await gate()).admit(head),
    config,
  }
}
