import type { Config } from '../config/resolve.ts'
import { sha256 } from '../crypto/digest.ts'
import type { Sealer } from '../crypto/seal.ts'
import type { ClientFailure } from '../protocol/failure.ts'
import { isAllowedRedirectUri, type RedirectPolicy } from '../protocol/redirect-uri.ts'
import { fail, ok, type Result } from '../protocol/result.ts'
import type { Client } from './client.ts'
import { isRevoked } from '../config/revocation.ts'
import { MAX_CLIENT_ID_BYTES, RegistrationSchema } from './registration.ts'

/**
 * Who is asking. A client_id is that of a static client, the URL of a Client ID Metadata Document,
 * or a sealed registration. Today's redirect policy and cut-offs apply at every use.
 */
export async function resolveClient(
  clientId: string | undefined,
  context: { config: Config; sealer: Sealer; redirectPolicy: RedirectPolicy },
): Promise<Result<Client, ClientFailure>> {
  if (clientId === undefined) return fail({ reason: 'client_id_missing' })
  if (clientId.length > MAX_CLIENT_ID_BYTES) return fail({ reason: 'client_id_too_large' })
  const known = context.config.staticClients.find((client) => client.clientId === clientId)
  if (known !== undefined) {
    const { secret, name, redirectUris } = known
    return ok({
      name: clientId,
      redirectUris,
      ...(name === undefined ? {} : { displayName: name }),
      authentication: secret === undefined ? { method: 'none' } : { method: 'secret', secret },
    })
  }
  if (clientId.startsWith('https://'))
    return fail({ reason: 'client_metadata_document_unsupported' })
  return openRegistration(clientId, context)
}

async function openRegistration(
  clientId: string,
  context: { config: Config; sealer: Sealer; redirectPolicy: RedirectPolicy },
): Promise<Result<Client, ClientFailure>> {
  const opened = await context.sealer.open('client_id', clientId, RegistrationSchema)
  if (!opened.ok) return fail({ reason: 'client_unknown' })
  const registration = opened.value
  const name = await sha256(clientId)
  if (isRevoked(context.config.revokeBefore, { client: name, issuedAt: registration.issuedAt }))
    return fail({ reason: 'client_revoked' })
  const redirectUris = registration.redirectUris.filter((uri) =>
    isAllowedRedirectUri(uri, context.redirectPolicy),
  )
  if (redirectUris.length === 0) return fail({ reason: 'client_no_longer_allowed' })
  return ok({
    name,
    redirectUris,
    ...(registration.name === undefined ? {} : { displayName: registration.name }),
    authentication: { method: registration.authMethod },
  })
}
