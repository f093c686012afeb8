import type { Ask } from '../ask.ts'
import { fetchDocument, readDocument, textsOf, type Fetched, type JsonObject } from './documents.ts'

/** RFC 9728: what the resource says about itself, at each place where clients look. */
export interface ResourceMetadataEvidence {
  /** As named in the challenge. */
  named: Fetched | undefined
  /** The well-known string between host and path; the root one for a resource without path. */
  atPath: Fetched
  /** Undefined where the resource has no path. */
  atRoot: Fetched | undefined
  /** The one that clients go by, and where it was. */
  used: { url: string; document: JsonObject } | undefined
}

const WELL_KNOWN = '/.well-known/oauth-protected-resource'

export async function probeResourceMetadata(
  ask: Ask,
  mcpUrl: URL,
  named: string | undefined,
): Promise<ResourceMetadataEvidence> {
  const path = mcpUrl.pathname === '/' ? '' : mcpUrl.pathname
  const places = {
    named: named === undefined ? undefined : URL.parse(named, mcpUrl)?.href,
    atPath: mcpUrl.origin + WELL_KNOWN + path,
    atRoot: path === '' ? undefined : mcpUrl.origin + WELL_KNOWN,
  }
  const fetched = await fetchAll(ask, Object.values(places))
  const at = (url: string | undefined): Fetched | undefined => fetched.get(url ?? '')
  const found = {
    named: at(places.named),
    atPath: at(places.atPath) ?? (await fetchDocument(ask, places.atPath)),
    atRoot: at(places.atRoot),
  }
  return { ...found, used: firstDocument([found.named, found.atPath, found.atRoot]) }
}

/** RFC 8414 and OpenID Connect Discovery: where the metadata of an issuer is looked for. */
export interface ServerMetadataEvidence {
  /** The issuer as the resource's metadata advertise it, or the resource's own origin. */
  advertised: string
  /** Whether it is named in metadata, not guessed. */
  isNamed: boolean
  /** In the order of clients. */
  places: Fetched[]
  used: { url: string; document: JsonObject } | undefined
}

export async function probeServerMetadata(
  ask: Ask,
  mcpUrl: URL,
  resourceMetadata: JsonObject | undefined,
): Promise<ServerMetadataEvidence> {
  const named = resourceMetadata && textsOf(resourceMetadata, 'authorization_servers')?.[0]
  const advertised = named ?? mcpUrl.origin
  const urls = metadataPlaces(advertised)
  const fetched = await fetchAll(ask, urls)
  const places = urls.flatMap((url) => fetched.get(url) ?? [])
  return { advertised, isNamed: named !== undefined, places, used: firstDocument(places) }
}

/** MCP authorization, "Authorization Server Metadata Discovery". */
function metadataPlaces(issuer: string): string[] {
  const url = URL.parse(issuer)
  if (url === null || !/^https?:$/.test(url.protocol)) return []
  const path = url.pathname.replace(/\/$/, '')
  return [
    `${url.origin}/.well-known/oauth-authorization-server${path}`,
    `${url.origin}/.well-known/openid-configuration${path}`,
    ...(path === '' ? [] : [`${url.origin}${path}/.well-known/openid-configuration`]),
  ]
}

async function fetchAll(
  ask: Ask,
  urls: readonly (string | undefined)[],
): Promise<Map<string, Fetched>> {
  const distinct = [...new Set(urls.filter((url) => url !== undefined))]
  const fetched = await Promise.all(distinct.map((url) => fetchDocument(ask, url)))
  return new Map(fetched.map((each) => [each.url, each]))
}

function firstDocument(
  places: readonly (Fetched | undefined)[],
): { url: string; document: JsonObject } | undefined {
  for (const place of places) {
    const document = place && readDocument(place)
    if (place !== undefined && document?.ok === true)
      return { url: place.url, document: document.value }
  }
  return undefined
}
