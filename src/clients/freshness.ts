const MINUTE = 60
const DEFAULT_SECONDS = 5 * MINUTE
const MIN_SECONDS = MINUTE
const MAX_SECONDS = 24 * 60 * MINUTE

export interface Freshness {
  /** For which an answer may be used again (RFC 9111 §4.2), within bounds of our own. */
  seconds: number
  /** Not a moment longer, even while its host is out of reach (RFC 9111 §5.2.2.2). */
  mustRevalidate: boolean
}

/**
 * How long an answer may be kept; undefined: not at all. Postern asks for itself only, so `private`
 * and `s-maxage`, which are about shared caches, say nothing to it.
 */
export function freshnessOf(headers: Headers, now: number): Freshness | undefined {
  const cacheControl = headers.get('cache-control')?.toLowerCase() ?? ''
  if (/(?:^|[\s,])no-(?:store|cache)(?:$|[\s,=])/.test(cacheControl)) return undefined
  const maxAge = /(?:^|[\s,])max-age="?(\d{1,10})/.exec(cacheControl)?.[1]
  const age = Number(/^\d{1,10}$/.exec(headers.get('age') ?? '')?.[0] ?? 0)
  const expires = headers.get('expires')
  let seconds = DEFAULT_SECONDS
  if (maxAge !== undefined) seconds = Number(maxAge) - age
  // RFC 9111 §5.3: a date that cannot be read is in the past.
  else if (expires !== null) seconds = (Date.parse(expires) - now) / 1000 || 0
  return {
    seconds: Math.min(Math.max(seconds, MIN_SECONDS), MAX_SECONDS),
    mustRevalidate: /(?:^|[\s,])must-revalidate(?:$|[\s,=])/.test(cacheControl),
  }
}
