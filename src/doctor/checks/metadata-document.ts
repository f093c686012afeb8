import type { Evidence } from '../evidence.ts'
import { observeBy, shown, type Observation } from '../finding.ts'
import { readOAuthError } from '../oauth-error.ts'
import { defineRules, type Family } from './rules.ts'

const RULES = defineRules('authorization', {
  'D16-document-refused': {
    level: 'error',
    fix: 'Let the server fetch client documents (some hosts refuse data centres: keep copies of well-known ones), or do not advertise client_id_metadata_document_supported.',
    source: 'draft-ietf-oauth-client-id-metadata-document §4',
  },
})

/** D16: Client ID Metadata Documents, where the server says that it takes them. */
export const metadataDocument: Family = { rules: RULES, check: checkMetadataDocument }

const observe = observeBy(RULES)

function checkMetadataDocument({ metadataDocument, discovery }: Evidence): Observation[] {
  if (metadataDocument?.ok !== true || metadataDocument.value.status < 400) return []
  const { where, status } = metadataDocument.value
  const error = readOAuthError(metadataDocument.value) ?? ''
  const methods = discovery?.serverMetadata.used?.document['token_endpoint_auth_methods_supported']
  // Claude registers dynamically where public clients are not listed.
  const takesPublic = Array.isArray(methods) && methods.includes('none')
  return [
    observe('D16-document-refused', {
      where,
      message: `Claude Code’s metadata document as client_id is answered with ${shown(`${status} ${error}`.trim())}.`,
      stops: (client) => client.clientMetadataDocument !== undefined && takesPublic,
    }),
  ]
}
