import type { Evidence } from '../evidence.ts'
import { observeBy, type Observation } from '../finding.ts'
import { textsOf } from '../probes/documents.ts'
import { defineRules, type Family } from './rules.ts'

const RULES = defineRules('authorization', {
  'D07-no-scope-hint': {
    level: 'info',
    fix: 'Name the scopes in the challenge and in scopes_supported of the protected resource metadata; without them clients guess (openid email profile) or ask for none.',
    source: 'MCP authorization, Scope Selection Strategy',
  },
  'D07-offline-access-of-resource': {
    level: 'warning',
    fix: 'Leave offline_access out of the challenge and of the resource’s scopes: it is the authorization server’s to offer.',
    source: 'SEP-2207',
  },
})

/** D07: which scopes clients are told to ask for. */
export const scopes: Family = { rules: RULES, check: checkScopes }

const observe = observeBy(RULES)

function checkScopes({ discovery }: Evidence): Observation[] {
  if (discovery === undefined) return []
  const { challenge, resourceMetadata, serverMetadata } = discovery
  const document = resourceMetadata.used
  const scopes = document && textsOf(document.document, 'scopes_supported')
  const all = [...(challenge?.scope?.split(' ') ?? []), ...(scopes ?? [])]
  const where = `GET ${document?.url ?? resourceMetadata.atPath.url}`
  if (all.includes('offline_access'))
    return [
      observe('D07-offline-access-of-resource', {
        where,
        message: 'The resource asks for offline_access, which is no scope of a resource.',
      }),
    ]
  const offered = serverMetadata.used?.document['scopes_supported']
  if (document === undefined || all.length > 0 || offered !== undefined) return []
  return [observe('D07-no-scope-hint', { where, message: 'No scopes are named anywhere.' })]
}
