import type { Level } from '../verify/finding.ts'
import type { View } from './view.ts'

/** Where a rule is broken, and how. */
export interface Fault {
  where: string
  message: string
}

export interface Rule {
  code: string
  level: Level
  fix: string
  source: string
  find: (view: View) => Iterable<Fault>
}
