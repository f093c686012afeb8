import type { Ask } from '../ask.ts'
import { fetchDocument, readDocument, textOf, type Fetched, type JsonObject } from './documents.ts'

export interface IdentityProviderEvidence {
  issuer: string
  configuration: Fetched
  document: JsonObject | undefined
  /** Undefined where the document names none. */
  keys: Fetched | undefined
}

/** OpenID Connect Discovery §4: the issuer, without a slash at its end, and the well-known path. */
export async function probeIdentityProvider(
  ask: Ask,
  issuer: string,
): Promise<IdentityProviderEvidence> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const configuration = await fetchDocument(ask, url)
  const read = readDocument(configuration)
  const document = read.ok ? read.value : undefined
  const jwksUri = document && textOf(document, 'jwks_uri')
  const keys =
    jwksUri !== undefined && URL.canParse(jwksUri) ? await fetchDocument(ask, jwksUri) : undefined
  return { issuer, configuration, document, keys }
}
