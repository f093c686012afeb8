import type { Evidence } from '../evidence.ts'
import { everybody, observeBy, type Observation, type Rule } from '../finding.ts'
import { textOf } from '../probes/documents.ts'
import { judgeRefusal } from './authorization.ts'
import { judgeIssuerParameter } from './issuer-parameter.ts'
import { defineRules } from './rules.ts'

const RULES = defineRules('authorization', {
  'D20-sign-in-unfinished': {
    level: 'error',
    fix: 'Try again. Where the browser ends on a page of the identity provider, read what it says.',
    source: 'RFC 6749 §4.1.2',
  },
  'D21-port-busy': {
    level: 'warning',
    fix: 'End the program on that port (another mcp-remote for this URL?), or give mcp-remote a port after the URL.',
    source: 'mcp-remote 0.15.1, callback port',
  },
})

/** D20 and D21: how a person comes back from signing in. */
export const signInRules: Readonly<Record<string, Rule>> = RULES

const observe = observeBy(RULES)

/** The callback that the browser came to; undefined where nobody came in time. */
export function judgeCallback(
  where: string,
  query: URLSearchParams | undefined,
  { discovery }: Evidence,
): Observation[] {
  if (query === undefined)
    return [
      observe('D20-sign-in-unfinished', {
        where,
        message: 'Nobody came back from the sign-in in time.',
        stops: everybody,
      }),
    ]
  const document = discovery?.serverMetadata.used?.document
  const isAdvertised = document?.['authorization_response_iss_parameter_supported'] === true
  const issuer = document && textOf(document, 'issuer')
  const iss = judgeIssuerParameter({ where, query }, issuer, isAdvertised)
  if (iss.length > 0) return iss
  const error = query.get('error')
  if (error === null && query.has('code')) return []
  return [judgeRefusal(where, error ?? 'neither code nor error')]
}

export function judgeBusyPort(redirectUri: string): Observation {
  return observe('D21-port-busy', {
    where: redirectUri,
    message: 'Another program listens on the port that the sign-in comes back to.',
  })
}
