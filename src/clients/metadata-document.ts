import * as v from 'valibot'
import { cleanClientName } from '../protocol/client-name.ts'
import { fail, ok, type Result } from '../protocol/result.ts'
import { ASSERTION_ALGORITHMS, type Jwks, JwksSchema } from './client-keys.ts'
import { parsePublicUrl } from './client-id-url.ts'
import { isPublicAddress, isPublicHostName } from './special-use.ts'

/** What of a Client ID Metadata Document Postern goes by. Redirect URIs are not yet held against a policy. */
export interface MetadataDocument {
  /** Cleaned; what the publisher of the document calls the client. */
  name: string
  redirectUris: readonly string[]
  authentication:
    { method: 'none' } | { method: 'private_key_jwt'; algorithms: readonly string[]; keys: Keys }
}

export type Keys = { jwks: Jwks } | { jwksUri: string }

/** draft-ietf-oauth-client-id-metadata-document-02 §8.7 */
export const MAX_DOCUMENT_BYTES: number = 5 * 1024

const Text = v.nullish(v.string())
const Texts = v.nullish(v.array(v.string()))
const Document = v.looseObject({
  client_id: v.string(),
  client_name: v.string(),
  redirect_uris: v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(32)),
  grant_types: Texts,
  response_types: Texts,
  token_endpoint_auth_method: Text,
  token_endpoint_auth_signing_alg: Text,
  jwks: v.nullish(JwksSchema),
  jwks_uri: Text,
  client_uri: Text,
  logo_uri: Text,
  policy_uri: Text,
  tos_uri: Text,
})

/**
 * Validates a document that was served at `url` (draft-02 §4, RFC 7591 §2). Unknown members and
 * grants are ignored. A failure says what is wrong, to whoever makes the client.
 */
export function parseMetadataDocument(
  json: unknown,
  url: string,
): Result<MetadataDocument, string> {
  const parsed = v.safeParse(Document, json)
  if (!parsed.success) {
    const member = v.getDotPath(parsed.issues[0])?.split('.')[0]
    return fail(member === undefined ? 'is not a JSON object' : `has no valid ${member}`)
  }
  const document = parsed.output
  // Simple string comparison (RFC 3986 §6.2.1): else anybody could name somebody else's client.
  if (document.client_id !== url) return fail('has a client_id other than its URL')
  // Nobody can share a secret in a public document (draft-02 §4.1).
  if ('client_secret' in document || 'client_secret_expires_at' in document)
    return fail('has a client secret, which everybody can read')
  if (!(document.grant_types ?? ['authorization_code']).includes('authorization_code'))
    return fail('has grant_types without authorization_code')
  if (!(document.response_types ?? ['code']).includes('code'))
    return fail('has response_types without code')
  for (const member of ['client_uri', 'logo_uri', 'policy_uri', 'tos_uri'] as const)
    if (!isPublicWebUrl(document[member] ?? undefined))
      return fail(`has a ${member} that is not a public http or https URL`)
  const name = cleanClientName(document.client_name)
  if (name === undefined) return fail('has no valid client_name')
  const authentication = readAuthentication(document)
  if (!authentication.ok) return authentication
  return ok({
    name,
    redirectUris: document.redirect_uris,
    authentication: authentication.value,
  })
}

function readAuthentication(
  document: v.InferOutput<typeof Document>,
): Result<MetadataDocument['authentication'], string> {
  const method = document.token_endpoint_auth_method ?? 'none'
  if (method === 'none') return ok({ method })
  if (method !== 'private_key_jwt')
    return fail('has a token_endpoint_auth_method other than none and private_key_jwt')
  const declared = document.token_endpoint_auth_signing_alg ?? undefined
  const algorithms = ASSERTION_ALGORITHMS.filter(
    (alg) => declared === undefined || alg === declared,
  )
  if (algorithms.length === 0)
    return fail('has a token_endpoint_auth_signing_alg that is not supported')
  const { jwks } = document
  const jwksUri = document.jwks_uri ?? undefined
  // RFC 7591 §2
  if (jwks !== undefined && jwks !== null && jwksUri !== undefined)
    return fail('has both jwks and jwks_uri')
  if (jwksUri !== undefined)
    return parsePublicUrl(jwksUri)?.port === ''
      ? ok({ method, algorithms, keys: { jwksUri } })
      : fail('has a jwks_uri that is not a public https URL')
  return jwks === undefined || jwks === null
    ? fail('has neither jwks nor jwks_uri')
    : ok({ method, algorithms, keys: { jwks } })
}

function isPublicWebUrl(text: string | undefined): boolean {
  if (text === undefined) return true
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return false
  const { hostname } = new URL(text)
  return isPublicHostName(hostname) || isPublicAddress(hostname.replaceAll(/^\[|\]$/g, ''))
}
