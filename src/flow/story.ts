import { diagnose, SILENCES, type Diagnosis } from './diagnosis.ts'
import type { Flow } from './flows.ts'
import type { TimelineEvent } from './timeline-event.ts'

export const PARTIES = ['person', 'client', 'postern', 'identity-provider', 'mcp-server'] as const
export type Party = (typeof PARTIES)[number]

/** One arrow of the sequence diagram. */
export interface Step {
  /** Milliseconds since the epoch. */
  time: number
  /** Since the step before. */
  tookMs: number
  from: Party
  to: Party
  text: string
  /** Joined by time, not by the flow id. */
  guessed?: true
  failure?: { reason: string } & Diagnosis
}

export type Outcome = 'signed-in' | 'under-way' | 'abandoned' | 'denied' | 'failed'

export interface Story {
  flow: string
  outcome: Outcome
  /** Where it stopped, in words. */
  stopped?: string
  reason?: string
  /** Of docs/doctor.md. */
  code?: string
  fix?: string
  client?: { id: string; name?: string; isProven: boolean }
  subject?: string
  resource?: string
  startedAt: number
  tookMs: number
  calls: number
  steps: Step[]
}

/** A sign-in has 15 minutes for each of its waits, its code one. */
const PATIENCE_MS = 15 * 60 * 1000
const CODE_MS = 60 * 1000

/** What happened, told from what was logged. The one rule for `postern flow` and the page of `dev`. */
export function tellStory(flow: Flow, before: readonly TimelineEvent[], now: number): Story {
  const events = flow.events.toSorted((a, b) => a.time - b.time)
  const earlier = before.toSorted((a, b) => a.time - b.time)
  const steps = toSteps([
    ...earlier.map((event) => ({ event, guessed: event.type !== 'client.registered' })),
    ...events.map((event) => ({ event, guessed: isGuess(event, flow) })),
  ])
  const named = events.findLast(({ clientName }) => clientName !== undefined)
  const client = events.find((event) => event.client !== undefined)?.client
  const resource = events.find((event) => event.resource !== undefined)?.resource
  const subject = events.find((event) => event.subject !== undefined)?.subject
  const startedAt = events[0]?.time ?? now
  return {
    flow: flow.id,
    ...conclude(events, now),
    ...(client === undefined
      ? {}
      : {
          client: {
            id: client,
            ...(named?.clientName === undefined ? {} : { name: named.clientName }),
            isProven: named?.clientNameProven === true,
          },
        }),
    ...(subject === undefined ? {} : { subject }),
    ...(resource === undefined ? {} : { resource }),
    startedAt,
    tookMs: (events.at(-1)?.time ?? startedAt) - startedAt,
    calls: flow.calls,
    steps,
  }
}

function isGuess(event: TimelineEvent, flow: Flow): boolean {
  return flow.isGuessed && event.type === 'gate.admitted' && event.flow === undefined
}

type Conclusion = Pick<Story, 'outcome' | 'stopped' | 'reason' | 'code' | 'fix'>

function conclude(events: readonly TimelineEvent[], now: number): Conclusion {
  const isSignedIn = events.some(({ type }) => SUCCESSES.has(type))
  // Whoever knows a flow id can come back to the callback with it: that undoes nothing.
  const isBack = events.some(({ type }) => type === 'callback.received')
  const last = events.findLast((event) =>
    isSignedIn
      ? SUCCESSES.has(event.type) || isLaterFailure(event)
      : !ASIDES.has(event.type) && !(isBack && event.reason === 'transaction_missing'),
  )
  if (last === undefined) return { outcome: 'under-way' }
  const reason = failureOf(last)
  if (reason !== undefined) {
    const { code, fix } = diagnose(reason)
    return {
      outcome: 'failed',
      stopped: STOPPED[last.type] ?? last.type,
      reason,
      ...(code === undefined ? {} : { code }),
      fix,
    }
  }
  if (last.type === 'consent.denied')
    return {
      outcome: 'denied',
      stopped: 'the person declined',
      reason: 'consent_denied',
      fix: diagnose('consent_denied').fix,
    }
  return isSignedIn ? { outcome: 'signed-in' } : concludeSilence(last, now)
}

const SUCCESSES: ReadonlySet<string> = new Set([
  'token.issued',
  'relay.tokens-passed-on',
  'gate.admitted',
])
const ASIDES: ReadonlySet<string> = new Set(['token.without-refresh', 'token.revoked'])

function isLaterFailure({ type, grant }: TimelineEvent): boolean {
  return (
    type === 'gate.refused' ||
    type === 'upstream.failed' ||
    (type === 'token.refused' && grant === 'refresh_token')
  )
}

const STOPPED: Readonly<Record<string, string>> = {
  'authorize.refused': 'the authorization request was refused',
  'consent.refused': 'the consent form was refused',
  'callback.refused': 'the way back from the identity provider was refused',
  'token.refused': 'the token request was refused',
  'gate.refused': 'the call was refused at the gate',
  'upstream.failed': 'the MCP server did not answer',
}

function concludeSilence({ type, time, preflight }: TimelineEvent, now: number): Conclusion {
  const wait = (patience: number, stopped: string, diagnosis: Diagnosis): Conclusion => ({
    outcome: now - time > patience ? 'abandoned' : 'under-way',
    stopped,
    ...diagnosis,
  })
  switch (type) {
    case 'authorize.shown':
      return preflight === true
        ? wait(PATIENCE_MS, 'the client looked, and opened no browser', SILENCES.consent)
        : wait(PATIENCE_MS, 'consent was shown, nobody answered', SILENCES.consent)
    case 'consent.given':
      return wait(
        PATIENCE_MS,
        'sent to the identity provider, never came back',
        SILENCES['identity-provider'],
      )
    default:
      return wait(CODE_MS, 'the client was given its code, and never redeemed it', SILENCES.code)
  }
}

function failureOf({ type, reason }: TimelineEvent): string | undefined {
  return type.endsWith('.refused') || type === 'upstream.failed' ? reason : undefined
}

function toSteps(told: readonly { event: TimelineEvent; guessed: boolean }[]): Step[] {
  let previous: number | undefined
  return told.flatMap(({ event, guessed }) => {
    const arrow = toArrow(event)
    if (arrow === undefined) return []
    const tookMs = event.time - (previous ?? event.time)
    previous = event.time
    const reason = event.reason === 'token_absent' ? undefined : failureOf(event)
    return [
      {
        time: event.time,
        tookMs,
        ...arrow,
        ...(guessed ? { guessed: true as const } : {}),
        ...(reason === undefined ? {} : { failure: { reason, ...diagnose(reason) } }),
      },
    ]
  })
}

type Arrow = Pick<Step, 'from' | 'to' | 'text'>

/** Who did what to whom. Undefined for what is no step of a sign-in. */
function toArrow(event: TimelineEvent): Arrow | undefined {
  const arrow = (from: Party, to: Party, text: string): Arrow => ({ from, to, text })
  switch (event.type) {
    case 'metadata.served':
      return arrow('client', 'postern', `reads the metadata of the ${documentName(event)}`)
    case 'client.registered':
      return arrow('client', 'postern', `registers${quoted(' as', event.clientName)}`)
    case 'authorize.shown':
      return event.preflight === true
        ? arrow('client', 'postern', 'looks at the authorization endpoint')
        : arrow('postern', 'person', 'shows the consent page')
    case 'authorize.refused':
      return arrow('postern', 'client', 'refuses the authorization request')
    case 'consent.given':
      return arrow('person', 'identity-provider', 'continues, and signs in')
    case 'consent.denied':
      return arrow('person', 'postern', 'declines')
    case 'consent.refused':
      return arrow('person', 'postern', 'answers, and is refused')
    case 'callback.received':
      return arrow('identity-provider', 'postern', 'sends the person back with a code')
    case 'callback.refused':
      return arrow(
        'identity-provider',
        'postern',
        event.error === undefined
          ? 'sends the person back, which is refused'
          : `sends the person back with the error ${event.error}`,
      )
    case 'token.issued':
      return event.grant === 'refresh_token'
        ? arrow('client', 'postern', 'refreshes its token')
        : arrow('client', 'postern', `redeems its code${quoted(' for', event.scope)}`)
    case 'token.refused':
      return arrow('client', 'postern', 'asks for a token, and is refused')
    case 'token.without-refresh':
      return arrow('postern', 'client', `gives no refresh token: ${event.reason ?? ''}`)
    case 'token.revoked':
      return arrow('client', 'postern', 'revokes its token')
    case 'relay.tokens-passed-on':
      return arrow('client', 'identity-provider', 'asks for tokens, by way of Postern')
    case 'gate.admitted':
      return arrow('client', 'mcp-server', describeCall(event))
    case 'gate.refused':
      return event.reason === 'token_absent'
        ? arrow('client', 'postern', 'calls without a token, and is told where to sign in')
        : arrow('client', 'postern', 'calls, and is refused')
    case 'upstream.failed':
      return arrow('postern', 'mcp-server', 'passes the call on, and gets no answer')
    default:
      return undefined
  }
}

function documentName({ document }: TimelineEvent): string {
  return document === 'protected-resource' ? 'protected resource' : 'authorization server'
}

function describeCall({ calls = 1, method, tool }: TimelineEvent): string {
  const what = method === undefined ? '' : `: ${method}${tool === undefined ? '' : ` ${tool}`}`
  if (calls === 1) return `first call${what}`
  return method === 'tools/call' ? `call ${calls}${what}` : `${calls} calls`
}

function quoted(before: string, text: string | undefined): string {
  return text === undefined ? '' : `${before} ${text}`
}
