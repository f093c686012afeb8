import type { RelayOptions } from '../../config/options.ts'
import { cognitoEndpoints } from './cognito-endpoints.ts'
import { pick, readEnvironment, type Variables } from './environment.ts'

/** Relay mode as the variables of its functions have it, with the endpoints of a user pool's domain. */
export function relayOptions(variables: Variables): {
  options: Omit<RelayOptions, 'upstream'>
  originSecretHashes: readonly string[]
} {
  const environment = readEnvironment(variables, [
    'mcpUrl',
    'scopes',
    'access',
    'idpIssuer',
    'idpClientId',
    'idpDomain',
    'redirectUris',
    'jwks',
    'originSecretHashes',
    'publicHost',
  ])
  const { mcpUrl, idpDomain, sharedClientSecret } = environment
  const shared = sharedClientSecret !== undefined
  return {
    options: {
      url: mcpUrl,
      ...pick(environment, [
        'name',
        'scopes',
        'requiredScopes',
        'access',
        'redirectUris',
        'branding',
      ]),
      ...pick(environment, ['resourceParameter', 'tokenPath', 'forwardGroups', 'allowedOrigins']),
      identityProvider: {
        issuer: environment.idpIssuer,
        clientId: environment.idpClientId,
        ...(shared ? { clientSecret: sharedClientSecret } : {}),
        ...cognitoEndpoints(idpDomain),
        jwks: environment.jwks,
      },
      ...(shared ? { dangerouslyShareClientSecret: true } : {}),
    },
    originSecretHashes: environment.originSecretHashes,
  }
}
