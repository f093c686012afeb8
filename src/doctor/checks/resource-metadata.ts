import type { Answer } from '../ask.ts'
import { refuses, type ClientProfile } from '../client-profiles.ts'
import type { Evidence } from '../evidence.ts'
import { observeBy, shown, type Observation } from '../finding.ts'
import {
  isCutOff,
  readDocument,
  textOf,
  textsOf,
  type Fetched,
  type JsonObject,
} from '../probes/documents.ts'
import { defineRules, type Family } from './rules.ts'

const RULES = defineRules('protected resource metadata', {
  'D03-resource-metadata-missing': {
    level: 'error',
    fix: 'Serve the metadata at /.well-known/oauth-protected-resource followed by the path of the MCP URL.',
    source: 'RFC 9728 §3.1',
  },
  'D03-resource-metadata-path': {
    level: 'info',
    fix: 'Serve the same document with the path of the MCP URL behind the well-known string: that is where clients look first.',
    source: 'RFC 9728 §3.1',
  },
  'D03-resource-metadata-html': {
    level: 'error',
    fix: 'Answer JSON, or 404, before a catch-all that sends a web page takes the address.',
    source: 'RFC 9728 §3.2',
  },
  'D03-resource-metadata-error': {
    level: 'error',
    fix: 'Answer 200 with the document, without a sign-in; or 404 where there is none.',
    source: 'RFC 9728 §3.2',
  },
  'D03-resource-metadata-type': {
    level: 'warning',
    fix: 'Send Content-Type: application/json.',
    source: 'RFC 9728 §3.2',
  },
  'D03-resource-metadata-redirect': {
    level: 'warning',
    fix: 'Serve the document where clients ask for it; not all follow redirects to other origins.',
    source: 'typescript-sdk 1.32, redirectPolicy',
  },
  'D03-no-authorization-server': {
    level: 'error',
    fix: 'List the issuer of the authorization server in authorization_servers.',
    source: 'MCP authorization, Authorization Server Location',
  },
  'D04-metadata-address-wrong': {
    level: 'error',
    fix: 'Make resource_metadata in the challenge the address at which the document is served.',
    source: 'RFC 9728 §5.1',
  },
  'D04-resource-missing': {
    level: 'error',
    fix: 'Add resource: the MCP URL, exactly as people type it.',
    source: 'RFC 9728 §2',
  },
  'D04-resource-mismatch': {
    level: 'error',
    fix: 'Make resource the MCP URL, exactly as people type it: scheme, host, path, no slash more or less.',
    source: 'RFC 9728 §3.3',
  },
  'D04-resource-origin-only': {
    level: 'warning',
    fix: 'Make resource the whole MCP URL; the origin alone satisfies only some clients.',
    source: 'RFC 9728 §3.3',
  },
})

/** D03 and D04: protected resource metadata (RFC 9728). */
export const resourceMetadata: Family = { rules: RULES, check: checkResourceMetadata }

const observe = observeBy(RULES)

function checkResourceMetadata(evidence: Evidence): Observation[] {
  const resourceMetadata = evidence.discovery?.resourceMetadata
  if (resourceMetadata === undefined) return []
  const { named, atPath, atRoot, used } = resourceMetadata
  const places = [named, atPath, atRoot].filter((place) => place !== undefined)
  const faults = uniquePlaces(places).flatMap(checkPlace)
  if (used === undefined)
    return faults.length > 0 || places.some(isCutOff)
      ? faults
      : [
          observe('D03-resource-metadata-missing', {
            where: `GET ${atPath.url}`,
            message: 'There is no protected resource metadata.',
            stops: needsDocument,
          }),
        ]
  return [
    ...faults,
    ...checkAddresses(named, atPath, used.url),
    ...checkType([...places], used.url),
    ...checkResource(evidence.mcpUrl, used.url, used.document),
    ...checkServers(used.url, used.document),
  ]
}

/** The others go on as if the MCP URL's origin were the authorization server. */
function needsDocument(client: ClientProfile): boolean {
  return client.needsResourceMetadata
}

function uniquePlaces(places: readonly Fetched[]): Fetched[] {
  return [...new Map(places.map((place) => [place.url, place])).values()]
}

/** Everything but a document and its honest absence. */
function checkPlace(place: Fetched): Observation[] {
  const { last, url } = place
  const where = `GET ${url}`
  const elsewhere = place.hops.find((hop) => new URL(hop).origin !== new URL(url).origin)
  // A private network is worse, and said elsewhere.
  const isSpecial = !last.ok && last.failure.reason === 'special-use address'
  if (elsewhere !== undefined && !isSpecial)
    return [
      observe('D03-resource-metadata-redirect', {
        where,
        message: `The address redirects to ${shown(new URL(elsewhere).origin)}.`,
        stops: (client) => !client.followsRedirects && needsDocument(client),
      }),
    ]
  if (!last.ok) return []
  const { status, end } = last.value
  if (readDocument(place).ok || end !== 'whole') return []
  if (status === 200)
    return [
      observe('D03-resource-metadata-html', {
        where,
        message: `The answer is ${last.value.contentType || 'something'}, and no JSON object.`,
        stops: needsDocument,
      }),
    ]
  if (status === 404 || status === 405 || status === 410) return []
  return [
    observe('D03-resource-metadata-error', {
      where,
      message: `The answer is ${status}.`,
      stops: needsDocument,
    }),
  ]
}

function checkAddresses(
  named: Fetched | undefined,
  atPath: Fetched,
  usedUrl: string,
): Observation[] {
  if (named !== undefined && isAbsent(named))
    return [
      observe('D04-metadata-address-wrong', {
        where: `GET ${named.url}`,
        message: `The challenge names this address, and the document is at ${shown(usedUrl)}.`,
        stops: refuses('a wrong metadata address'),
      }),
    ]
  if (named === undefined && isAbsent(atPath))
    return [
      observe('D03-resource-metadata-path', {
        where: `GET ${atPath.url}`,
        message: `The document is only at ${shown(usedUrl)}.`,
      }),
    ]
  return []
}

function isAbsent({ last }: Fetched): boolean {
  return last.ok && last.value.status >= 400 && last.value.status < 500
}

function checkType(places: readonly Fetched[], usedUrl: string): Observation[] {
  const answer = places.find(({ url }) => url === usedUrl)?.last
  if (answer?.ok !== true || isJsonType(answer.value)) return []
  return [
    observe('D03-resource-metadata-type', {
      where: answer.value.where,
      message: `The document comes as ${shown(answer.value.contentType || 'nothing')}.`,
    }),
  ]
}

export function isJsonType({ contentType }: Answer): boolean {
  return /^application\/(?:[\w.-]+\+)?json$/i.test(contentType)
}

function checkResource(mcpUrl: URL, url: string, document: JsonObject): Observation[] {
  const where = `GET ${url}`
  const resource = textOf(document, 'resource')
  const isElsewhere = namesIssuerElsewhere(mcpUrl, document)
  if (resource === undefined)
    return [
      observe('D04-resource-missing', {
        where,
        message: 'The document has no resource.',
        stops: (client) =>
          refuses('no resource')(client) || (client.resource === 'preferred' && isElsewhere),
      }),
    ]
  if (resource === mcpUrl.href || `${resource}/` === mcpUrl.href) return []
  const isCovering = covers(resource, mcpUrl)
  const stops = (client: ClientProfile): boolean => {
    switch (client.resource) {
      case 'exact':
        return true
      case 'covering':
        return !isCovering
      case 'preferred':
        return isElsewhere
      case 'ignored':
        return false
    }
  }
  if (isCovering && URL.parse(resource)?.pathname === '/')
    return [
      observe('D04-resource-origin-only', {
        where,
        message: `resource is ${shown(resource)}, the origin of the MCP URL.`,
        stops,
      }),
    ]
  return [
    observe('D04-resource-mismatch', {
      where,
      message: `resource is ${shown(resource)}, and the MCP URL ${mcpUrl.href}.`,
      stops,
    }),
  ]
}

/** Where the document is set aside, its issuer is lost with it. */
function namesIssuerElsewhere(mcpUrl: URL, document: JsonObject): boolean {
  const issuer = textsOf(document, 'authorization_servers')?.[0]
  return issuer !== undefined && URL.parse(issuer)?.origin !== mcpUrl.origin
}

/** As the SDK's checkResourceAllowed: same origin, and a path that the MCP URL's begins with. */
export function covers(resource: string, mcpUrl: URL): boolean {
  const url = URL.parse(resource)
  if (url?.origin !== mcpUrl.origin) return false
  const withSlash = (path: string): string => (path.endsWith('/') ? path : `${path}/`)
  return (
    mcpUrl.pathname.length >= url.pathname.length &&
    withSlash(mcpUrl.pathname).startsWith(withSlash(url.pathname))
  )
}

function checkServers(url: string, document: JsonObject): Observation[] {
  const servers = textsOf(document, 'authorization_servers')
  if (servers !== undefined && servers.length > 0) return []
  return [
    observe('D03-no-authorization-server', {
      where: `GET ${url}`,
      message: 'The document names no authorization server.',
      stops: needsDocument,
    }),
  ]
}
