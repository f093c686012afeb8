import type { ClientProfile } from './client-profiles.ts'

/** From harmless to harmful; `--level` names the lowest that fails the command. */
export const LEVELS = ['info', 'warning', 'error'] as const
export type Level = (typeof LEVELS)[number]

/** What a client does on its way in, in this order. */
export const STEPS = [
  'reach',
  'challenge',
  'protected resource metadata',
  'authorization server metadata',
  'registration',
  'authorization',
  'token',
  'access',
  'refresh',
] as const
export type Step = (typeof STEPS)[number]

/** Something that keeps somebody out, or will one day, and the way out. */
export interface Finding {
  /** Stable; opens with the number of the catalogue in docs/doctor.md. */
  code: string
  level: Level
  /** Method and address that showed it. */
  where: string
  message: string
  fix: string
  /** The document that the rule comes from. */
  source: string
}

/** A finding, and which clients it stops where. */
export interface Observation extends Finding {
  step: Step
  stops: (client: ClientProfile) => boolean
}

/** What is the same whenever a code is found. */
export interface Rule {
  level: Level
  step: Step
  fix: string
  source: string
}

interface Seen {
  where: string
  message: string
  /** Nobody, if absent. */
  stops?: (client: ClientProfile) => boolean
  /** Where there is a more exact one than the rule's. */
  fix?: string
  step?: Step
}

export type Observe<Code extends string> = (code: Code, seen: Seen) => Observation

/** How the checks of one family turn what they saw into findings. */
export function observeBy<Code extends string>(rules: Readonly<Record<Code, Rule>>): Observe<Code> {
  return (code, { where, message, stops = () => false, fix, step }) => {
    const rule = rules[code]
    return {
      code,
      level: rule.level,
      where: shown(where),
      message,
      fix: fix ?? rule.fix,
      source: rule.source,
      step: step ?? rule.step,
      stops,
    }
  }
}

export const everybody = (): boolean => true

export function isAtLeast(level: Level, lowest: Level): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(lowest)
}

const SHOWN_LENGTH = 200

/**
 * Text from the server, safe to print: no control sequences that a terminal would obey, no
 * direction marks, no endless lines.
 */
export function shown(text: string): string {
  const clean = text.slice(0, SHOWN_LENGTH * 4).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\u{FFFD}')
  return clean.length > SHOWN_LENGTH ? `${clean.slice(0, SHOWN_LENGTH)}…` : clean
}
