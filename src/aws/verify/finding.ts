/** From harmless to harmful; `--level` names the lowest that fails the command. */
export const LEVELS = ['info', 'warning', 'error'] as const
export type Level = (typeof LEVELS)[number]

/** Something about the deployment that somebody should know, and the way out. */
export interface Finding {
  /** Stable: documents and scripts may name it. */
  code: string
  level: Level
  /** Method and address that showed it. */
  where: string
  message: string
  fix: string
  /** The document that the rule comes from. */
  source: string
}

/** What one family of checks found. */
export interface Outcome {
  findings: Finding[]
  positions: Position[]
}

/** An unsettled behaviour of AWS, as this deployment shows it. */
export interface Position {
  row: number
  /** Name of the switch that the twins have for it. */
  switch: string
  /** The switch's position; null where it cannot be told from outside. */
  position: string | null
  evidence: string
  /** What would tell; null where the position is known. */
  wouldTell: string | null
}

export function isAtLeast(level: Level, lowest: Level): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(lowest)
}

/** One finding for all addresses that show the same. */
export function mergeSame(findings: readonly Finding[]): Finding[] {
  const merged = new Map<string, Finding>()
  for (const finding of findings) {
    const first = merged.get(finding.message) ?? finding
    const places = new Set(first.where.split(', ')).add(finding.where)
    merged.set(finding.message, { ...first, where: [...places].join(', ') })
  }
  return [...merged.values()]
}

const SHOWN_LENGTH = 160

/**
 * Text from the deployment, safe to print: no control sequences that a terminal would obey, no
 * direction marks, no endless lines.
 */
export function shown(text: string): string {
  const clean = text.slice(0, SHOWN_LENGTH * 4).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\u{FFFD}')
  return clean.length > SHOWN_LENGTH ? `${clean.slice(0, SHOWN_LENGTH)}…` : clean
}
