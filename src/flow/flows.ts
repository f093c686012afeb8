import { setBounded } from '../bounded-map.ts'
import type { TimelineEvent } from './timeline-event.ts'

/** All that is known of one sign-in. */
export interface Flow {
  id: string
  /** In the order in which they came; those of several replicas need not be in that of time. */
  events: TimelineEvent[]
  /** Calls that were let through. */
  calls: number
  /** Events beyond what is kept. */
  dropped: number
  /** The first call was joined by client, resource and time alone: relay mode knows no better. */
  isGuessed: boolean
}

export interface Flows {
  /** The flow that the event belongs to, if any. */
  add: (event: TimelineEvent) => Flow | undefined
  get: (id: string) => Flow | undefined
  all: () => Flow[]
  /** What came before: challenge, metadata, registration. Found by client, resource and time. */
  before: (flow: Flow) => TimelineEvent[]
  /** How many were dropped for room. */
  forgotten: () => number
}

const MAX_EVENTS = 100
const MAX_REMEMBERED = 10_000
const DISCOVERY_MS = 2 * 60 * 1000
const SIGN_IN_MS = 15 * 60 * 1000

/**
 * Gathers events into flows, in bounded memory however many there are.
 * @param only The one flow that matters.
 */
export function createFlows({ max, only }: { max: number; only?: string }): Flows {
  const flows = new Map<string, Flow>()
  const registrations = new Map<string, TimelineEvent>()
  const flowOfToken = new Map<string, string>()
  /** Relay mode: sent to the identity provider, whose answer does not pass here. */
  const waiting = new Map<string, TimelineEvent>()
  const discoveries: TimelineEvent[] = []
  let forgotten = 0

  function add(event: TimelineEvent): Flow | undefined {
    if (event.type === 'client.registered' && event.client !== undefined)
      setBounded(registrations, event.client, event, MAX_REMEMBERED)
    if (isDiscovery(event)) {
      discoveries.push(event)
      if (discoveries.length > MAX_REMEMBERED) discoveries.splice(0, MAX_REMEMBERED / 2)
    }
    const guessed = event.flow === undefined ? guess(event) : undefined
    const id = event.flow ?? flowOfToken.get(event.jti ?? '') ?? guessed
    if (id === undefined) return undefined
    remember(event, id)
    if (only !== undefined && id !== only) return undefined
    const flow = flows.get(id) ?? { id, events: [], calls: 0, dropped: 0, isGuessed: false }
    if (!flows.has(id)) {
      if (flows.size >= max) forgotten += 1
      setBounded(flows, id, flow, max)
    }
    if (guessed !== undefined) flow.isGuessed = true
    if (event.type === 'gate.admitted') {
      flow.calls = Math.max(flow.calls + 1, event.calls ?? 1)
      if (event.notable !== true) return flow
    }
    if (flow.events.length < MAX_EVENTS) flow.events.push(event)
    else {
      // The end of a story matters more than its middle.
      flow.events[MAX_EVENTS - 1] = event
      flow.dropped += 1
    }
    return flow
  }

  function remember(event: TimelineEvent, id: string): void {
    if (event.type === 'consent.given') setBounded(waiting, id, event, MAX_REMEMBERED)
    if (event.type === 'callback.received' || event.type === 'gate.admitted') waiting.delete(id)
    if (event.jti !== undefined && event.jti !== '')
      setBounded(flowOfToken, event.jti, id, MAX_REMEMBERED)
  }

  /** A new token that nobody's sign-in accounts for, while exactly one is waiting for one. */
  function guess({ type, calls, jti, time, client, resource }: TimelineEvent): string | undefined {
    if (type !== 'gate.admitted' || calls !== 1 || flowOfToken.has(jti ?? '')) return undefined
    const candidates = [...waiting].filter(
      ([, given]) =>
        given.client === client &&
        given.resource === resource &&
        given.time <= time &&
        time - given.time <= SIGN_IN_MS,
    )
    return candidates.length === 1 ? candidates[0]?.[0] : undefined
  }

  function before(flow: Flow): TimelineEvent[] {
    const first = flow.events.find(({ type }) => type.startsWith('authorize.'))
    if (first === undefined) return []
    const found = discoveries.filter(
      ({ time, resource }) =>
        time <= first.time &&
        first.time - time <= DISCOVERY_MS &&
        (first.resource === undefined || resource === first.resource),
    )
    // The last of each kind: earlier ones are as likely somebody else's.
    const lastOf = new Map(found.map((event) => [event.document ?? event.type, event]))
    const registered = registrations.get(first.client ?? '')
    const isRecent = registered !== undefined && first.time - registered.time <= DISCOVERY_MS
    return [...lastOf.values(), ...(isRecent ? [registered] : [])]
  }

  return {
    add,
    before,
    get: (id) => flows.get(id),
    all: () => [...flows.values()],
    forgotten: () => forgotten,
  }
}

function isDiscovery({ type, reason }: TimelineEvent): boolean {
  return type === 'metadata.served' || (type === 'gate.refused' && reason === 'token_absent')
}
