import * as v from 'valibot'
import type { Deployment } from './deployment.ts'
import type { Answer } from './outside.ts'

/** How a token endpoint refused a code that nobody was given. */
export interface Refusal {
  /** RFC 6749 §5.2 `error`; undefined where the answer was none. */
  error: string | undefined
  answer: Answer | undefined
  /** In one line, for people. */
  summary: string
}

/** RFC 6749 §5.2, RFC 8707 §2, and what Postern says in an outage. */
const ERRORS = [
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'invalid_target',
  'access_denied',
  'temporarily_unavailable',
  'server_error',
] as const
const ErrorSchema = v.object({ error: v.picklist(ERRORS) })

/** The error of a token endpoint's answer; undefined where it is none. */
export function readTokenError({ json }: Answer): string | undefined {
  const parsed = v.safeParse(ErrorSchema, json)
  return parsed.success ? parsed.output.error : undefined
}

/**
 * Redeems a made-up code: harmless, and the error says how far the request came. `invalid_client`
 * comes before the code is looked at, `invalid_grant` after.
 */
export async function redeemNothing(
  deployment: Deployment,
  endpoint: string,
  client: { clientId: string; redirectUri: string },
  changes: { headers?: Record<string, string>; parameters?: Record<string, string> } = {},
): Promise<Refusal> {
  const asked = await deployment.ask(endpoint, {
    method: 'POST',
    headers: {
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
      ...changes.headers,
    },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code: deployment.randomText(),
      client_id: client.clientId,
      redirect_uri: client.redirectUri,
      code_verifier: deployment.randomText(),
      ...changes.parameters,
    }).toString(),
  })
  if (!asked.ok) return { error: undefined, answer: undefined, summary: asked.failure }
  const error = readTokenError(asked.value)
  return {
    error,
    answer: asked.value,
    summary: `${asked.value.status} ${error ?? 'without an OAuth error'}`,
  }
}

/** API Gateway marks every answer of an HTTP API; CloudFront and Cognito do not. */
export function cameThroughApi(answer: Answer): boolean {
  return answer.headers.has('apigw-requestid')
}
