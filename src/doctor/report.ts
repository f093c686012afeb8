import { CLIENT_PROFILES, type ClientProfile } from './client-profiles.ts'
import {
  isAtLeast,
  LEVELS,
  STEPS,
  type Finding,
  type Level,
  type Observation,
  type Step,
} from './finding.ts'

/** What becomes of one client. */
export interface Verdict {
  client: string
  name: string
  verdict: 'connects' | 'fails'
  /** Where it stops; absent where it connects. */
  step?: Step
  code?: string
  why?: string
  fix?: string
}

export interface Report {
  url: string
  clients: Verdict[]
  /** What blocks first comes first. */
  findings: Finding[]
  /** What a sign-in showed, in sentences without a secret; absent without one. */
  login?: string[]
}

export function buildReport(
  url: string,
  profiles: readonly ClientProfile[],
  observations: readonly Observation[],
): Report {
  const inOrder = mergeSame(observations).filter(concerns(profiles)).toSorted(byOrderOfClients)
  return {
    url,
    clients: profiles.map((profile) => judge(profile, inOrder)),
    findings: inOrder.map(toFinding),
  }
}

/** What stops others only is nothing to those that were asked about. */
function concerns(profiles: readonly ClientProfile[]): (observation: Observation) => boolean {
  return ({ stops }) => profiles.some(stops) || !CLIENT_PROFILES.some(stops)
}

/** Steps in the order in which clients take them; within one, what weighs more. */
function byOrderOfClients(a: Observation, b: Observation): number {
  return (
    STEPS.indexOf(a.step) - STEPS.indexOf(b.step) ||
    LEVELS.indexOf(b.level) - LEVELS.indexOf(a.level)
  )
}

function judge(profile: ClientProfile, observations: readonly Observation[]): Verdict {
  const who = { client: profile.id, name: profile.name }
  const first = observations.find(({ stops }) => stops(profile))
  if (first === undefined) return { ...who, verdict: 'connects' }
  const { step, code, message, fix } = first
  return { ...who, verdict: 'fails', step, code, why: message, fix }
}

/** One finding for all places that show the same. */
function mergeSame(observations: readonly Observation[]): Observation[] {
  const merged = new Map<string, Observation>()
  for (const observation of observations) {
    const key = `${observation.code} ${observation.message}`
    const first = merged.get(key)
    if (first === undefined) merged.set(key, observation)
    else {
      const places = new Set([...first.where.split(', '), observation.where])
      merged.set(key, {
        ...first,
        where: [...places].join(', '),
        stops: (client) => first.stops(client) || observation.stops(client),
      })
    }
  }
  return [...merged.values()]
}

function toFinding({ code, level, where, message, fix, source }: Observation): Finding {
  return { code, level, where, message, fix, source }
}

/** 1 where something is at least as bad as `level`. */
export function exitCode({ findings }: Report, level: Level): 0 | 1 {
  return findings.some((finding) => isAtLeast(finding.level, level)) ? 1 : 0
}
