import type { Evidence } from '../evidence.ts'
import { observeBy, type Observation } from '../finding.ts'
import { defineRules, type Family } from './rules.ts'

const RULES = defineRules('token', {
  'D19-clock-skew': {
    level: 'warning',
    fix: 'Set the clock of the server (or of this machine): tokens are judged by it.',
    source: 'RFC 7519 §4.1.4',
  },
})

/** D19: clocks. */
export const clock: Family = { rules: RULES, check: checkClock }

const observe = observeBy(RULES)
const MOST_SECONDS = 120

function checkClock({ resource, seenAt }: Evidence): Observation[] {
  if (resource?.post.ok !== true) return []
  const { where, headers } = resource.post.value
  const date = Date.parse(headers.get('date') ?? '')
  const seconds = Math.round(Math.abs(date - seenAt) / 1000)
  if (Number.isNaN(seconds) || seconds <= MOST_SECONDS) return []
  return [observe('D19-clock-skew', { where, message: `The clocks are ${seconds} s apart.` })]
}
