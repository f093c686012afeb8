import type { Evidence } from '../evidence.ts'
import { observeBy, shown, type Observation } from '../finding.ts'
import { readOAuthError } from '../oauth-error.ts'
import { presentsDocument } from '../presents-document.ts'
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
  if (metadataDocument?.ok !== true) return []
  // 5xx is no refusal: whatever is broken is so for everybody.
  if (metadataDocument.value.status < 400 || metadataDocument.value.status >= 500) return []
  const { where, status } = metadataDocument.value
  const error = readOAuthError(metadataDocument.value) ?? ''
  const server = discovery?.serverMetadata.used?.document
  return [
    observe('D16-document-refused', {
      where,
      message: `Claude Code’s metadata document as client_id is answered with ${shown(`${status} ${error}`.trim())}.`,
      stops: (client) => presentsDocument(client, server),
    }),
  ]
}
