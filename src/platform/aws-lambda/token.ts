import { createRelayTokenEndpoint } from '../../relay/token-endpoint.ts'
import { cognitoEndpoints } from './cognito-endpoints.ts'
import { readEnvironment } from './environment.ts'
import { createHttpHandler, type HttpHandler } from './http-handler.ts'
import { lambdaRuntime, type LambdaRuntime } from './lambda-runtime.ts'

/**
 * `/token` and `/revoke` of relay mode, where the edge cannot send them to the user pool as they are.
 * @throws ConfigError listing every problem of the environment.
 */
export function createTokenHandler(own: Partial<LambdaRuntime> = {}): HttpHandler {
  const runtime = lambdaRuntime(own)
  const environment = readEnvironment(runtime.variables, [
    'mcpUrl',
    'idpClientId',
    'idpDomain',
    'originSecretHashes',
    'publicHost',
  ])
  const { mcpUrl, idpDomain, sharedClientSecret: clientSecret } = environment
  const endpoint = createRelayTokenEndpoint(
    {
      url: mcpUrl,
      // The pool has bound the grant at its authorization endpoint; its token endpoint lists no
      // `resource`, and may refuse one (Cognito developer guide, Token endpoint).
      resourceParameter: 'strip',
      identityProvider: {
        clientId: environment.idpClientId,
        ...(clientSecret === undefined ? {} : { clientSecret }),
        ...cognitoEndpoints(idpDomain),
      },
      ...(clientSecret === undefined ? {} : { dangerouslyShareClientSecret: true }),
    },
    runtime,
  )
  const { originSecretHashes } = environment
  return createHttpHandler(endpoint.fetch, originSecretHashes, runtime)
}
