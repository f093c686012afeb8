import type { Ask, Asked } from '../ask.ts'
import { INSPECTOR_ORIGIN } from './resource.ts'

/** What a web page gets to see of each address it needs. */
export interface CorsEvidence {
  resourceMetadata: Asked | undefined
  serverMetadata: Asked | undefined
  registration: Asked | undefined
  token: Asked | undefined
}

export async function probeCors(
  ask: Ask,
  urls: Readonly<Record<keyof CorsEvidence, string | undefined>>,
): Promise<CorsEvidence> {
  const read = (url: string | undefined): Promise<Asked> | undefined =>
    url === undefined ? undefined : ask(url, { headers: { origin: INSPECTOR_ORIGIN } })
  const preflight = (url: string | undefined): Promise<Asked> | undefined =>
    url === undefined
      ? undefined
      : ask(url, {
          method: 'OPTIONS',
          headers: {
            origin: INSPECTOR_ORIGIN,
            'access-control-request-method': 'POST',
            'access-control-request-headers': 'content-type,mcp-protocol-version',
          },
        })
  const [resourceMetadata, serverMetadata, registration, token] = await Promise.all([
    read(urls.resourceMetadata),
    read(urls.serverMetadata),
    preflight(urls.registration),
    preflight(urls.token),
  ])
  return { resourceMetadata, serverMetadata, registration, token }
}

/** Whether a page of that origin may read the answer (Fetch, "CORS check"). */
export function letsPageRead(asked: Asked): boolean {
  if (!asked.ok) return false
  const allowed = asked.value.headers.get('access-control-allow-origin')
  return allowed === '*' || allowed === INSPECTOR_ORIGIN
}
