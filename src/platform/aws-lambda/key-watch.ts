import { createAwsCall } from './aws-api.ts'
import { readEnvironment, type Environment } from './environment.ts'
import type { KeysRuntime } from './keys.ts'
import {
  derivePublicKeys,
  fetchPublicKeys,
  hasSameKeys,
  KeysUnavailable,
  type PublicKeys,
} from './public-keys.ts'
import { readSecret } from './secret.ts'

const NEEDED = ['mode', 'mcpUrl', 'jwks', 'redeployCommand'] as const

/**
 * Compares the keys that the gates were given with those that sign now. What it throws counts in
 * Lambda's metric `Errors`, and so raises the alarm.
 */
export function createKeyWatch(runtime: Omit<KeysRuntime, 'random'>): () => Promise<void> {
  const { variables, fetch } = runtime
  if (variables['POSTERN_MODE'] === 'relay') {
    const environment = readEnvironment(variables, [...NEEDED, 'jwksUri'])
    return async () => compare(environment, await fetchPublicKeys(environment.jwksUri, fetch))
  }
  const environment = readEnvironment(variables, [...NEEDED, 'secretArn'])
  const issuer = new URL(environment.mcpUrl).origin
  return async () => {
    const stored = await readSecret(createAwsCall(runtime), environment.secretArn)
    if (stored === undefined) throw new KeysUnavailable('the secret has no value')
    compare(environment, await derivePublicKeys(stored.value.entries, issuer, runtime.now()))
  }
}

function compare(
  { jwks, redeployCommand }: Pick<Environment, 'jwks' | 'redeployCommand'>,
  live: PublicKeys,
): void {
  if (!hasSameKeys(jwks, live))
    throw new Error(`The gates hold other keys than those that sign now. Run: ${redeployCommand}`)
}
