import type { Topology } from '../topology.ts'
import { accessLogRules } from './access-logs.ts'
import { answerRules } from './answers.ts'
import { callbackRules } from './callbacks.ts'
import { challengeRules } from './challenge.ts'
import { clientRules } from './client.ts'
import { environmentRules } from './environment.ts'
import { functionRules } from './functions.ts'
import { guardRules } from './guards.ts'
import { invocationRules } from './invocation.ts'
import { keyWatchRules } from './key-watch.ts'
import { networkRules } from './network.ts'
import { originRules } from './origins.ts'
import { referenceRules } from './references.ts'
import { type Finding, LEVELS } from '../verify/finding.ts'
import type { Rule } from './rule.ts'
import { tokenPathRules } from './token-path.ts'
import { userPoolRules } from './user-pool.ts'
import { viewOf } from './view.ts'
import { wafRules } from './waf.ts'

export const RULES: readonly Rule[] = [
  ...referenceRules,
  ...originRules,
  ...answerRules,
  ...challengeRules,
  ...guardRules,
  ...tokenPathRules,
  ...invocationRules,
  ...environmentRules,
  ...functionRules,
  ...networkRules,
  ...userPoolRules,
  ...clientRules,
  ...callbackRules,
  ...wafRules,
  ...accessLogRules,
  ...keyWatchRules,
]

/**
 * Every fault of a topology, the gravest first. `mcpRemoteArguments` are what people type after the
 * URL.
 */
export function lint(topology: Topology, mcpRemoteArguments: readonly string[] = []): Finding[] {
  const view = viewOf(topology, mcpRemoteArguments)
  const findings = RULES.flatMap(({ code, level, fix, source, find }) =>
    [...find(view)].map(({ where, message }): Finding => {
      return { code, level, where, message, fix, source }
    }),
  )
  return findings.toSorted((one, other) => LEVELS.indexOf(other.level) - LEVELS.indexOf(one.level))
}
