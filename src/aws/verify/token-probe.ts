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

const ErrorSchema = v.object({ error: v.pipe(v.string(), v.regex(/^[a-z_]{1,40}$/)) })

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
  const parsed = v.safeParse(ErrorSchema, asked.value.json)
  const error = parsed.success ? parsed.output.error : undefined
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
