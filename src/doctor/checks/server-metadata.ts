import { refuses, type ClientProfile, type Refusal } from '../client-profiles.ts'
import type { Evidence } from '../evidence.ts'
import { observeBy, shown, type Observation } from '../finding.ts'
import { isCutOff, readDocument, type Fetched } from '../probes/documents.ts'
import { isJsonType } from './resource-metadata.ts'
import { defineRules, type Family } from './rules.ts'

const RULES = defineRules('authorization server metadata', {
  'D03-server-metadata-missing': {
    level: 'error',
    fix: 'Serve the metadata at /.well-known/oauth-authorization-server on the issuer’s origin.',
    source: 'RFC 8414 §3',
  },
  'D03-server-metadata-html': {
    level: 'error',
    fix: 'Answer JSON, or 404, before a catch-all that sends a web page takes the address.',
    source: 'RFC 8414 §3.2',
  },
  'D03-server-metadata-error': {
    level: 'error',
    fix: 'Answer 200 with the document, without a sign-in; or 404 where there is none.',
    source: 'RFC 8414 §3.2',
  },
  'D03-server-metadata-type': {
    level: 'warning',
    fix: 'Send Content-Type: application/json.',
    source: 'RFC 8414 §3.2',
  },
  'D03-server-metadata-redirect': {
    level: 'warning',
    fix: 'Serve the document where clients ask for it; not all follow redirects to other origins.',
    source: 'typescript-sdk 1.32, redirectPolicy',
  },
})

/** D03: where the authorization server metadata is (RFC 8414 §3). */
export const serverMetadata: Family = { rules: RULES, check: checkServerMetadata }

const observe = observeBy(RULES)

function checkServerMetadata(evidence: Evidence): Observation[] {
  const serverMetadata = evidence.discovery?.serverMetadata
  if (serverMetadata === undefined) return []
  const { advertised, places, used } = serverMetadata
  // What comes after the document that is used is never asked for.
  const asked =
    used === undefined
      ? places
      : places.slice(0, places.findIndex(({ url }) => url === used.url) + 1)
  const isLost = used === undefined
  const faults = asked.flatMap((place) => checkPlace(place, isLost))
  if (used === undefined)
    return faults.length > 0 || places.some((place) => isSpecial(place) || isCutOff(place))
      ? faults
      : [
          observe('D03-server-metadata-missing', {
            where: `GET ${shown(places[0]?.url ?? advertised)}`,
            message: `${shown(advertised)} has no authorization server metadata.`,
            stops: (client) => !client.guessesEndpoints,
          }),
        ]
  return [...faults, ...checkType(places, used.url)]
}

/** Some read no further; `isLost`: others find nothing further on. */
function checkPlace(place: Fetched, isLost: boolean): Observation[] {
  const { last, url } = place
  const where = `GET ${url}`
  const elsewhere = place.hops.find((hop) => new URL(hop).origin !== new URL(url).origin)
  if (elsewhere !== undefined && !isSpecial(place))
    return [
      observe('D03-server-metadata-redirect', {
        where,
        message: `The address redirects to ${shown(new URL(elsewhere).origin)}.`,
        stops: (client) => !client.followsRedirects,
      }),
    ]
  if (!last.ok) return []
  const { status, end, contentType } = last.value
  if (end !== 'whole' || readDocument(place).ok) return []
  if (status === 200)
    return [
      observe('D03-server-metadata-html', {
        where,
        message: `The answer is ${shown(contentType || 'something')}, and no JSON object.`,
        stops: stopsAt('a document of no use', isLost),
      }),
    ]
  const isRefusal = status === 401 || status === 403
  if (status < 500 && !isRefusal) return []
  const stops = isRefusal
    ? (client: ClientProfile) => isLost && !client.guessesEndpoints
    : stopsAt(status === 502 ? 'a bad gateway' : 'a document of no use', isLost)
  return [
    observe('D03-server-metadata-error', { where, message: `The answer is ${status}.`, stops }),
  ]
}

/** Worse than missing, and said elsewhere. */
function isSpecial({ last }: Fetched): boolean {
  return !last.ok && last.failure.reason === 'special-use address'
}

function stopsAt(what: Refusal, isLost: boolean): (client: ClientProfile) => boolean {
  return (client) => refuses(what)(client) || (isLost && !client.guessesEndpoints)
}

function checkType(places: readonly Fetched[], usedUrl: string): Observation[] {
  const answer = places.find(({ url }) => url === usedUrl)?.last
  if (answer?.ok !== true || isJsonType(answer.value)) return []
  return [
    observe('D03-server-metadata-type', {
      where: answer.value.where,
      message: `The document comes as ${shown(answer.value.contentType || 'nothing')}.`,
    }),
  ]
}
