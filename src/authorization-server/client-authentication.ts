import type { Client } from '../clients/client.ts'
import { resolveClient } from '../clients/resolve-client.ts'
import { equalsInConstantTime } from '../crypto/digest.ts'
import { readCredentials } from '../http/client-credentials.ts'
import type { ClientFailure } from '../protocol/failure.ts'
import type { Parameters } from '../protocol/form.ts'
import { fail, type Result } from '../protocol/result.ts'
import type { AuthorizationServer } from './context.ts'

/** Identifies the client of a token or revocation request (RFC 6749 §2.3). */
export async function authenticateClient(
  request: Request,
  form: Parameters,
  server: AuthorizationServer,
): Promise<Result<Client, ClientFailure>> {
  const credentials = readCredentials(request.headers.get('authorization'), form)
  if (!credentials.ok) return credentials
  const client = await resolveClient(credentials.value.clientId, server)
  if (!client.ok) return client
  const { secret } = credentials.value
  const { authentication } = client.value
  if (authentication.method === 'none')
    return secret === undefined ? client : fail({ reason: 'client_must_not_authenticate' })
  return secret !== undefined && (await equalsInConstantTime(secret, authentication.secret))
    ? client
    : fail({ reason: 'client_secret_wrong' })
}
