import type { Distribution } from '../../../src/aws/topology.ts'
import { headerValues, type HttpResponse } from '../http.ts'
import type { CachePolicy } from './policies.ts'

/** CloudFront guide, How CloudFront processes HTTP 4xx and 5xx status codes: always cached. */
const CACHED_ERRORS: readonly number[] = [404, 414, 500, 501, 502, 503, 504]
/** Same page: cached where the origin sends `max-age` or `s-maxage`. */
const CACHED_ERRORS_WITH_MAX_AGE: readonly number[] = [400, 403, 405, 412, 415]
/** CloudFront guide, Control how long CloudFront caches errors. */
const ERROR_CACHING_SECONDS = 10

export class ResponseCache {
  readonly #entries = new Map<string, { response: HttpResponse; expires: number }>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  get(key: string): HttpResponse | undefined {
    const entry = this.#entries.get(key)
    return entry !== undefined && this.#now() < entry.expires ? entry.response : undefined
  }

  put(key: string, response: HttpResponse, seconds: number): void {
    if (seconds > 0) this.#entries.set(key, { response, expires: this.#now() + seconds * 1000 })
  }
}

/** How long a response to GET or HEAD is kept. */
export function cachingSeconds(
  response: HttpResponse,
  policy: CachePolicy,
  distribution: Distribution,
): number {
  const directives = headerValues(response.headers, 'cache-control').join(',').toLowerCase()
  const age =
    /(?:^|[\s,])s-maxage=(\d+)/.exec(directives) ?? /(?:^|[\s,])max-age=(\d+)/.exec(directives)
  const maxAge = age === null ? undefined : Number(age[1])
  const bounded = Math.min(maxAge ?? 0, policy.maximumSeconds)
  if (response.status >= 400) {
    const isCached =
      CACHED_ERRORS.includes(response.status) ||
      (CACHED_ERRORS_WITH_MAX_AGE.includes(response.status) && maxAge !== undefined)
    if (!isCached) return 0
    // Other directives, `no-store` among them, do not count for errors.
    const settings = distribution.errorResponses.find(({ status }) => status === response.status)
    return Math.max(settings?.cachingSeconds ?? ERROR_CACHING_SECONDS, bounded)
  }
  // CloudFront guide, Manage how long content stays in the cache.
  if (/no-cache|no-store|private/.test(directives)) return policy.minimumSeconds
  const wanted = maxAge ?? policy.defaultSeconds
  return Math.min(Math.max(wanted, policy.minimumSeconds), policy.maximumSeconds)
}
