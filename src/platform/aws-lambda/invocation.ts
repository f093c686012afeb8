import { AsyncLocalStorage } from 'node:async_hooks'

/** What belongs to one invocation, for log lines and for whoever asks where a request came from. */
export interface Invocation {
  /** API Gateway's, as `$context.requestId` in its access log. */
  requestId: string
  clientAddress?: string
}

export const invocation: AsyncLocalStorage<Invocation> = new AsyncLocalStorage<Invocation>()
