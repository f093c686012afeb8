import * as v from 'valibot'

// Not `hono/aws-lambda`: it takes the host from the request context and so has no place for the
// origin proof, lets `new URL` cut a path that API Gateway has decoded (`/x?` or `/y/../mcp`),
// percent-encodes header values that are not ASCII, answers bad base64 by 500 and an event without
// context by throwing, and is deprecated as a subpath. What is left of it is shorter than a wrapper.

/** API Gateway, "Create AWS Lambda proxy integrations for HTTP APIs": payload format 2.0. */
const Event = v.object({
  version: v.literal('2.0'),
  rawPath: v.string(),
  rawQueryString: v.string(),
  /** Names in lower case; a header that came several times has its values joined by commas. */
  headers: v.record(v.string(), v.string()),
  cookies: v.optional(v.array(v.string())),
  requestContext: v.object({
    requestId: v.string(),
    stage: v.string(),
    http: v.object({ method: v.pipe(v.string(), v.regex(/^[A-Z]{1,16}$/)) }),
  }),
  body: v.optional(v.string()),
  isBase64Encoded: v.optional(v.boolean(), false),
})

/** One request as API Gateway passed it on. Nothing in it is proven yet. */
export interface HttpEvent {
  requestId: string
  method: string
  /** As the router is to see it: without stage, never changed by parsing it as a URL. */
  path: string
  query: string
  headers: Headers
  body: Uint8Array<ArrayBuffer> | undefined
}

/** Undefined for whatever API Gateway would not have sent, or HTTP would not allow. */
export function parseHttpEvent(event: unknown): HttpEvent | undefined {
  const parsed = v.safeParse(Event, event)
  if (!parsed.success) return undefined
  const { rawPath, rawQueryString, requestContext, body, isBase64Encoded } = parsed.output
  const path = stripStage(rawPath, requestContext.stage)
  const headers = parseHeaders(parsed.output)
  const bytes = body === undefined ? undefined : decodeBody(body, isBase64Encoded)
  const malformed = bytes === null || headers === undefined
  if (malformed || !isCanonical(path) || !isQuery(rawQueryString)) return undefined
  return {
    requestId: requestContext.requestId,
    method: requestContext.http.method,
    path,
    query: rawQueryString,
    headers,
    body: bytes,
  }
}

/** Undefined for a method that the Fetch standard forbids. */
export function toRequest(event: HttpEvent, host: string): Request | undefined {
  const { method, path, query, body } = event
  const headers = new Headers(event.headers)
  headers.set('host', host)
  // What a client declared need not be true, and other code may believe it.
  headers.delete('transfer-encoding')
  headers.delete('content-length')
  const hasBody = body !== undefined && method !== 'GET' && method !== 'HEAD'
  if (hasBody) headers.set('content-length', String(body.byteLength))
  try {
    return new Request(`https://${host}${path}${query === '' ? '' : `?${query}`}`, {
      method,
      headers,
      ...(hasBody ? { body } : {}),
    })
  } catch {
    return undefined
  }
}

/** Every stage but `$default` stands before the path (HTTP APIs: "Stages for HTTP APIs"). */
function stripStage(path: string, stage: string): string {
  const prefix = `/${stage}`
  if (path === prefix) return '/'
  return path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : path
}

/**
 * HTTP APIs decode the path, so that dot segments, `?` and `#` may stand in it. A parser would make
 * of `/open/../mcp` another path than the one whose route, and so whose guard, API Gateway chose.
 */
function isCanonical(path: string): boolean {
  const url = `https://host${path}`
  return URL.canParse(url) && new URL(url).pathname === path
}

function isQuery(query: string): boolean {
  return !/[\s#]/.test(query)
}

function parseHeaders({ headers, cookies }: v.InferOutput<typeof Event>): Headers | undefined {
  try {
    const parsed = new Headers(Object.entries(headers))
    if (cookies !== undefined && cookies.length > 0) parsed.append('cookie', cookies.join('; '))
    return parsed
  } catch {
    return undefined
  }
}

/** Null where the text is not base64: what else `Buffer` makes of it nobody has sent. */
function decodeBody(body: string, isBase64Encoded: boolean): Uint8Array<ArrayBuffer> | null {
  if (!isBase64Encoded) return new TextEncoder().encode(body)
  if (body.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(body)) return null
  return Uint8Array.from(Buffer.from(body, 'base64'))
}
