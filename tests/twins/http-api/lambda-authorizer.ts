import * as v from 'valibot'
import type { Authorizer } from '../../../src/aws/topology.ts'
import type { HttpRequest, HttpResponse } from '../http.ts'
import { TIMED_OUT, within } from '../within.ts'
import { refuse } from './answers.ts'
import { type Arrival, type AuthorizerContext, toAuthorizerEvent } from './event.ts'
import { readIdentitySources } from './identity-sources.ts'
import type { Switches } from '../switches.ts'

interface Verdict {
  allowed: boolean
  context: Record<string, unknown> | null
}

export interface LambdaAuthorizerOptions {
  /** Rejects where the function fails or may not be invoked. */
  invoke: (event: object) => Promise<unknown>
  now: () => number
  unauthorizedError: Switches['apiUnauthorizedError']
}

/** API Gateway guide, Quotas for HTTP APIs. */
const TIMEOUT_MS = 10_000
/** Terraform, aws_apigatewayv2_authorizer: what the API assumes where nothing is set. */
const DEFAULT_TTL_SECONDS = 300

const UNAUTHORIZED = Symbol('Unauthorized')

const contextSchema = v.nullish(v.record(v.string(), v.unknown()), null)
const simpleSchema = v.object({ isAuthorized: v.boolean(), context: contextSchema })
const oneOrMore = v.pipe(
  v.union([v.string(), v.array(v.string())]),
  v.transform((value) => [value].flat()),
)
const policySchema = v.object({
  principalId: v.string(),
  policyDocument: v.object({
    Statement: v.array(
      v.object({ Action: oneOrMore, Effect: v.picklist(['Allow', 'Deny']), Resource: oneOrMore }),
    ),
  }),
  context: contextSchema,
})

/** API Gateway guide, Control access to HTTP APIs with AWS Lambda authorizers; format 2.0. */
export class LambdaAuthorizer {
  readonly #authorizer: Authorizer
  readonly #options: LambdaAuthorizerOptions
  readonly #results = new Map<string, { result: unknown; expires: number }>()

  constructor(authorizer: Authorizer, options: LambdaAuthorizerOptions) {
    if (authorizer.payloadFormat !== '2.0')
      throw new TypeError(`HTTP API twin: authorizer ${authorizer.name} is not of format 2.0`)
    this.#authorizer = authorizer
    this.#options = options
  }

  async authorize(
    request: HttpRequest,
    arrival: Arrival,
    routeArn: string,
  ): Promise<{ context: AuthorizerContext } | { response: HttpResponse }> {
    const { identitySources } = this.#authorizer
    const identity = readIdentitySources(identitySources, request, arrival.routeKey)
    // "API Gateway doesn't invoke your Lambda authorizer, and the client receives a 401 error."
    if (identity === undefined) return { response: refuse(401) }
    const source = identity.length === 0 ? null : identity
    const event = toAuthorizerEvent(request, arrival, routeArn, source)
    const answer = await this.#ask(event, identity)
    if (answer === UNAUTHORIZED) return { response: refuse(401) }
    const verdict = this.#judge(answer, routeArn)
    if (verdict === undefined) return { response: refuse(500) }
    if (!verdict.allowed) return { response: refuse(403) }
    return { context: { lambda: verdict.context } }
  }

  /** Cached under the identity sources, for all routes; an error never is. */
  async #ask(event: object, identity: string[]): Promise<unknown> {
    const key = JSON.stringify(identity)
    const known = this.#results.get(key)
    if (known !== undefined && this.#options.now() < known.expires) return known.result
    const result = await this.#invoke(event)
    const ttl = this.#authorizer.resultTtlSeconds ?? DEFAULT_TTL_SECONDS
    if (ttl > 0 && identity.length > 0 && result !== undefined && result !== UNAUTHORIZED)
      this.#results.set(key, { result, expires: this.#options.now() + ttl * 1000 })
    return result
  }

  async #invoke(event: object): Promise<unknown> {
    try {
      const result = await within(this.#options.invoke(event), TIMEOUT_MS)
      return result === TIMED_OUT ? undefined : result
    } catch (error) {
      const isUnauthorized = error instanceof Error && /\bUnauthorized$/.test(error.message)
      return isUnauthorized && this.#options.unauthorizedError === '401' ? UNAUTHORIZED : undefined
    }
  }

  /** Undefined for a response in an invalid format. */
  #judge(result: unknown, routeArn: string): Verdict | undefined {
    if (this.#authorizer.simpleResponses) {
      const simple = v.safeParse(simpleSchema, result)
      if (!simple.success) return undefined
      return { allowed: simple.output.isAuthorized, context: simple.output.context ?? null }
    }
    const policy = v.safeParse(policySchema, result)
    if (!policy.success) return undefined
    const effects = policy.output.policyDocument.Statement.filter(
      ({ Action, Resource }) =>
        Action.some((action) => ['execute-api:Invoke', 'execute-api:*', '*'].includes(action)) &&
        Resource.some((resource) => covers(resource, routeArn)),
    ).map(({ Effect }) => Effect)
    const allowed = effects.includes('Allow') && !effects.includes('Deny')
    return { allowed, context: policy.output.context ?? null }
  }
}

function covers(pattern: string, arn: string): boolean {
  const source = pattern.replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`).replaceAll('*', '.*')
  return new RegExp(`^${source}$`).test(arn)
}
