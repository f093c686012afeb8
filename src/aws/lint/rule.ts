import type { View } from './view.ts'

export const LEVELS = ['info', 'warning', 'error'] as const
export type Level = (typeof LEVELS)[number]

/** One fault of a topology, as data: text for people is made of it by the command line. */
export interface Finding {
  code: string
  level: Level
  /** The resource, and what of it: `distribution edge, behaviour /token`. */
  where: string
  message: string
  fix: string
  /** The page of AWS's documentation, the RFC, or the observation that the rule comes from. */
  source: string
}

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
