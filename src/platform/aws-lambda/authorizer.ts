import type { AuthInfo } from '../../config/options.ts'
import { createResourceServer } from '../../resource-server.ts'
import { parseHttpEvent, type HttpEvent } from './event.ts'
import { invocation } from './invocation.ts'
import { lambdaRuntime, type LambdaRuntime } from './lambda-runtime.ts'
import { takeEdge } from './origin-proof.ts'
import { resourceServerOptions } from './resource-server-options.ts'
import { preflightOf } from './warm-up.ts'

/** A simple response, payload format 2.0. `context` arrives as `requestContext.authorizer.lambda`. */
export interface AuthorizerResult {
  isAuthorized: boolean
  context?: Record<string, string>
}

/**
 * Postern's gate as a Lambda authorizer before a function of any runtime. `isAuthorized: false`
 * becomes 403 (API Gateway, "Control access to HTTP APIs with AWS Lambda authorizers"). A client
 * signs in again only after 401, and the one way to that is an error with exactly this message,
 * which AWS documents for REST APIs only; any other error becomes 500.
 * @throws ConfigError listing every problem of the environment.
 */
export function createAuthorizer(
  own: Partial<LambdaRuntime> = {},
): (event: unknown) => Promise<AuthorizerResult> {
  const runtime = lambdaRuntime(own)
  const { options, originSecretHashes } = resourceServerOptions(runtime.variables)
  const server = createResourceServer(options, runtime)
  void server.admit(preflightOf(options.url))

  async function authorize(event: HttpEvent): Promise<AuthorizerResult> {
    // Here, because the function behind cannot: it knows nothing of CloudFront.
    const edge = takeEdge(event.headers, originSecretHashes)
    if (edge === undefined) {
      runtime.emit({ type: 'gate.refused', reason: 'origin_not_proven', status: 403 })
      return { isAuthorized: false }
    }
    event.headers.set('host', edge.host)
    const admission = await server.admit({
      method: event.method,
      target: event.query === '' ? event.path : `${event.path}?${event.query}`,
      host: edge.host,
      headers: [...event.headers],
    })
    if (admission.admitted) return { isAuthorized: true, context: toContext(admission.authInfo) }
    if (admission.status === 401) throw new Error('Unauthorized')
    return { isAuthorized: false }
  }

  return async (event) => {
    const parsed = parseHttpEvent(event)
    if (parsed === undefined) return { isAuthorized: false }
    return invocation.run({ requestId: parsed.requestId }, () => authorize(parsed))
  }
}

/** Text only, so that it reads alike in every language; values of `groups` as in the gate's header. */
function toContext({ clientId, scopes, extra }: AuthInfo): Record<string, string> {
  return {
    subject: extra.subject,
    idp: extra.issuer,
    client_id: clientId,
    scope: scopes.join(' '),
    ...(extra.email === undefined ? {} : { email: extra.email }),
    ...(extra.groups === undefined
      ? {}
      : { groups: extra.groups.map((group) => encodeURIComponent(group)).join(',') }),
  }
}
