import { randomId } from '../crypto/signing.ts'
import type { OAuthError } from '../protocol/oauth-error.ts'
import type { Runtime } from '../runtime.ts'
import { oauthErrorResponse } from './responses.ts'

/** Reports a bug or an outage: the words of the exception stay here, the caller gets a number. */
export function reportFault(error: unknown, runtime: Pick<Runtime, 'random' | 'emit'>): OAuthError {
  const requestId = randomId(runtime.random)
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  runtime.emit({
    type: 'fault',
    requestId,
    message,
    ...(stack === undefined ? {} : { stack }),
  })
  return {
    status: 500,
    error: 'server_error',
    description: `Something went wrong here. Quote ${requestId} to the operator`,
  }
}

export function faultResponse(error: unknown, runtime: Pick<Runtime, 'random' | 'emit'>): Response {
  return oauthErrorResponse(reportFault(error, runtime))
}
