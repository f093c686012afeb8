import type { Evidence } from '../evidence.ts'
import type { Observation, Rule, Step } from '../finding.ts'

/** One subject: its codes, and what tells them apart in the evidence. */
export interface Family {
  rules: Readonly<Record<string, Rule>>
  check: (evidence: Evidence) => Observation[]
}

type RuleText = Omit<Rule, 'step'> & Partial<Pick<Rule, 'step'>>

/** The codes of one family; `step` is where clients stop, unless a rule says otherwise. */
export function defineRules<Code extends string>(
  step: Step,
  rules: Readonly<Record<Code, RuleText>>,
): Readonly<Record<Code, Rule>> {
  const complete = Object.entries<RuleText>(rules).map(([code, rule]) => [code, { step, ...rule }])
  return Object.fromEntries(complete) as Record<Code, Rule>
}
