import * as v from 'valibot'
import type { RelayTokenConfig } from '../config/relay-token.ts'
import { createTransport, IdentityProviderUnreachable } from '../identity-provider/transport.ts'
import type { Failure } from '../protocol/failure.ts'
import { fail, ok, type Result } from '../protocol/result.ts'
import type { Runtime } from '../runtime.ts'

/** Presents a form to an endpoint of the identity provider, as its client; yields the JSON of a 2xx. */
export type IdentityProviderLeg = (
  step: 'token' | 'refresh' | 'revocation',
  endpoint: string,
  form: Readonly<Record<string, string>>,
) => Promise<Result<unknown, Failure>>

const REQUESTS_PER_SECOND = 100
const ErrorAnswer = v.object({
  error: v.string(),
  error_description: v.optional(v.string()),
})

export function createIdentityProviderLeg(
  config: Pick<RelayTokenConfig, 'clientId' | 'clientSecret' | 'timeoutSeconds'>,
  runtime: Runtime,
): IdentityProviderLeg {
  const { clientId, clientSecret, timeoutSeconds } = config
  const transport = createTransport(runtime, {
    timeoutSeconds,
    requestsPerSecond: REQUESTS_PER_SECOND,
  })
  const headers = {
    accept: 'application/json',
    ...(clientSecret === undefined ? {} : { authorization: basic(clientId, clientSecret) }),
  }

  return async (step, endpoint, form) => {
    const unavailable = (detail: string, status?: number): Result<never, Failure> => {
      const told = status === undefined ? {} : { status }
      runtime.emit({ type: 'identity-provider.unavailable', step, reason: detail, ...told })
      return fail({ reason: 'idp_unavailable', detail, ...told })
    }
    let response: Response
    try {
      const body = new URLSearchParams({ ...form, client_id: clientId })
      response = await transport(endpoint, { method: 'POST', headers, body })
    } catch (error) {
      if (error instanceof IdentityProviderUnreachable) return unavailable(error.detail)
      throw error
    }
    const { status } = response
    const text = await response.text()
    if (status >= 200 && status < 300) return ok(text === '' ? undefined : parseJson(text))
    if (status === 429 || status < 400 || status >= 500) return unavailable('error answer', status)
    const answer = v.safeParse(ErrorAnswer, parseJson(text))
    if (!answer.success) return unavailable('answer is not OAuth', status)
    const failure = toFailure(answer.output)
    return failure === undefined ? unavailable('refuses our client', status) : fail(failure)
  }
}

/**
 * What an error of the identity provider means to a client. Its own words are never passed on: the
 * description could carry anybody's text. Undefined: our registration there is wrong, which must
 * not look like a dead grant.
 */
function toFailure({ error, error_description: description }: v.InferOutput<typeof ErrorAnswer>) {
  switch (error) {
    case 'invalid_grant':
      return { reason: 'idp_rejected_grant' } as const
    case 'invalid_client':
      return { reason: 'idp_rejected_client' } as const
    case 'invalid_request':
    case 'invalid_scope':
    case 'invalid_target':
      return { reason: 'idp_rejected_request' } as const
    case 'unsupported_token_type':
      return { reason: 'token_type_unsupported' } as const
    // Cognito's word for a redirect_uri that is not the one of the authorization request, where
    // RFC 6749 §5.2 has invalid_grant (developer guide, Token endpoint).
    case 'unauthorized_client':
      return description === 'invalid_redirect'
        ? ({ reason: 'token_redirect_uri_mismatch' } as const)
        : undefined
    default:
      return undefined
  }
}

/** RFC 6749 §2.3.1 */
function basic(clientId: string, clientSecret: string): string {
  return `Basic ${btoa(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`)}`
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
