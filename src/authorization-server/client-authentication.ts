import type { Client } from '../clients/client.ts'
import { claimedClientId } from '../clients/client-assertion.ts'
import { resolveClient } from '../clients/resolve-client.ts'
import { equalsInConstantTime } from '../crypto/digest.ts'
import { readCredentials } from '../http/client-credentials.ts'
import type { ClientFailure } from '../protocol/failure.ts'
import type { Parameters } from '../protocol/form.ts'
import { PATHS } from '../protocol/metadata.ts'
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
  const { secret, assertion } = credentials.value
  // RFC 7521 §4.2: client_id may be left to the assertion.
  const clientId =
    credentials.value.clientId ?? (assertion === undefined ? undefined : claimedClientId(assertion))
  const client = await resolveClient(clientId, server)
  if (!client.ok) return client
  const { authentication } = client.value
  switch (authentication.method) {
    case 'none':
      return (secret ?? assertion) === undefined
        ? client
        : fail({ reason: 'client_must_not_authenticate' })
    case 'secret':
      return secret !== undefined && (await equalsInConstantTime(secret, authentication.secret))
        ? client
        : fail({ reason: 'client_secret_wrong' })
    case 'private_key_jwt': {
      if (assertion === undefined || clientId === undefined)
        return fail({ reason: 'client_assertion_missing' })
      const verified = await server.assertions.verify(
        assertion,
        { clientId, authentication },
        audiencesOf(server.config.issuer),
      )
      return verified.ok ? client : verified
    }
  }
}

/** RFC 7523 §3: what identifies us. Clients use the endpoint as well as the issuer. */
function audiencesOf(issuer: string): string[] {
  return [issuer, issuer + PATHS.token, issuer + PATHS.revoke]
}
