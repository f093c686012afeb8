import type { Behavior, ResponseHeadersPolicy } from '../../../src/aws/topology.ts'
import { headerValues, type HttpResponse, withoutHeaders } from '../http.ts'
import type { Switches } from '../switches.ts'
import { originRequestPolicyOf } from './policies.ts'

/** CloudFront guide, Request and response behavior for custom origins: what origins cannot say. */
export function fromOrigin(
  response: HttpResponse,
  behavior: Behavior,
  switches: Switches,
): HttpResponse {
  const { cookies } = originRequestPolicyOf(behavior)
  const dropsCookies = !cookies && switches.edgeSetCookie === 'removed'
  const headers = withoutHeaders(
    response.headers,
    (name) =>
      ['connection', 'keep-alive', 'trailer', 'transfer-encoding', 'upgrade', 'via'].includes(
        name,
      ) ||
      (name === 'set-cookie' && dropsCookies),
  )
  return { ...response, headers }
}

/**
 * CloudFront guide, Understand response headers policies: what is removed, then what is set; where
 * the origin sent the header, `override` decides.
 */
export function applyHeadersPolicy(
  response: HttpResponse,
  policy: ResponseHeadersPolicy | undefined,
  switches: Switches,
): HttpResponse {
  const skipped = response.status >= 400 && switches.headersPolicyOnErrors === 'skipped'
  if (policy === undefined || skipped) return response
  const removed = policy.remove.map((name) => name.toLowerCase())
  let headers = withoutHeaders(response.headers, (name) => removed.includes(name))
  for (const { name, value, override } of policy.set) {
    const isPresent = headerValues(headers, name).length > 0
    if (isPresent && !override) continue
    headers = withoutHeaders(headers, (each) => each === name.toLowerCase())
    headers.push([name, value])
  }
  return { ...response, headers }
}

/** What every response carries. */
export function toViewer(
  response: HttpResponse,
  requestId: string,
  outcome: 'Hit' | 'Miss' | 'Error' | 'FunctionGeneratedResponse',
): HttpResponse {
  const fixed = ['x-cache', 'via', 'x-amz-cf-id', 'x-amz-cf-pop']
  return {
    ...response,
    headers: [
      ...withoutHeaders(response.headers, (name) => fixed.includes(name)),
      ['X-Cache', `${outcome} from cloudfront`],
      ['Via', `1.1 ${requestId.slice(0, 32)}.cloudfront.net (CloudFront)`],
      ['X-Amz-Cf-Pop', 'FRA60-P1'],
      ['X-Amz-Cf-Id', requestId],
    ],
  }
}
