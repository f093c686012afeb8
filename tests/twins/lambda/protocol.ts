/** What a function's process and the twin say to each other: one JSON text a line, on fd 3. */
export interface Invocation {
  requestId: string
  event: unknown
  /** Milliseconds since the epoch, by the clock of the test; absent: the host's. */
  now: number | undefined
  timeoutMilliseconds: number
}

export type Report =
  | { kind: 'initialized' }
  | { kind: 'init-error'; error: ErrorPayload }
  | { kind: 'result'; requestId: string; payload: unknown }
  | { kind: 'error'; requestId: string; error: ErrorPayload }

/** Lambda guide, Lambda function errors in Node.js: what the caller of a failed function gets. */
export interface ErrorPayload {
  errorType: string
  errorMessage: string
  trace?: string[]
}
