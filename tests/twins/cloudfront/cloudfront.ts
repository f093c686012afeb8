import { randomBytes } from 'node:crypto'
import {
  type Behavior,
  type Distribution,
  findResource,
  type Topology,
} from '../../../src/aws/topology.ts'
import {
  ConnectionFailed,
  headerValue,
  headSize,
  type Host,
  type HttpRequest,
  type HttpResponse,
  type Internet,
  pathOf,
  queryOf,
  respond,
} from '../http.ts'
import type { Switches } from '../switches.ts'
import { TIMED_OUT, within } from '../within.ts'
import { chooseBehavior } from './behaviors.ts'
import { assertCreatable } from './creation.ts'
import { type EdgeFunctionFault, runViewerRequest, runViewerResponse } from './edge-function.ts'
import { toOriginRequest } from './origin-request.ts'
import { cachePolicyOf } from './policies.ts'
import { cachingSeconds, ResponseCache } from './response-cache.ts'
import { applyHeadersPolicy, fromOrigin, toViewer } from './response-headers.ts'

export interface CloudFrontOptions {
  internet: Internet
  now: () => number
  switches: Switches
  /** Name that CloudFront gives the distribution. */
  domain?: string
}

/** CloudFront guide, Request and response behavior for custom origins, Maximum length. */
const MAXIMUM_REQUEST_BYTES = 20_480
const MAXIMUM_URL_BYTES = 8192

type Outcome = Parameters<typeof toViewer>[2]

/**
 * A distribution as the CloudFront developer guide describes it. Stands for one edge location: one
 * cache. Throws where CloudFront would not create it.
 */
export function createCloudFront(
  distribution: Distribution,
  topology: Topology,
  { internet, now, switches, domain = 'd111111abcdef8.cloudfront.net' }: CloudFrontOptions,
): Host {
  assertCreatable(distribution, topology)
  const cache = new ResponseCache(now)
  const names = [domain, ...distribution.aliases].map((name) => name.toLowerCase())

  const askOrigin = async (
    request: HttpRequest,
    behavior: Behavior,
    requestId: string,
  ): Promise<HttpResponse> => {
    const origin = distribution.origins.find(({ id }) => id === behavior.origin)
    if (origin === undefined) throw new TypeError(`no origin "${behavior.origin}"`)
    const host = internet.get(origin.domain.toLowerCase())
    // HTTP 502: cannot connect, or no agreement about TLS. The twins' hosts answer TLS 1.2 and up
    // on port 443, and a name that is in none of their certificates is none of theirs.
    const speaksTls =
      origin.protocol !== 'http-only' &&
      origin.port === 443 &&
      origin.tlsVersions.some((version) => version === 'TLSv1.2' || version === 'TLSv1.3')
    if (host === undefined || !speaksTls) return errorPage(502)
    try {
      const context = { behavior, origin, switches, requestId }
      const response = await within(
        host(toOriginRequest(request, context)),
        origin.readTimeoutSeconds * 1000,
      )
      return response === TIMED_OUT ? errorPage(504) : fromOrigin(response, behavior, switches)
    } catch (error) {
      if (error instanceof ConnectionFailed) return errorPage(502)
      throw error
    }
  }

  /** CloudFront guide, Generate custom error responses. */
  const customError = async (
    response: HttpResponse,
    request: HttpRequest,
    requestId: string,
  ): Promise<HttpResponse> => {
    const settings = distribution.errorResponses.find(({ status }) => status === response.status)
    const path = settings?.responsePagePath ?? null
    if (settings === undefined || path === null) return response
    const page = { ...request, method: 'GET', target: path, body: Buffer.alloc(0) }
    const found = await askOrigin(
      page,
      chooseBehavior(distribution, path, switches.edgePathMatching),
      requestId,
    )
    if (found.status >= 400) return found
    return { ...found, status: settings.responseStatus ?? response.status }
  }

  const fetchThrough = async (
    request: HttpRequest,
    behavior: Behavior,
    requestId: string,
  ): Promise<[HttpResponse, Outcome]> => {
    const isCached = request.method === 'GET' || request.method === 'HEAD'
    const policy = cachePolicyOf(behavior)
    // Understand the cache key: without more in the cache policy, host and path.
    const query = policy.queryString ? queryOf(request.target) : ''
    const key = `${request.method} ${behavior.origin} ${pathOf(request.target)}${query}`
    const hit = cache.get(key)
    if (hit !== undefined) return [hit, hit.status >= 400 ? 'Error' : 'Hit']
    const answered = await askOrigin(request, behavior, requestId)
    const seconds = cachingSeconds(answered, policy, distribution)
    const response = await customError(answered, request, requestId)
    if (isCached) cache.put(key, response, seconds)
    return [response, answered.status >= 400 ? 'Error' : 'Miss']
  }

  return async (request) => {
    const requestId = randomBytes(42).toString('base64url')
    const finish = (response: HttpResponse, outcome: Outcome = 'Error') =>
      toViewer(response, requestId, outcome)
    const refused = refuse(request, names, distribution.enabled)
    if (refused !== undefined) return finish(refused)
    const path = pathOf(request.target)
    const behavior = chooseBehavior(distribution, path, switches.edgePathMatching)
    const policy = findResource(
      topology,
      'responseHeadersPolicy',
      behavior.responseHeadersPolicy ?? '',
    )
    const dress = (response: HttpResponse) => applyHeadersPolicy(response, policy, switches)
    const mismatch = refuseByBehavior(request, behavior)
    if (mismatch !== undefined) return finish(dress(mismatch))

    const context = {
      distributionDomainName: domain,
      distributionId: 'EDFDVBD6EXAMPLE',
      requestId,
    }
    let forwarded = request
    const onRequest = findResource(topology, 'edgeFunction', behavior.viewerRequest ?? '')
    if (onRequest !== undefined) {
      const made = await runViewerRequest(onRequest, request, context, now)
      if ('fault' in made) return finish(dress(faultPage(made.fault)))
      if ('response' in made) return finish(dress(made.response), 'FunctionGeneratedResponse')
      forwarded = made.request
    }
    // Restrictions on all edge functions, URI: another URI does not choose another behavior.
    const [answered, outcome] = await fetchThrough(forwarded, behavior, requestId)
    const response = dress(answered)
    const onResponse = findResource(topology, 'edgeFunction', behavior.viewerResponse ?? '')
    // Same page, HTTP status codes: not invoked where the origin returned 400 or higher.
    if (onResponse === undefined || outcome === 'Error') return finish(response, outcome)
    const edited = await runViewerResponse(onResponse, request, response, context, now)
    if ('fault' in edited) return finish(dress(faultPage(edited.fault)))
    return finish(edited.response, outcome)
  }
}

/** What CloudFront refuses before it looks for a behavior. */
function refuse(
  request: HttpRequest,
  names: readonly string[],
  enabled: boolean,
): HttpResponse | undefined {
  const host = headerValue(request.headers, 'host')?.toLowerCase().replace(/:443$/, '') ?? ''
  if (!request.target.startsWith('/')) return errorPage(400)
  if (`https://${host}${request.target}`.length > MAXIMUM_URL_BYTES) return errorPage(413)
  if (headSize(request) > MAXIMUM_REQUEST_BYTES) return errorPage(413)
  // HTTP 403: a Host header that no distribution has as an alternate domain name.
  if (!enabled || !names.includes(host)) return errorPage(403)
  // GET requests that include a body.
  if (request.method === 'GET' && request.body.length > 0) return errorPage(403)
  return undefined
}

function refuseByBehavior(request: HttpRequest, behavior: Behavior): HttpResponse | undefined {
  const { viewerProtocol } = behavior
  if (request.protocol === 'http' && viewerProtocol === 'https-only') return errorPage(403)
  if (request.protocol === 'http' && viewerProtocol === 'redirect-to-https') {
    // CloudFront guide, Require HTTPS for communication between viewers and CloudFront.
    const isSafe = request.method === 'GET' || request.method === 'HEAD'
    const location = `https://${headerValue(request.headers, 'host') ?? ''}${request.target}`
    return respond(isSafe ? 301 : 307, [['Location', location]])
  }
  // HTTP 403: the distribution is not configured to allow the method.
  return behavior.methods.includes(request.method) ? undefined : errorPage(403)
}

function faultPage(fault: EdgeFunctionFault): HttpResponse {
  return errorPage(fault === 'invalid' ? 502 : 503)
}

function errorPage(status: number): HttpResponse {
  return respond(
    status,
    [
      ['Server', 'CloudFront'],
      ['Content-Type', 'text/html'],
    ],
    `<html><head><title>ERROR: The request could not be satisfied</title></head><body><h1>${status} ERROR</h1></body></html>`,
  )
}
