import { createApp } from '../app.ts'
import type { RelayTokenOptions } from '../config/options.ts'
import { resolveRelayToken } from '../config/relay-token.ts'
import { webRuntime } from '../crypto/web-runtime.ts'
import { onlyPost, postable, smallBody } from '../http/endpoints.ts'
import { PATHS } from '../protocol/metadata.ts'
import type { Runtime } from '../runtime.ts'
import { createIdentityProviderLeg } from './identity-provider-leg.ts'
import { handleRevoke } from './revoke.ts'
import { handleToken } from './token.ts'
import type { RelayTokenServer } from './token-context.ts'

/**
 * `/token` and `/revoke` of relay mode, for a function that reaches the identity provider: where the
 * edge cannot send them there as they are, because `resource` must go or a secret must be added.
 * @throws ConfigError listing every problem of the options.
 */
export function createRelayTokenEndpoint(
  options: RelayTokenOptions,
  runtime: Partial<Runtime> = {},
): { fetch: (request: Request) => Promise<Response> } {
  const config = resolveRelayToken(options)
  const { revocationEndpoint } = config
  const all = webRuntime(runtime)
  const leg = createIdentityProviderLeg(config, all)
  const server: RelayTokenServer = { config, runtime: all, leg }

  const app = createApp(config, all, () => Promise.resolve(true))
  app.use(PATHS.token, postable, smallBody)
  app.post(PATHS.token, (c) => handleToken(c.req.raw, server)).all(PATHS.token, onlyPost)
  if (revocationEndpoint !== undefined) {
    app.use(PATHS.revoke, postable, smallBody)
    app
      .post(PATHS.revoke, (c) => handleRevoke(c.req.raw, revocationEndpoint, server))
      .all(PATHS.revoke, onlyPost)
  }
  return { fetch: async (request) => app.fetch(request) }
}
