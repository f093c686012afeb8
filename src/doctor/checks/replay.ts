import type { Answer, Asked } from '../ask.ts'
import type { ClientProfile } from '../client-profiles.ts'
import type { Evidence } from '../evidence.ts'
import { everybody, observeBy, type Observation } from '../finding.ts'
import { readOAuthError } from '../oauth-error.ts'
import { presentsDocument } from '../presents-document.ts'
import { isObject } from '../probes/documents.ts'
import { QUERY, type Pair } from '../probes/replay.ts'
import type { TokenEvidence } from '../probes/token.ts'
import type { RegistrationRequest } from '../registration-requests.ts'
import { defineRules, type Family } from './rules.ts'

const RULES = defineRules('token', {
  'D19-replayed': {
    level: 'error',
    fix: 'Let no proxy or CDN in front keep these answers: it must obey Cache-Control: no-store, with errors and POST too (nginx: proxy_cache off; CloudFront: CachingDisabled; Cloudflare: bypass cache). Then empty its cache, and revoke what it gave away.',
    source: 'RFC 9111 §5.2.2.5',
  },
  'D19-challenge-replayed': {
    level: 'warning',
    step: 'access',
    fix: 'Let no proxy or CDN in front answer a request with Authorization by itself, nor keep a 401: it must obey Cache-Control: no-store. Then empty its cache.',
    source: 'RFC 9111 §3.5',
  },
})

/** D19: a cache in between, which tells one what it heard for another. */
export const replay: Family = { rules: RULES, check: checkReplay }

const observe = observeBy(RULES)

function checkReplay(evidence: Evidence): Observation[] {
  const { token, replay: seen } = evidence
  if (seen === undefined) return []
  return [
    ...checkNames(evidence),
    ...checkAuthorize(evidence),
    ...(token === undefined ? [] : checkToken(seen.token, token)),
    ...(isReplayed(seen.post, challengeOf)
      ? [
          observeReplay(
            'access',
            seen.post.second,
            'A bad token is answered with the 401 of a request without one: so is a good one.',
          ),
        ]
      : []),
    ...(isReplayed(seen.get, challengeOf) ? [observeChallenge(seen.get.second)] : []),
  ]
}

function observeReplay(step: Observation['step'], asked: Asked, message: string): Observation {
  return observe('D19-replayed', { where: whereOf(asked), message, step, stops: everybody })
}

function observeChallenge(asked: Asked): Observation {
  return observe('D19-challenge-replayed', {
    where: whereOf(asked),
    message:
      'GET with a bad token is answered with the 401 of a request without one: so is one with a good token.',
  })
}

function whereOf(asked: Asked): string {
  return asked.ok ? asked.value.where : asked.failure.where
}

/**
 * RFC 7591 §3.2.1: what was registered comes back. Here what the first one of all registered does,
 * and not one fixed answer, which could not know its redirect URI.
 */
function checkNames({ registration, discovery }: Evidence): Observation[] {
  const server = discovery?.serverMetadata.used?.document
  const [first, ...others] = registration?.values() ?? []
  if (first === undefined || !isToldOf(first.answer, first.request)) return []
  const other = others.find(({ answer }) => isToldOf(answer, first.request))
  if (other === undefined) return []
  return [
    observe('D19-replayed', {
      where: whereOf(other.answer),
      message: `Registering as ${other.request.client_name} is answered with the registration of ${first.request.client_name}.`,
      step: 'registration',
      stops: (client) => !presentsDocument(client, server) && !isLikeFirst(client),
    }),
  ]
}

/** Its redirect URI differs from that of the first in nothing but the port. */
function isLikeFirst({ registers }: ClientProfile): boolean {
  return registers === 'localhost' || registers === 'random port'
}

function isToldOf(answer: Asked, request: RegistrationRequest): boolean {
  if (!answer.ok || !isObject(answer.value.json)) return false
  const { client_name: name, redirect_uris: uris } = answer.value.json
  return (
    name === request.client_name && JSON.stringify(uris) === JSON.stringify(request.redirect_uris)
  )
}

function checkAuthorize({ authorization, replay: seen, resource, token }: Evidence): Observation[] {
  const asked = seen?.authorize
  if (asked?.ok !== true || authorization === undefined) return []
  const { asJson, errorResponse, unknownAsJson, unknownAsHtml } = authorization
  // Load balancers set the same cookie with every answer.
  const elsewhere = new Set(
    [resource?.get, resource?.post, token?.unknownClientCode].flatMap(cookiesOf),
  )
  const cookies = cookiesOf(asked).filter((cookie) => !elsewhere.has(cookie))
  const isOfAnother = [asJson[1], errorResponse, unknownAsJson, unknownAsHtml].some(
    (other) =>
      other.ok &&
      (isSameRedirect(asked.value, other.value) ||
        (isSameForm(asked.value, other.value) &&
          cookies.some((cookie) => cookiesOf(other).includes(cookie)))),
  )
  if (!isOfAnother && !isStored(asked)) return []
  return [
    observeReplay(
      'authorization',
      asked,
      'Requests with different states get one and the same answer: people end in the sign-in of somebody else.',
    ),
  ]
}

function cookiesOf(asked: Asked | undefined): string[] {
  return asked?.ok === true ? asked.value.headers.getSetCookie() : []
}

/** To be told from `state=undefined` and the like, which some servers always say. */
const SHORTEST_STATE = 16

/** With one state for two requests that had each its own. */
function isSameRedirect(one: Answer, other: Answer): boolean {
  const location = one.headers.get('location')
  if (location === null || location !== other.headers.get('location')) return false
  const state = URL.parse(location, one.url)?.searchParams.get('state') ?? ''
  return state.length >= SHORTEST_STATE
}

/** A form that carries the request would differ with it; a page alone may be the same for all. */
function isSameForm(one: Answer, other: Answer): boolean {
  return one.text === other.text && /type=["']?hidden\b/i.test(one.text)
}

function checkToken(pair: Pair | undefined, token: TokenEvidence): Observation[] {
  const { unknownClientCode, unknownClientRefresh, knownClientCode, knownClientRefresh } = token
  const given = [unknownClientCode, unknownClientRefresh, knownClientCode, knownClientRefresh].find(
    (asked) =>
      asked?.ok === true && isObject(asked.value.json) && 'access_token' in asked.value.json,
  )
  if (given !== undefined)
    return [
      observeReplay(
        'token',
        given,
        'A grant that nobody was given is answered with an access token: it is somebody else’s.',
      ),
    ]
  if (pair === undefined || !isReplayed(pair, refusalOf)) return []
  return [
    observeReplay(
      'token',
      pair.second,
      'A client gets the answer that another client got: so it would with tokens.',
    ),
  ]
}

/** What was told the first is told the second as well, and something else where no cache can know it. */
function isReplayed(
  { first, second, past }: Pair,
  read: (answer: Answer) => string | undefined,
): boolean {
  if (isStored(second)) return true
  const [one, two, three] = [first, second, past].map((asked) =>
    asked.ok ? read(asked.value) : undefined,
  )
  return one !== undefined && three !== undefined && one === two && two !== three
}

/** As caches say by themselves (RFC 9111 §5.1, RFC 9211, and before it every vendor in its own way). */
const CACHE_STATUS = ['cache-status', 'x-cache', 'x-cache-status', 'cf-cache-status']

function isStored(asked: Asked): boolean {
  if (!asked.ok) return false
  const { headers } = asked.value
  return (
    Number(headers.get('age')) > 0 ||
    CACHE_STATUS.some((name) => /\bhit\b/i.test(headers.get(name) ?? ''))
  )
}

/** Of a limit that was reached in between nothing follows. */
function refusalOf(answer: Answer): string | undefined {
  return answer.status === 400 || answer.status === 401 ? readOAuthError(answer) : undefined
}

/** Some servers repeat the query in it. */
function challengeOf({ status, headers }: Answer): string | undefined {
  if (status !== 401) return undefined
  return headers.get('www-authenticate')?.replaceAll(new RegExp(`${QUERY}=[\\w-]+`, 'g'), QUERY)
}
