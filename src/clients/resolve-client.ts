import type { Config } from '../config/resolve.ts'
import { sha256 } from '../crypto/digest.ts'
import type { Sealer } from '../crypto/seal.ts'
import type { ClientFailure } from '../protocol/failure.ts'
import {
  isAllowedRedirectUri,
  validateRedirectUri,
  type RedirectPolicy,
} from '../protocol/redirect-uri.ts'
import { fail, ok, type Result } from '../protocol/result.ts'
import { isRevoked } from '../config/revocation.ts'
import type { Client } from './client.ts'
import type { ClientDocuments } from './client-documents.ts'
import { isAllowedDomain, parseClientIdUrl } from './client-id-url.ts'
import type { Jwks } from './client-keys.ts'
import type { Keys } from './metadata-document.ts'
import { findPinnedDocument } from './pinned-documents.ts'
import { MAX_CLIENT_ID_BYTES, RegistrationSchema } from './registration.ts'

export interface ClientContext {
  config: Config
  sealer: Sealer
  redirectPolicy: RedirectPolicy
  /** Undefined where metadata documents are switched off, or cannot be fetched safely. */
  documents: ClientDocuments | undefined
}

const MAX_NAME_LENGTH = 128

/**
 * Who is asking. A client_id is that of a static client, the URL of a Client ID Metadata Document,
 * the identity provider's own one, or a sealed registration. Today's redirect policy and cut-offs
 * apply at every use.
 */
export async function resolveClient(
  clientId: string | undefined,
  context: ClientContext,
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
  if (clientId.startsWith('https://')) return readMetadataDocument(clientId, context)
  // People copy it into their app from the identity provider's console.
  if (clientId === context.config.identityProvider.clientId)
    return ok({
      name: clientId,
      redirectUris: 'any-allowed',
      authentication: { method: 'none' },
    })
  return openRegistration(clientId, context)
}

async function readMetadataDocument(
  clientId: string,
  { config, documents, redirectPolicy }: ClientContext,
): Promise<Result<Client, ClientFailure>> {
  if (documents === undefined) return fail({ reason: 'client_metadata_document_unsupported' })
  const url = parseClientIdUrl(clientId)
  if (url === undefined) return fail({ reason: 'client_id_url_malformed' })
  const { allowedDomains } = config.metadataDocuments
  if (!isAllowedDomain(url, allowedDomains)) return fail({ reason: 'client_domain_not_allowed' })
  const document = await documents.metadata(clientId)
  if (!document.ok) return document

  const { name, authentication } = document.value
  const redirectUris = document.value.redirectUris.filter(
    (uri) =>
      validateRedirectUri(uri).ok &&
      (isAllowedRedirectUri(uri, redirectPolicy) ||
        // Who listed the domain trusts it with its own addresses (draft-02 §8.1).
        (allowedDomains !== undefined && uri.startsWith(`${url.origin}/`))),
  )
  if (redirectUris.length === 0) return fail({ reason: 'client_no_longer_allowed' })
  const knownClient = findPinnedDocument(clientId)?.client_name
  return ok({
    name: clientId.length <= MAX_NAME_LENGTH ? clientId : await sha256(clientId),
    redirectUris,
    displayName: name,
    publisher: { host: url.host, ...(knownClient === undefined ? {} : { knownClient }) },
    authentication:
      authentication.method === 'none'
        ? authentication
        : {
            method: authentication.method,
            algorithms: authentication.algorithms,
            keys: keysOf(authentication.keys, documents),
          },
  })
}

function keysOf(
  keys: Keys,
  documents: ClientDocuments,
): (newerThan?: number) => Promise<Result<Jwks, ClientFailure>> {
  return 'jwks' in keys
    ? () => Promise.resolve(ok(keys.jwks))
    : (newerThan) => documents.keys(keys.jwksUri, newerThan)
}

async function openRegistration(
  clientId: string,
  context: ClientContext,
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
