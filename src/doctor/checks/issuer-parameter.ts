import type { Evidence } from '../evidence.ts'
import { observeBy, shown, type Observation } from '../finding.ts'
import { isRedirect, textOf } from '../probes/documents.ts'
import { defineRules, type Family } from './rules.ts'

const RULES = defineRules('authorization', {
  'D17-iss-absent': {
    level: 'error',
    fix: 'Send iss with every authorization response, errors too; or do not advertise it.',
    source: 'RFC 9207 §2.3, §2.4',
  },
  'D17-iss-wrong': {
    level: 'error',
    fix: 'Send your own issuer, byte for byte as in the metadata; never pass on the identity provider’s.',
    source: 'RFC 9207 §2.4',
  },
})

/** D17: `iss` in the authorization response (RFC 9207). */
export const issuerParameter: Family = { rules: RULES, check: checkIssuerParameter }

const observe = observeBy(RULES)

function checkIssuerParameter(evidence: Evidence): Observation[] {
  const response = authorizationResponse(evidence)
  const { advertised, used } = evidence.discovery?.serverMetadata ?? {}
  const document = used?.document
  // An issuer that is at odds with itself is a finding of its own.
  if (response === undefined || document === undefined || document['issuer'] !== advertised)
    return []
  const isAdvertised = document['authorization_response_iss_parameter_supported'] === true
  return judgeIssuerParameter(response, textOf(document, 'issuer'), isAdvertised)
}

export function judgeIssuerParameter(
  { where, query }: { where: string; query: URLSearchParams },
  issuer: string | undefined,
  isAdvertised: boolean,
): Observation[] {
  const iss = query.get('iss')
  const stops = (client: { checksIss: boolean }): boolean => client.checksIss
  if (iss === null)
    return isAdvertised
      ? [
          observe('D17-iss-absent', {
            where,
            message: 'The metadata promise iss, and the response has none.',
            stops,
          }),
        ]
      : []
  if (iss === issuer) return []
  return [
    observe('D17-iss-wrong', {
      where,
      message: `iss is ${shown(iss)}, and the issuer ${shown(issuer ?? 'unknown')}.`,
      stops,
    }),
  ]
}

/** Of a sign-in that needed nobody, or of an error that was provoked. */
function authorizationResponse({
  authorization,
}: Evidence): { where: string; query: URLSearchParams } | undefined {
  if (authorization === undefined) return undefined
  const { browser, errorResponse, request } = authorization
  if (browser.end.kind === 'returned') return browser.end
  if (!errorResponse.ok || !isRedirect(errorResponse.value)) return undefined
  const location = errorResponse.value.headers.get('location') ?? ''
  const query = URL.parse(location)?.searchParams
  if (query === undefined || !location.startsWith(request.redirectUri)) return undefined
  return { where: errorResponse.value.where, query }
}
