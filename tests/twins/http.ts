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
}

export interface HttpResponse {
  status: number
  headers: [string, string][]
  body: Uint8Array
}

export type Host = (request: HttpRequest) => Promise<HttpResponse>

/** Everything that answers at a name on port 443; keys in lower case. */
export type Internet = Map<string, Host>

export function respond(
  status: number,
  headers: [string, string][],
  body: string | Uint8Array = '',
): HttpResponse {
  return { status, headers, body: typeof body === 'string' ? Buffer.from(body) : body }
}

/** All values of a header, in order. */
export function headerValues(headers: readonly [string, string][], name: string): string[] {
  const wanted = name.toLowerCase()
  return headers.filter(([each]) => each.toLowerCase() === wanted).map(([, value]) => value)
}

export function headerValue(
  headers: readonly [string, string][],
  name: string,
): string | undefined {
  return headerValues(headers, name)[0]
}

export function withoutHeaders(
  headers: readonly [string, string][],
  unwanted: (lowerCaseName: string) => boolean,
): [string, string][] {
  return headers.filter(([name]) => !unwanted(name.toLowerCase()))
}

export function pathOf(target: string): string {
  return target.split('?', 1)[0] ?? ''
}

/** Without the question mark; undefined where there is none. */
export function queryOf(target: string): string | undefined {
  const start = target.indexOf('?')
  return start === -1 ? undefined : target.slice(start + 1)
}
