import { isInsecure } from './insecure.ts'
import { textOf, type JsonObject } from './probes/documents.ts'

/** Where clients go: as the metadata say, or at default addresses without them. */
export interface Endpoints {
  authorization: string | undefined
  token: string | undefined
  registration: string | undefined
}

/** MCP authorization 2025-03-26, "Fallbacks for Servers without Metadata Discovery". */
export function readEndpoints(document: JsonObject | undefined, issuer: string): Endpoints {
  if (document === undefined) {
    const origin = URL.parse(issuer)?.origin
    const at = (path: string): string | undefined =>
      origin === undefined ? undefined : origin + path
    return {
      authorization: at('/authorize'),
      token: at('/token'),
      registration: at('/register'),
    }
  }
  const endpoint = (name: string): string | undefined => {
    const url = URL.parse(textOf(document, name) ?? '')
    const isUsable = url !== null && /^https?:$/.test(url.protocol) && !isInsecure(url)
    return isUsable ? url.href : undefined
  }
  return {
    authorization: endpoint('authorization_endpoint'),
    token: endpoint('token_endpoint'),
    registration: endpoint('registration_endpoint'),
  }
}
