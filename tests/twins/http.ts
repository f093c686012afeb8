/**
 * What the twins speak to each other. Raw, because `URL` and `Headers` tidy up exactly what attacks
 * are made of: the spelling of a path, repeated headers, the case of a name.
 */
export interface HttpRequest {
  method: string
  /** Request target as sent: path and query, nothing decoded, nothing normalized. */
  target: string
  /** In the order sent, repeated where sent repeatedly. */
  headers: [string, string][]
  body: Uint8Array
  clientAddress: string
  /** Absent: over TLS. */
  protocol?: 'http'
}

export interface HttpResponse {
  status: number
  headers: [string, string][]
  body: Uint8Array
}

/** Rejects with `ConnectionFailed` where nothing answers; anything else thrown is a bug. */
export type Host = (request: HttpRequest) => Promise<HttpResponse>

/** Everything that answers at a name on port 443; keys in lower case. */
export type Internet = Map<string, Host>

/** A connection that is refused, cut or times out. */
export class ConnectionFailed extends Error {
  override name = 'ConnectionFailed'
}

export type Headers = readonly [string, string][]

export function respond(
  status: number,
  headers: Headers,
  body: string | Uint8Array = '',
): HttpResponse {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  return { status, headers: [...headers], body: bytes }
}

/** All values of a header, in order. */
export function headerValues(headers: Headers, name: string): string[] {
  const wanted = name.toLowerCase()
  return headers.filter(([each]) => each.toLowerCase() === wanted).map(([, value]) => value)
}

export function headerValue(headers: Headers, name: string): string | undefined {
  return headerValues(headers, name)[0]
}

export function withoutHeaders(
  headers: Headers,
  isUnwanted: (lowerCaseName: string) => boolean,
): [string, string][] {
  return headers.filter(([name]) => !isUnwanted(name.toLowerCase()))
}

export function pathOf(target: string): string {
  return target.split('?', 1)[0] ?? ''
}

/** With its question mark; empty where there is none. */
export function queryOf(target: string): string {
  return target.slice(pathOf(target).length)
}

/** Bytes of the request line and all header lines. */
export function headSize({ method, target, headers }: HttpRequest): number {
  const requestLine = `${method} ${target} HTTP/1.1\r\n`.length
  return headers.reduce((sum, [name, value]) => sum + name.length + value.length + 4, requestLine)
}
