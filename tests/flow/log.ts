import type { PosternEvent } from '../../src/events.ts'
import { createFlows } from '../../src/flow/flows.ts'
import { tellStory, type Story } from '../../src/flow/story.ts'
import { parseLogLine } from '../../src/flow/timeline-event.ts'

interface Logged {
  events: PosternEvent[]
  clock: { now: () => number }
}

/** The log lines of a world from now on, as a platform writes them. */
export function recordLog(world: Logged): string[] {
  const lines: string[] = []
  world.events.push = (...events) => {
    for (const event of events) lines.push(JSON.stringify({ time: world.clock.now(), ...event }))
    return lines.length
  }
  return lines
}

/** Every sign-in that a log tells of, in the order in which they began. */
export function readStories(lines: readonly string[], now: number): Story[] {
  const flows = createFlows({ max: 100 })
  for (const line of lines) {
    const event = parseLogLine(line)
    if (event !== undefined) flows.add(event)
  }
  return flows.all().map((flow) => tellStory(flow, flows.before(flow), now))
}

export function onlyStory(lines: readonly string[], now: number): Story {
  const [story, ...more] = readStories(lines, now)
  if (story === undefined || more.length > 0)
    throw new Error(`${more.length + (story === undefined ? 0 : 1)} stories`)
  return story
}

export function arrows({ steps }: Story): string[] {
  return steps.map(({ from, to, text }) => `${from} → ${to}: ${text}`)
}
