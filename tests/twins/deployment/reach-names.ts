import { fetch, ProxyAgent } from 'undici'
import type { Names } from '../names.ts'

export interface Reach {
  fetch: typeof globalThis.fetch
  close: () => Promise<void>
}

/** A `fetch` of this process that reaches the names of a test, and nothing else. */
export function reachNames({ proxyUrl, caPem }: Pick<Names, 'proxyUrl' | 'caPem'>): Reach {
  const dispatcher = new ProxyAgent({ uri: proxyUrl, requestTls: { ca: caPem } })
  // The package's own classes; Node's are the same standard from another copy.
  const through = fetch as unknown as (input: unknown, init: object) => Promise<Response>
  return {
    fetch: (input, init) => through(input, { ...init, dispatcher }),
    close: () => dispatcher.destroy(),
  }
}
