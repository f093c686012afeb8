export type HeaderList = readonly (readonly [name: string, value: string])[]

// RFC 9110 §7.6.1, and what belongs to one connection by its nature.
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-authentication-info',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

// Set by this gate or by servers in front of it: never taken from a client. Compared with `_` and
// other punctuation folded to `-`, because CGI and WSGI servers make the same variable of all.
const IDENTITY =
  /^(?:x-(?:forwarded|postern|real-ip|original|amzn-oidc|auth-request|authenticated|webauth|remote|user|username|email|groups?|goog-authenticated|goog-iap|ms-client-principal|client-cert)|cf-access|tailscale-user|ssl-client)(?:-|$)/
const IDENTITY_EXACT = new Set(['authorization', 'forwarded', 'remote-user', 'via'])

export function headerValues(headers: HeaderList, name: string): string[] {
  return headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value)
}

/**
 * Request headers that may go on to the MCP server. Hop-by-hop headers and all that `Connection`
 * nominates go first; then `Authorization` and whatever looks like an identity header. So nominating
 * one in `Connection` cannot remove what the gate adds afterwards.
 */
export function forwardableRequestHeaders(
  headers: HeaderList,
  cookieName: (name: string) => boolean,
): [string, string][] {
  const nominated = nominatedByConnection(headers)
  const forwarded: [string, string][] = []
  for (const [name, value] of headers) {
    const lower = name.toLowerCase()
    if (HOP_BY_HOP.has(lower) || nominated.has(lower)) continue
    if (lower === 'host' || lower === 'expect') continue
    const folded = lower.replace(/[^a-z0-9]/g, '-')
    if (IDENTITY.test(folded) || IDENTITY_EXACT.has(folded)) continue
    if (lower === 'cookie') {
      const rest = stripCookies(value, cookieName)
      if (rest !== '') forwarded.push([lower, rest])
    } else forwarded.push([lower, value])
  }
  return forwarded
}

/** Response headers that may go back to the client. A foreign `Set-Cookie` passes, ours never. */
export function forwardableResponseHeaders(
  headers: HeaderList,
  cookieName: (name: string) => boolean,
): [string, string][] {
  const nominated = nominatedByConnection(headers)
  return headers
    .map(([name, value]): [string, string] => [name.toLowerCase(), value])
    .filter(([name, value]) => {
      if (HOP_BY_HOP.has(name) || nominated.has(name)) return false
      // The gate alone decides about CORS; two values would make browsers refuse.
      if (name.startsWith('access-control-')) return false
      return name !== 'set-cookie' || !cookieName(setCookieName(value))
    })
}

/** Of a nameless cookie (`=a=b`) browsers send the value back, which then reads as name and value. */
function setCookieName(value: string): string {
  return (value.replace(/^[\s=]+/, '').split(/[=;]/)[0] ?? '').trim()
}

function nominatedByConnection(headers: HeaderList): Set<string> {
  return new Set(
    headerValues(headers, 'connection')
      .flatMap((value) => value.split(','))
      .map((name) => name.trim().toLowerCase()),
  )
}

function stripCookies(header: string, isOurs: (name: string) => boolean): string {
  return header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '' && !isOurs(pair.split('=')[0]?.trim() ?? ''))
    .join('; ')
}
