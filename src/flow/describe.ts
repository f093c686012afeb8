import type { Style } from '../doctor/describe.ts'
import type { Outcome, Party, Step, Story } from './story.ts'

export const PARTY_NAMES: Readonly<Record<Party, string>> = {
  person: 'person',
  client: 'client',
  postern: 'Postern',
  'identity-provider': 'identity provider',
  'mcp-server': 'MCP server',
}

const COLOURS: Readonly<Record<Outcome, Parameters<Style>[0]>> = {
  'signed-in': 'green',
  'under-way': 'yellow',
  abandoned: 'yellow',
  denied: 'yellow',
  failed: 'red',
}

/** One sign-in's story, for a terminal. */
export function describeStory(story: Story, style: Style): string {
  const { flow, outcome, stopped, reason, code, fix, subject, resource, steps } = story
  const facts: [string, string | undefined][] = [
    ['Client', clientName(story)],
    ['Person', subject],
    ['Server', resource],
    ['Began', new Date(story.startedAt).toISOString()],
    ['Calls', story.calls === 0 ? undefined : `at least ${story.calls}`],
  ]
  const ending: [string, string | undefined][] = [
    ['Stopped', stopped],
    ['Reason', reason],
    ['Doctor', code === undefined ? undefined : `${code} (docs/doctor.md)`],
    ['Fix', outcome === 'signed-in' ? undefined : fix],
  ]
  const guesses = steps.some(({ guessed }) => guessed === true)
  return [
    `${style('bold', `Flow ${flow}`)}  ${style(COLOURS[outcome], outcomeName(outcome))}`,
    table(facts),
    steps.map((step) => describeStep(step, story.startedAt, style)).join('\n'),
    ...(guesses ? [style('dim', '  ~ joined by time and client, not by the flow id')] : []),
    table(ending),
  ]
    .filter((block) => block !== '')
    .join('\n\n')
    .concat('\n')
}

/** Every sign-in in a line: what happened, to whom, when. */
export function describeList(stories: readonly Story[], style: Style): string {
  return stories
    .map((story) => {
      const { flow, outcome, startedAt, stopped, reason } = story
      const end = [stopped, reason].filter((text) => text !== undefined).join(': ')
      const name = style(COLOURS[outcome], outcomeName(outcome).padEnd(9))
      const client = clientName(story) ?? 'unknown client'
      return `${style('bold', flow)}  ${new Date(startedAt).toISOString()}  ${name}  ${client}${end === '' ? '' : `  ${style('dim', end)}`}\n`
    })
    .join('')
}

export function outcomeName(outcome: Outcome): string {
  return outcome.replace('-', ' ')
}

export function clientName({ client }: Story): string | undefined {
  if (client === undefined) return undefined
  if (client.name === undefined) return client.id
  return client.isProven ? client.name : `“${client.name}”, as it calls itself`
}

export function duration(ms: number): string {
  if (ms < 1000) return `${ms} ms`
  const seconds = ms / 1000
  return seconds < 120 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds / 60)} min`
}

function describeStep(
  { time, tookMs, from, to, text, guessed, failure }: Step,
  startedAt: number,
  style: Style,
): string {
  const at = `${time < startedAt ? '-' : '+'}${duration(Math.abs(time - startedAt))}`.padStart(9)
  const line = `${guessed === true ? '~' : ' '} ${at}  ${PARTY_NAMES[from]} → ${PARTY_NAMES[to]}  ${text}`
  const took = tookMs > 0 ? style('dim', `  (after ${duration(tookMs)})`) : ''
  return failure === undefined ? line + took : style('red', `${line}: ${failure.reason}`) + took
}

function table(rows: readonly [string, string | undefined][]): string {
  return rows
    .flatMap(([name, value]) => (value === undefined ? [] : [`  ${name.padEnd(9)}${value}`]))
    .join('\n')
}
