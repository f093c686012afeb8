import { setBounded } from '../bounded-map.ts'
import { fail, ok, type Result } from '../protocol/result.ts'
import type { FetchDocument, FetchDocumentFailure, Runtime } from '../runtime.ts'
import { freshnessOf } from './freshness.ts'

export type RemoteDocumentFailure =
  /** Nothing is wrong with the document; it cannot be had at the moment. */
  | { reason: 'unavailable'; detail: string; status?: number }
  /** Its host's addresses are not public: an attack, or a network that blocks the host this way. */
  | { reason: 'blocked'; detail: string }
  | { reason: 'invalid'; detail: string }

/** JSON documents at URLs that strangers name: fetched once at a time, remembered as their hosts say. */
export interface RemoteDocuments<T> {
  /** `newerThan`: what was fetched before that moment will not do. Milliseconds since the epoch. */
  get: (url: string, newerThan?: number) => Promise<Result<T, RemoteDocumentFailure>>
}

interface Kept<T> {
  value: T
  fetchedAt: number
  /** Through an outage of its host. */
  usableUntil: number
  /** While its host fails, when to ask it next: who waits must not wait for every time limit. */
  askAgainAt: number
}

const TIMEOUT_MS = 5_000
const MAX_KEPT = 500
/** Hosts that answer slowly must not hold more than this, whatever they name. */
const MAX_UNDER_WAY = 32
/** Of these one domain holds but a part, so that others are still served. */
const MAX_UNDER_WAY_OF_DOMAIN = 4
/** RFC 9111 §4.2.4, RFC 5861 §4: through an outage, but not for ever: what was withdrawn must end. */
const ASK_AGAIN_MS = 60 * 1000
const MAX_STALE_MS = 24 * 60 * 60 * 1000
const JSON_TYPE = /^application\/(?:[a-z0-9.+-]+\+)?json\s*(?:;|$)/i

export function createRemoteDocuments<T>(
  runtime: Pick<Runtime, 'now'> & { fetchDocument: FetchDocument },
  kind: { maxBytes: number; parse: (json: unknown, url: string) => Result<T, string> },
): RemoteDocuments<T> {
  const kept = new Map<string, Kept<T>>()
  const underWay = new Map<string, Promise<Result<T, RemoteDocumentFailure>>>()

  async function fetchOne(url: string): Promise<Result<T, RemoteDocumentFailure>> {
    const limits = { maxBytes: kind.maxBytes, timeoutMs: TIMEOUT_MS }
    const answer = await runtime.fetchDocument(url, limits)
    if (!answer.ok) return describeFailure(answer.failure.reason)
    const { status, headers } = answer.value
    if (status !== 200) return describeStatus(status)
    if (!JSON_TYPE.test(headers.get('content-type') ?? '')) return invalid('is not served as JSON')
    const json = parseJson(await answer.value.arrayBuffer())
    const parsed = kind.parse(json, url)
    if (!parsed.ok) return invalid(parsed.failure)
    const freshness = freshnessOf(headers, runtime.now())
    const fetchedAt = runtime.now()
    // Neither errors nor invalid documents come here (draft-02 §5.2): they replace nothing.
    if (freshness === undefined) kept.delete(url)
    else {
      const freshUntil = fetchedAt + freshness.seconds * 1000
      const usableUntil = freshness.mustRevalidate ? freshUntil : freshUntil + MAX_STALE_MS
      const entry = { value: parsed.value, fetchedAt, usableUntil, askAgainAt: freshUntil }
      setBounded(kept, url, entry, MAX_KEPT)
    }
    return parsed
  }

  function fetchOnce(url: string): Promise<Result<T, RemoteDocumentFailure>> {
    const running = underWay.get(url)
    if (running !== undefined) return running
    const domain = domainOf(url)
    const ofDomain = [...underWay.keys()].filter((other) => domainOf(other) === domain)
    if (underWay.size >= MAX_UNDER_WAY || ofDomain.length >= MAX_UNDER_WAY_OF_DOMAIN)
      return Promise.resolve(fail({ reason: 'unavailable', detail: 'too many at once' }))
    const started = fetchOne(url).finally(() => underWay.delete(url))
    underWay.set(url, started)
    return started
  }

  return {
    get: async (url, newerThan = 0) => {
      const entry = kept.get(url)
      const known = entry !== undefined && entry.fetchedAt >= newerThan ? entry : undefined
      if (known !== undefined && runtime.now() < known.askAgainAt) return ok(known.value)
      const fetched = await fetchOnce(url)
      if (fetched.ok || fetched.failure.reason === 'invalid' || known === undefined) return fetched
      if (runtime.now() >= known.usableUntil) return fetched
      known.askAgainAt = runtime.now() + ASK_AGAIN_MS
      return ok(known.value)
    },
  }
}

/** One entry in the DNS answers for any number of hosts below it. */
function domainOf(url: string): string {
  return new URL(url).hostname.split('.').slice(-2).join('.')
}

function describeFailure(
  reason: FetchDocumentFailure['reason'],
): Result<never, RemoteDocumentFailure> {
  switch (reason) {
    case 'body_too_large':
      return invalid('is too large')
    case 'address_not_public':
      return fail({ reason: 'blocked', detail: 'is on a host without a public address' })
    case 'no_answer_in_time':
      return fail({ reason: 'unavailable', detail: 'no answer in time' })
    case 'no_connection':
      return fail({ reason: 'unavailable', detail: 'no connection' })
  }
}

/** Gone is gone; whatever else refuses us may be a guard of the host against data centres. */
function describeStatus(status: number): Result<never, RemoteDocumentFailure> {
  if (status === 404 || status === 410) return invalid('does not exist')
  if (status >= 300 && status < 400) return invalid('is a redirect, which is not followed')
  return fail({ reason: 'unavailable', detail: 'not a 200', status })
}

function invalid(detail: string): Result<never, RemoteDocumentFailure> {
  return fail({ reason: 'invalid', detail })
}

function parseJson(bytes: ArrayBuffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return undefined
  }
}
