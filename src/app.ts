import { HonoBase } from 'hono/hono-base'
import { TrieRouter } from 'hono/router/trie-router'
import type { GateConfig } from './config/gate-config.ts'
import type { Emit } from './events.ts'
import { isAllowedHost } from './gate/arrival.ts'
import { toResponse } from './gate/forward.ts'
import { refuse, reportRefusal } from './gate/refusal.ts'
import { faultResponse } from './http/fault.ts'
import { documentResponse } from './http/responses.ts'
import { buildProtectedResourceMetadata, metadataPaths, PATHS } from './protocol/metadata.ts'
import type { Runtime } from './runtime.ts'

/** What every app of ours answers alike: health, unknown hosts, unknown paths, and faults. */
export function createApp(
  config: Pick<GateConfig, 'issuer' | 'allowedHosts'>,
  runtime: Runtime,
  isReady: () => Promise<boolean>,
): HonoBase {
  // One exact router: two that compile would be more code than the routes need.
  const app = new HonoBase({ router: new TrieRouter() })
  app.get(PATHS.liveness, (c) => c.text('ok'))
  app.get(PATHS.readiness, async (c) =>
    (await isReady()) ? c.text('ready') : c.text('not ready', 503),
  )
  app.use(async (c, next) => {
    if (isAllowedHost(c.req.header('host') ?? new URL(c.req.url).host, config)) return next()
    const refusal = refuse(403, 'This host name is not served here')
    return toResponse(reportRefusal(runtime.emit, 'host_unknown', refusal))
  })
  app.notFound((c) => c.json({ error: 'not_found' }, 404))
  app.onError((error) => faultResponse(error, runtime))
  return app
}

/** Metadata of resources and authorization server (RFC 9728, RFC 8414) wherever clients look. */
export function serveMetadata(
  app: HonoBase,
  config: Pick<GateConfig, 'issuer' | 'resources'>,
  authorizationServer: () => Response,
  emit: Emit,
): void {
  for (const resource of config.resources) {
    const paths = metadataPaths(resource.url, config.resources.length === 1)
    const document = buildProtectedResourceMetadata({
      issuer: config.issuer,
      resource: resource.url,
      name: resource.name,
      scopes: resource.scopes,
    })
    const report = (kind: 'protected-resource' | 'authorization-server'): void =>
      emit({ type: 'metadata.served', document: kind, resource: resource.url })
    for (const path of paths.protectedResource)
      app.get(path, () => {
        report('protected-resource')
        return documentResponse(document)
      })
    for (const path of paths.authorizationServer)
      app.get(path, () => {
        report('authorization-server')
        return authorizationServer()
      })
  }
}
