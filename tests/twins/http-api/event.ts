import { headerValue, headerValues, type HttpRequest, queryOf, withoutHeaders } from '../http.ts'

/** Where a request arrived. */
export interface Arrival {
  accountId: string
  apiId: string
  domain: string
  stage: string
  routeKey: string
  pathParameters: Record<string, string> | undefined
  /** Decoded, with the prefix of a named stage. */
  rawPath: string
  requestId: string
  now: number
}

/** What an authorizer adds. */
export type AuthorizerContext =
  | { jwt: { claims: Record<string, string>; scopes: string[] | null } }
  | { lambda: Record<string, unknown> | null }

interface EventHead {
  version: '2.0'
  routeKey: string
  rawPath: string
  rawQueryString: string
  cookies?: string[]
  headers: Record<string, string>
  queryStringParameters?: Record<string, string>
  requestContext: Record<string, unknown>
  pathParameters?: Record<string, string>
}

/** API Gateway guide, Create AWS Lambda proxy integrations for HTTP APIs, payload format 2.0. */
export function toEvent(
  request: HttpRequest,
  arrival: Arrival,
  authorizer: AuthorizerContext | undefined,
): object {
  return { ...toEventHead(request, arrival, authorizer), ...toBody(request) }
}

/** API Gateway guide, Control access to HTTP APIs with AWS Lambda authorizers, format 2.0. */
export function toAuthorizerEvent(
  request: HttpRequest,
  arrival: Arrival,
  routeArn: string,
  identitySource: string[] | null,
): object {
  return { type: 'REQUEST', routeArn, identitySource, ...toEventHead(request, arrival, undefined) }
}

function toEventHead(
  request: HttpRequest,
  arrival: Arrival,
  authorizer: AuthorizerContext | undefined,
): EventHead {
  const rawQueryString = queryOf(request.target).slice(1)
  const cookies = headerValues(request.headers, 'cookie').flatMap((value) =>
    value.split(';').map((cookie) => cookie.trim()),
  )
  return {
    version: '2.0',
    routeKey: arrival.routeKey,
    rawPath: arrival.rawPath,
    rawQueryString,
    ...(cookies.length === 0 ? {} : { cookies }),
    headers: toHeaders(request),
    ...(rawQueryString === ''
      ? {}
      : { queryStringParameters: joined(new URLSearchParams(rawQueryString)) }),
    requestContext: {
      accountId: arrival.accountId,
      apiId: arrival.apiId,
      ...(authorizer === undefined ? {} : { authorizer }),
      domainName: arrival.domain,
      domainPrefix: arrival.domain.split('.')[0],
      http: {
        method: request.method,
        path: arrival.rawPath,
        protocol: 'HTTP/1.1',
        sourceIp: request.clientAddress,
        userAgent: headerValue(request.headers, 'user-agent') ?? '',
      },
      requestId: arrival.requestId,
      routeKey: arrival.routeKey,
      stage: arrival.stage,
      time: commonLogTime(arrival.now),
      timeEpoch: arrival.now,
    },
    ...(arrival.pathParameters === undefined ? {} : { pathParameters: arrival.pathParameters }),
  }
}

/** Names in lower case; what occurs several times is joined with commas. */
function toHeaders(request: HttpRequest): Record<string, string> {
  const dropped = /^(?:connection|cookie|keep-alive|te|trailer|transfer-encoding|upgrade)$/
  const kept = withoutHeaders(request.headers, (name) => dropped.test(name))
  const forwarded = headerValues(request.headers, 'x-forwarded-for')
  return {
    ...joined(kept.map(([name, value]) => [name.toLowerCase(), value])),
    'content-length': String(request.body.length),
    'x-forwarded-for': [...forwarded, request.clientAddress].join(', '),
    'x-forwarded-port': '443',
    'x-forwarded-proto': 'https',
  }
}

function joined(pairs: Iterable<[string, string]>): Record<string, string> {
  const values = new Map<string, string>()
  for (const [name, value] of pairs) {
    const before = values.get(name)
    values.set(name, before === undefined ? value : `${before},${value}`)
  }
  return Object.fromEntries(values)
}

/**
 * The guide only says "binary". Live events show what that is (ministackorg/ministack#766): all but
 * these, a missing content type and forms included.
 */
const TEXT = /^(?:text\/[^;]+|application\/(?:json|xml|javascript))\s*(?:;|$)/i

function toBody(request: HttpRequest): { body?: string; isBase64Encoded: boolean } {
  if (request.body.length === 0) return { isBase64Encoded: false }
  const isText = TEXT.test(headerValue(request.headers, 'content-type') ?? '')
  const body = Buffer.from(request.body).toString(isText ? 'utf8' : 'base64')
  return { body, isBase64Encoded: !isText }
}

/** `12/Mar/2020:19:03:58 +0000`. */
function commonLogTime(ms: number): string {
  const [, day, month, year, time] =
    /^\w+, (\d\d) (\w+) (\d+) ([\d:]+)/.exec(new Date(ms).toUTCString()) ?? []
  return `${day}/${month}/${year}:${time} +0000`
}
