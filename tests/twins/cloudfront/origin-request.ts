import type { Behavior, Origin } from '../../../src/aws/topology.ts'
import { headerValues, type HttpRequest, pathOf, queryOf, withoutHeaders } from '../http.ts'
import type { Switches } from '../switches.ts'
import { originRequestPolicyOf } from './policies.ts'

/** An address of CloudFront's own: what an origin sees as its client. */
const EDGE_ADDRESS = '130.176.88.77'

/**
 * CloudFront guide, Request and response behavior for custom origins, HTTP request headers and
 * CloudFront behavior: removed whatever the policies say. `Connection` and `Content-Length` belong
 * to each connection.
 */
const ALWAYS_REMOVED =
  /^(?:connection|content-length|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|x-amz-cf-id|x-edge-.*|x-forwarded-proto|x-real-ip)$/

/** Same table: removed unless a policy forwards them. */
const REMOVED_BY_DEFAULT =
  /^(?:accept|accept-charset|accept-language|cookie|expect|referer|x-http-method-override)$/

export interface OriginRequestContext {
  behavior: Behavior
  origin: Origin
  switches: Switches
  requestId: string
}

export function toOriginRequest(request: HttpRequest, context: OriginRequestContext): HttpRequest {
  const { behavior, origin } = context
  const policy = originRequestPolicyOf(behavior)
  const query = policy.queryString ? queryOf(request.target) : ''
  return {
    method: request.method,
    // Values that you specify, Origin path: put before the URI of the request, which stays raw.
    target: `${origin.path}${pathOf(request.target)}${query}`,
    headers: toOriginHeaders(request, context),
    body: request.body,
    clientAddress: EDGE_ADDRESS,
  }
}

function toOriginHeaders(
  request: HttpRequest,
  { behavior, origin, switches, requestId }: OriginRequestContext,
): [string, string][] {
  const { viewerHeaders } = originRequestPolicyOf(behavior)
  let headers = withoutHeaders(request.headers, (name) => ALWAYS_REMOVED.test(name))
  if (viewerHeaders === 'defaults') headers = applyDefaults(headers, request.method)
  if (viewerHeaders !== 'all') headers = replace(headers, 'Host', origin.domain)
  headers = appendTo(headers, 'X-Forwarded-For', request.clientAddress, ',')
  headers = appendTo(headers, 'Via', `1.1 ${requestId.slice(0, 32)}.cloudfront.net (CloudFront)`)
  headers.push(['X-Amz-Cf-Id', requestId])
  for (const { name, value } of origin.headers) {
    const isViewersOwn =
      name === 'authorization' && switches.authorizationHeaderOverride === 'viewer-wins'
    if (isViewersOwn && headerValues(headers, name).length > 0) continue
    // Add custom headers to origin requests: CloudFront overwrites a header that is present.
    headers = replace(headers, name, value)
  }
  return headers
}

function applyDefaults(headers: [string, string][], method: string): [string, string][] {
  // Same table, `Authorization`: removed for GET and HEAD, and for OPTIONS only where cached.
  const removesAuthorization = method === 'GET' || method === 'HEAD'
  const kept = withoutHeaders(
    headers,
    (name) => REMOVED_BY_DEFAULT.test(name) || (removesAuthorization && name === 'authorization'),
  )
  const accepted = headerValues(kept, 'accept-encoding').join(',')
  const encodings = ['br', 'gzip'].filter((coding) => accepted.includes(coding))
  const normalized = withoutHeaders(kept, (name) => name === 'accept-encoding')
  if (encodings.length > 0) normalized.push(['Accept-Encoding', encodings.join(',')])
  return replace(normalized, 'User-Agent', 'Amazon CloudFront')
}

/** Every line of that name goes, however its name is written. */
function replace(headers: [string, string][], name: string, value: string): [string, string][] {
  const others = withoutHeaders(headers, (each) => each === name.toLowerCase())
  return [...others, [name, value]]
}

function appendTo(
  headers: [string, string][],
  name: string,
  value: string,
  separator = ', ',
): [string, string][] {
  const before = headerValues(headers, name)
  return replace(headers, name, [...before, value].join(separator))
}
