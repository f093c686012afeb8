import { styleText } from 'node:util'
import type { Style } from '../doctor/describe.ts'
import { describeList, describeStory } from '../flow/describe.ts'
import { createFlows } from '../flow/flows.ts'
import { tellStory, type Outcome } from '../flow/story.ts'
import { parseLogLine } from '../flow/timeline-event.ts'
import { isFlowId } from '../protocol/flow-id.ts'
import { readLines } from './flow-lines.ts'
import { parseWords } from './parse-words.ts'
import { UsageError } from './usage-error.ts'

export const usage: string = `Usage: postern flow [<id>] [--json] < logs

Tells one sign-in's story from Postern's log lines: who, which client, where it
stopped, why, and what to do. Without an id, lists the sign-ins of the log.
People see their flow id on every page. docs/flow.md says more.

  --json         the story, or the stories one a line, as JSON

Lines that are not Postern's are skipped; what \`docker compose logs\` and
CloudWatch put before or around a line is taken off.

Exit codes: 0 signed in, or still under way (without an id: there are sign-ins),
1 it stopped, 2 wrong usage, 3 nothing found.
`

const MAX_FLOWS = 5_000
const STOPPED: ReadonlySet<Outcome> = new Set(['abandoned', 'denied', 'failed'])

const STYLE: Style = (format, text) =>
  styleText(format, text, { stream: process.stdout, validateStream: true })

export async function run(args: string[]): Promise<void> {
  const { id, json } = parse(args)
  if (process.stdin.isTTY)
    throw new UsageError('feed the log on standard input: postern flow < log')
  const flows = createFlows({ max: MAX_FLOWS, ...(id === undefined ? {} : { only: id }) })
  await readLines(process.stdin, (line) => {
    const event = parseLogLine(line)
    if (event !== undefined) flows.add(event)
  })
  const now = Date.now()
  const stories = flows
    .all()
    .map((flow) => tellStory(flow, id === undefined ? [] : flows.before(flow), now))
    .toSorted((a, b) => a.startedAt - b.startedAt)
  const [first] = stories
  if (first === undefined) {
    process.stderr.write(
      `postern: the log has no ${id === undefined ? 'sign-ins' : `flow ${id}`}\n`,
    )
    process.exitCode = 3
    return
  }
  if (flows.forgotten() > 0)
    process.stderr.write(`postern: ${flows.forgotten()} earlier sign-ins are left out\n`)
  if (json) for (const story of stories) process.stdout.write(`${JSON.stringify(story)}\n`)
  else
    process.stdout.write(
      id === undefined ? describeList(stories, STYLE) : describeStory(first, STYLE),
    )
  if (id !== undefined && STOPPED.has(first.outcome)) process.exitCode = 1
}

function parse(args: string[]): { id: string | undefined; json: boolean } {
  const { values, positionals } = parseWords(args, { json: { type: 'boolean' } })
  const [id, ...more] = positionals
  if (more.length > 0) throw new UsageError('one flow id is enough')
  if (id !== undefined && !isFlowId(id))
    throw new UsageError(`${JSON.stringify(id)} is not a flow id: ten characters, as pages show it`)
  return { id, json: values.json ?? false }
}
