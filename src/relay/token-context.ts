import type { RelayTokenConfig } from '../config/relay-token.ts'
import { equalsInConstantTime } from '../crypto/digest.ts'
import { readCredentials } from '../http/client-credentials.ts'
import type { ClientFailure } from '../protocol/failure.ts'
import type { Parameters } from '../protocol/form.ts'
import { fail, ok, type Result } from '../protocol/result.ts'
import type { Runtime } from '../runtime.ts'
import type { IdentityProviderLeg } from './identity-provider-leg.ts'

/** What the two endpoints share that are served where the identity provider can be reached. */
export interface RelayTokenServer {
  config: RelayTokenConfig
  runtime: Runtime
  leg: IdentityProviderLeg
}

/** There is one client. It is public, or everybody was given its secret and must send it. */
export async function checkClient(
  request: Request,
  form: Parameters,
  config: RelayTokenConfig,
): Promise<Result<void, ClientFailure>> {
  const credentials = readCredentials(request.headers.get('authorization'), form)
  if (!credentials.ok) return credentials
  const { clientId, secret } = credentials.value
  if (clientId === undefined) return fail({ reason: 'client_id_missing' })
  if (clientId !== config.clientId) return fail({ reason: 'client_unknown' })
  if (!config.sharesClientSecret)
    return secret === undefined ? ok(undefined) : fail({ reason: 'client_must_not_authenticate' })
  return (await equalsInConstantTime(secret ?? '', config.clientSecret ?? ''))
    ? ok(undefined)
    : fail({ reason: 'client_secret_wrong' })
}
