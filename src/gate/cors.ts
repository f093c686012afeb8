import { headerValues, type HeaderList } from '../protocol/headers.ts'

const EXPOSED = 'WWW-Authenticate, Mcp-Session-Id, MCP-Protocol-Version, Retry-After'
const METHODS = 'GET, POST, DELETE, OPTIONS'
const PREFLIGHT_SECONDS = 600

/** CORS headers of an MCP response, for an Origin that has been found in the list. */
export function corsHeaders(origin: string | undefined): [string, string][] {
  if (origin === undefined) return []
  return [
    ['access-control-allow-origin', origin],
    ['access-control-expose-headers', EXPOSED],
    ['vary', 'Origin'],
  ]
}

export function isPreflight(method: string, headers: HeaderList): boolean {
  return (
    method === 'OPTIONS' &&
    headerValues(headers, 'origin').length > 0 &&
    headerValues(headers, 'access-control-request-method').length > 0
  )
}

/** Echoes the headers asked for: a client may send any `Mcp-Param-*`. */
export function preflightHeaders(origin: string, headers: HeaderList): [string, string][] {
  const asked = headerValues(headers, 'access-control-request-headers').join(', ')
  const names = asked.split(',').map((name) => name.trim())
  const valid = names.filter((name) => /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/.test(name))
  return [
    ...corsHeaders(origin),
    ['access-control-allow-methods', METHODS],
    ...(valid.length === 0
      ? []
      : ([['access-control-allow-headers', valid.join(', ')]] as [string, string][])),
    ['access-control-max-age', String(PREFLIGHT_SECONDS)],
  ]
}
