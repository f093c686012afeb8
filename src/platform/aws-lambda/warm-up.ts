import type { RequestHead } from '../../gate/arrival.ts'

/** The one question that a gate answers without an event: it makes it import its keys in INIT. */
export function preflightOf(mcpUrl: string): RequestHead {
  const { host, origin, pathname } = new URL(mcpUrl)
  const headers: [string, string][] = [
    ['host', host],
    ['origin', origin],
    ['access-control-request-method', 'POST'],
  ]
  return { method: 'OPTIONS', target: pathname, host, headers }
}
