import type { ResourceServerOptions } from '../../config/options.ts'
import { pick, readEnvironment, type Variables } from './environment.ts'

/** The gate of broker mode as the variables of its functions have it. */
export function resourceServerOptions(variables: Variables): {
  options: Omit<ResourceServerOptions, 'upstream'>
  originSecretHashes: readonly string[]
} {
  const environment = readEnvironment(variables, [
    'mcpUrl',
    'scopes',
    'jwks',
    'originSecretHashes',
    'publicHost',
  ])
  return {
    options: {
      url: environment.mcpUrl,
      jwks: environment.jwks,
      ...pick(environment, ['name', 'scopes', 'requiredScopes', 'allowedOrigins', 'branding']),
    },
    originSecretHashes: environment.originSecretHashes,
  }
}
