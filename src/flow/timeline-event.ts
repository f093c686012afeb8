import * as v from 'valibot'
import { shown } from '../doctor/finding.ts'
import { isFlowId } from '../protocol/flow-id.ts'

/** Whoever may write a line may write anything: nothing of it reaches a terminal or a page raw. */
const Text = v.pipe(v.string(), v.transform(shown))

const Time = v.pipe(
  v.union([v.number(), v.string()]),
  v.transform((time) => (typeof time === 'number' ? time : Date.parse(time))),
  v.safeInteger(),
  v.minValue(0),
  v.maxValue(8.64e15),
)

/** An event of Postern with its time, as far as stories are made of it. */
export interface TimelineEvent {
  /** Milliseconds since the epoch. */
  time: number
  type: string
  flow?: string
  client?: string
  clientName?: string
  clientNameProven?: true
  document?: string
  error?: string
  grant?: string
  jti?: string
  method?: string
  preflight?: true
  reason?: string
  redirectHost?: string
  resource?: string
  scope?: string
  subject?: string
  tool?: string
  calls?: number
  notable?: true
}

const Line: v.GenericSchema<unknown, TimelineEvent> = v.object({
  time: Time,
  type: Text,
  flow: v.exactOptional(v.pipe(v.string(), v.check(isFlowId))),
  client: v.exactOptional(Text),
  clientName: v.exactOptional(Text),
  clientNameProven: v.exactOptional(v.literal(true)),
  document: v.exactOptional(Text),
  error: v.exactOptional(Text),
  grant: v.exactOptional(Text),
  jti: v.exactOptional(Text),
  method: v.exactOptional(Text),
  preflight: v.exactOptional(v.literal(true)),
  reason: v.exactOptional(Text),
  redirectHost: v.exactOptional(Text),
  resource: v.exactOptional(Text),
  scope: v.exactOptional(Text),
  subject: v.exactOptional(Text),
  tool: v.exactOptional(Text),
  calls: v.exactOptional(v.pipe(v.number(), v.safeInteger(), v.minValue(1))),
  notable: v.exactOptional(v.literal(true)),
})

export function toTimelineEvent(line: unknown): TimelineEvent | undefined {
  const parsed = v.safeParse(Line, line)
  return parsed.success ? parsed.output : undefined
}

/** What collectors of logs put a line of ours into. */
const Wrapped = v.union([
  v.pipe(
    v.object({ message: v.string() }),
    v.transform(({ message }) => message),
  ),
  v.pipe(
    v.object({ log: v.string() }),
    v.transform(({ log }) => log),
  ),
])

/**
 * The event in a line of a log, whatever stands before it (`docker compose logs`, CloudWatch) or
 * around it (exports as JSON). Undefined for lines that are not ours.
 */
export function parseLogLine(line: string): TimelineEvent | undefined {
  // Most lines of a large log are not ours, and parsing is what costs.
  if (!line.includes('type')) return undefined
  const json = parseJson(line.slice(line.indexOf('{')))
  const wrapped = v.safeParse(Wrapped, json)
  return toTimelineEvent(wrapped.success ? parseJson(wrapped.output) : json)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
