import { globSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DIAGNOSES, diagnose, SILENCES } from '../../src/flow/diagnosis.ts'
import { createFlows } from '../../src/flow/flows.ts'
import { parseLogLine, type TimelineEvent } from '../../src/flow/timeline-event.ts'

const FLOW = '0123456789'
const EVENT = { time: 1_700_000_000_000, type: 'consent.denied', client: 'c', flow: FLOW }
const LINE = JSON.stringify(EVENT)

describe('a line of a log', () => {
  test.each([
    ['as pino writes it', LINE],
    [
      'as Lambda writes it',
      JSON.stringify({ ...EVENT, time: '2023-11-14T22:13:20.000Z', level: 'info' }),
    ],
    ['of docker compose', `postern-1  | ${LINE}`],
    [
      'of CloudWatch',
      `2023-11-14T22:13:20.000Z\t6bc28136-xmpl-4365-b021-0ce6b2e64ab0\tINFO\t${LINE}`,
    ],
    ['in an export of CloudWatch', JSON.stringify({ timestamp: 1, message: `${LINE}\n` })],
    ['in a container log of Kubernetes', JSON.stringify({ log: `${LINE}\n`, stream: 'stderr' })],
    ['that ends in CR', `${LINE}\r`],
  ])('%s is read', (_, line) => {
    expect(parseLogLine(line)).toMatchObject(EVENT)
  })

  test.each([
    '',
    'type',
    '{"type":"consent.denied"}',
    '{"time":1,"type":5}',
    '{"time":"yesterday","type":"consent.denied"}',
    '{"time":1e300,"type":"consent.denied"}',
    '{"time":1,"type":"consent.denied","flow":"../../etc"}',
    `${LINE.slice(0, -1)}`,
    '[{"time":1,"type":"x"}]',
    'null',
  ])('that is not ours is passed over: %j', (line) => {
    expect(parseLogLine(line)).toBeUndefined()
  })

  test('never throws, whatever it is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
        parseLogLine(line)
        parseLogLine(`type ${line}`)
      }),
    )
  })

  test('cannot carry what a terminal obeys', () => {
    const hostile = '\u001B]0;owned\u0007\u009B31m\u202E\n'
    const line = JSON.stringify({
      ...EVENT,
      clientName: hostile,
      reason: hostile,
      resource: hostile,
    })
    expect(JSON.stringify(parseLogLine(line))).not.toMatch(/\\u00|\u009B|\u202E|\\n/)
  })
})

describe('flows are gathered in bounded memory', () => {
  const event = (change: Partial<TimelineEvent>): TimelineEvent => ({ ...EVENT, ...change })
  const id = (n: number): string => String(n).padStart(10, '0')

  test('the oldest of too many go, and are counted', () => {
    const flows = createFlows({ max: 3 })
    for (let n = 0; n < 5; n += 1) flows.add(event({ flow: id(n) }))
    expect(flows.all().map((flow) => flow.id)).toEqual([id(2), id(3), id(4)])
    expect(flows.forgotten()).toBe(2)
  })

  test('the end of a flow is kept, its middle is not', () => {
    const flows = createFlows({ max: 3 })
    for (let n = 0; n < 1000; n += 1) flows.add(event({ reason: String(n) }))
    const flow = flows.get(FLOW)
    expect(flow?.events).toHaveLength(100)
    expect(flow?.events.at(-1)?.reason).toBe('999')
    expect(flow?.dropped).toBe(900)
  })

  test('calls are counted, not kept', () => {
    const flows = createFlows({ max: 3 })
    for (let n = 1; n <= 1000; n += 1)
      flows.add(event({ type: 'gate.admitted', calls: n, ...(n === 1 ? { notable: true } : {}) }))
    expect(flows.get(FLOW)).toMatchObject({ calls: 1000, dropped: 0 })
    expect(flows.get(FLOW)?.events).toHaveLength(1)
  })
})

describe('what an operator is told to do', () => {
  const codes = new Set(
    globSync('src/doctor/**/*.ts').flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/'(D\d\d-[a-z0-9-]+)'/g)].map(([, code]) => code),
    ),
  )
  const told = [...Object.entries(DIAGNOSES), ...Object.entries(SILENCES)]

  test.each(told.flatMap(([reason, { code }]) => (code === undefined ? [] : [[reason, code]])))(
    'about %s names a finding that doctor knows: %s',
    (_, code) => {
      expect(codes).toContain(code)
      expect(readFileSync('docs/doctor.md', 'utf8')).toContain(`### ${code}\n`)
    },
  )

  test.each(Object.keys(DIAGNOSES))('is about a reason that exists: %s', (reason) => {
    expect(readFileSync('docs/operations.md', 'utf8')).toContain(`\`${reason}\``)
  })

  test('is something about every reason, also of another version', () => {
    expect(diagnose('constructor').fix).toContain('docs/operations.md')
  })
})
