import type { Asked } from '../ask.ts'
import type { Evidence } from '../evidence.ts'
import { everybody, observeBy, shown, type Observation, type Step } from '../finding.ts'
import type { Fetched } from '../probes/documents.ts'
import { defineRules, type Family } from './rules.ts'

const RULES = defineRules('reach', {
  'D15-special-use-address': {
    level: 'error',
    fix: 'Name public addresses only: no client of a public server may be sent into a private network.',
    source: 'RFC 6890 §2; MCP security best practices, SSRF',
  },
})

/** D15: places that a public server names, and that nobody should be sent to. They were not asked. */
export const specialAddress: Family = { rules: RULES, check: checkSpecialAddress }

const observe = observeBy(RULES)

function checkSpecialAddress(evidence: Evidence): Observation[] {
  return placesNamed(evidence).flatMap(([step, asked]) => {
    if (asked === undefined || asked.ok || asked.failure.reason !== 'special-use address') return []
    const { where } = asked.failure
    const message = `${shown(where)} is in a private or special-use network; it was not asked.`
    return [observe('D15-special-use-address', { where, message, step, stops: everybody })]
  })
}

function placesNamed({
  discovery,
  registration,
  authorization,
  token,
}: Evidence): [step: Step, asked: Asked | undefined][] {
  const { resourceMetadata, serverMetadata } = discovery ?? {}
  const last = (document: Fetched | undefined): Asked | undefined => document?.last
  const end = authorization?.browser.end
  return [
    ['protected resource metadata', last(resourceMetadata?.named)],
    ['protected resource metadata', last(resourceMetadata?.atPath)],
    ['protected resource metadata', last(resourceMetadata?.atRoot)],
    ...(serverMetadata?.places ?? []).map((place): [Step, Asked] => [
      'authorization server metadata',
      place.last,
    ]),
    ['registration', registration?.get('localhost')?.answer],
    ['authorization', end?.kind === 'silent' ? { ok: false, failure: end.silence } : undefined],
    ['token', token?.unknownClientCode],
  ]
}
