import type { GateConfig, Resource } from '../config/gate-config.ts'
import type { Emit } from '../events.ts'
import { headerValues, type HeaderList } from '../protocol/headers.ts'
import { resourcePaths } from '../protocol/metadata.ts'
import { fail, ok, type Result } from '../protocol/result.ts'
import { isPreflight, preflightHeaders } from './cors.ts'
import { refuse, reportRefusal, type Refusal } from './refusal.ts'

/** The head of a request for a resource, as it came in. */
export interface RequestHead {
  method: string
  /** Path and query as sent: origin-form (RFC 9112 §3.2.1). */
  target: string
  /** Value of `Host`. */
  host: string
  /** Every header line by itself: joined duplicates would hide an attack. */
  headers: HeaderList
}

/** A request that may ask for the resource; whether it gets it, its token decides. */
export interface Arrival {
  resource: Resource
  origin: string | undefined
  query: string | undefined
}

/** What is asked of every request before its token: host, origin, path. Answers preflights. */
export function createReception(
  config: Pick<GateConfig, 'issuer' | 'resources' | 'allowedHosts' | 'allowedOrigins'>,
  emit: Emit,
): (head: RequestHead) => Result<Arrival, Refusal> {
  const byPath = new Map(
    config.resources.flatMap((resource) =>
      resourcePaths(resource.url).map((path): [string, Resource] => [path, resource]),
    ),
  )

  return (head) => {
    const refused = (reason: string, refusal: Refusal): Result<never, Refusal> =>
      fail(reportRefusal(emit, reason, refusal))

    // DNS rebinding: a page of another name that resolves to us says that name in Host.
    const hosts = headerValues(head.headers, 'host')
    if (hosts.length > 1 || !isAllowedHost(head.host, config))
      return refused('host_unknown', refuse(403, 'This host name is not served here'))
    const origins = headerValues(head.headers, 'origin')
    const [origin] = origins
    if (origins.length > 1 || (origin !== undefined && !config.allowedOrigins.has(origin)))
      return refused('origin_not_allowed', refuse(403, 'This Origin may not call this server'))
    const [path, query] = splitOnce(head.target, '?')
    const resource = byPath.get(path)
    if (resource === undefined) return refused('resource_unknown', refuse(404, 'Not found'))
    if (origin !== undefined && isPreflight(head.method, head.headers))
      return fail({
        admitted: false,
        status: 204,
        headers: preflightHeaders(origin, head.headers),
        body: '',
      })
    return ok({ resource, origin, query })
  }
}

export function requestHead(request: Request): RequestHead {
  const url = new URL(request.url)
  return {
    method: request.method,
    target: url.pathname + url.search,
    host: request.headers.get('host') ?? url.host,
    headers: [...request.headers],
  }
}

export function isAllowedHost(
  host: string,
  config: Pick<GateConfig, 'issuer' | 'allowedHosts'>,
): boolean {
  const defaultPort = config.issuer.startsWith('https:') ? ':443' : ':80'
  const lower = host.toLowerCase()
  return config.allowedHosts.has(
    lower.endsWith(defaultPort) ? lower.slice(0, -defaultPort.length) : lower,
  )
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const index = text.indexOf(separator)
  return index === -1 ? [text, undefined] : [text.slice(0, index), text.slice(index + 1)]
}
