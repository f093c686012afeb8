import type { Change, Fault, Place } from './fault.ts'
import { EXHIBITS } from './exhibits/all.ts'
import type { Exhibit } from './exhibits/exhibit.ts'

export interface Pair {
  name: string
  fault: Fault
  /** The one that a client comes across first. */
  first: Exhibit
}

/** Faults that keep mcp-remote out, at different steps and in different places; the same every time. */
export function drawPairs(count: number, seed: number): Pair[] {
  const random = createRandom(seed)
  const blocking = EXHIBITS.filter(
    ({ keepsOut, login, look, patienceSeconds }) =>
      keepsOut === 'both' &&
      login === undefined &&
      look === undefined &&
      patienceSeconds === undefined,
  )
  const pairs = new Map<string, Pair>()
  while (pairs.size < count) {
    const [one, other] = [random(), random()].map(
      (part) => blocking[Math.floor(part * blocking.length)]!,
    )
    if (one === undefined || other === undefined || one.stage === other.stage) continue
    const [first, second] = one.stage < other.stage ? [one, other] : [other, one]
    const fault = merge(first.fault, second.fault)
    const name = `${first.code} before ${second.code}: ${first.name}; ${second.name}`
    if (fault !== undefined) pairs.set(name, { name, fault, first })
  }
  return [...pairs.values()]
}

/** Undefined where both change the same. */
function merge(one: Fault, other: Fault): Fault | undefined {
  const keys = (fault: Fault): string[] => [
    ...Object.keys(fault).filter((key) => key !== 'answers'),
    ...Object.keys(fault.answers ?? {}),
  ]
  if (keys(one).some((key) => keys(other).includes(key))) return undefined
  const answers: Partial<Record<Place, Change>> = { ...one.answers, ...other.answers }
  return { ...one, ...other, answers }
}

/** Mulberry32. */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
