import type { Runtime } from '../runtime.ts'

export type Transport = (
  url: string,
  init: { method: string; headers: Record<string, string>; body?: URLSearchParams | undefined },
) => Promise<Response>

/** Thrown where a call to the identity provider did not happen or did not end in time. */
export class IdentityProviderUnreachable extends Error {
  readonly detail: string

  constructor(detail: string, options?: { cause?: unknown }) {
    super(detail, options)
    this.detail = detail
  }
}

/**
 * A `fetch` for the upstream leg: bounded in time and rate, and following no redirects, so that
 * nobody else is handed our client secret or the person's code.
 */
export function createTransport(
  runtime: Pick<Runtime, 'fetch' | 'now'>,
  limits: { timeoutSeconds: number; requestsPerSecond: number },
): Transport {
  const capacity = limits.requestsPerSecond * 2
  let tokens = capacity
  let filledAt = runtime.now()

  function takeToken(): boolean {
    const now = runtime.now()
    const earned = (Math.max(0, now - filledAt) / 1000) * limits.requestsPerSecond
    tokens = Math.min(capacity, tokens + earned)
    filledAt = now
    if (tokens < 1) return false
    tokens -= 1
    return true
  }

  return async (url, { method, headers, body }) => {
    if (!takeToken()) throw new IdentityProviderUnreachable('own rate limit reached')
    const signal = AbortSignal.timeout(limits.timeoutSeconds * 1000)
    try {
      const response = await runtime.fetch(url, {
        method,
        headers,
        body: body ?? null,
        redirect: 'manual',
        signal,
      })
      // Read here, so that the time limit covers the body as well.
      const answer = await response.arrayBuffer()
      return new Response(answer.byteLength === 0 ? null : answer, {
        status: response.status,
        headers: response.headers,
      })
    } catch (cause) {
      const detail = signal.aborted ? 'no answer in time' : 'no connection'
      throw new IdentityProviderUnreachable(detail, { cause })
    }
  }
}
