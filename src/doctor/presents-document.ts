import type { ClientProfile } from './client-profiles.ts'
import { textsOf, type JsonObject } from './probes/documents.ts'

/** Whether a client comes with its Client ID Metadata Document, and so does not register. */
export function presentsDocument(client: ClientProfile, server: JsonObject | undefined): boolean {
  if (client.clientMetadataDocument === undefined) return false
  if (server?.['client_id_metadata_document_supported'] !== true) return false
  const methods = textsOf(server, 'token_endpoint_auth_methods_supported')
  return !client.wantsNoneListed || methods?.includes('none') === true
}
