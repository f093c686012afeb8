/**
 * `npm run bench`: how much the door costs. Every part runs in a process of its own, all proxies
 * stand before the same upstream and take turns, so that whatever else the machine does hits them
 * alike; ratios are made within a round and their median is told. Timing never fails the command,
 * a wrong answer does. `--quick` is a smoke; `--requests N` sets the length of the memory run.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { Agent } from 'undici'
import { type Child, type Memory, startChild } from './child.ts'
import { dance } from './dance.ts'
import type { Job, Result } from './load.ts'
import { startNginx } from './nginx.ts'

const { values: flags } = parseArgs({
  options: { quick: { type: 'boolean' }, requests: { type: 'string' } },
})
const quick = flags.quick === true
const rounds = quick ? 1 : 5
// Node compiles the hot paths during the first seconds: before that, ratios are noise.
const warmUps = quick ? 1 : 2
const seconds = quick ? 1 : 4
const requests = Number(flags.requests ?? (quick ? 5_000 : 200_000))
const connections = 32
const MIB = 2 ** 20

interface Served {
  url: string
}

interface Contender {
  name: string
  url: string
  token?: string
}

interface Row {
  name: string
  json: Result[]
  sse: Result[]
}

const stops: (() => Promise<void>)[] = []

async function start(file: string, settings: unknown = {}): Promise<Child<Served>> {
  const child = await startChild<Served>(file, settings)
  stops.push(child.stop)
  return child
}

async function measure(load: Child<Served>, job: Job): Promise<Result> {
  const result = await load.ask<Result>(job)
  if (result.failed > 0 || result.done === 0)
    throw new Error(`${job.kind} at ${job.url}: ${result.failed} failed: ${result.failure ?? ''}`)
  return result
}

async function compare(load: Child<Served>, contenders: readonly Contender[]): Promise<Row[]> {
  const rows = contenders.map(({ name }): Row => ({ name, json: [], sse: [] }))
  const turns = contenders.map((contender, index) => ({ contender, row: rows[index] }))
  for (let round = -warmUps; round < rounds; round += 1) {
    for (const { contender, row } of turns) {
      const { name: _, ...target } = contender
      for (const kind of ['json', 'sse'] as const) {
        const result = await measure(load, { kind, ...target, seconds, connections })
        if (round >= 0) row?.[kind].push(result)
      }
    }
    // Nobody always comes first.
    turns.push(...turns.splice(0, 1))
  }
  return rows
}

async function measureGrowth(
  load: Child<Served>,
  postern: Child<Served>,
  target: Contender,
): Promise<Record<'rssGrowthMiB' | 'heapGrowthMiB' | 'rssMiB', number>> {
  const { url, token = '' } = target
  const burst = (count: number): Promise<Result> =>
    measure(load, { kind: 'json', url, token, count, connections })
  await burst(Math.ceil(requests / 10))
  const before = await postern.ask<Memory>('memory')
  await burst(requests)
  const after = await postern.ask<Memory>('memory')
  return {
    rssGrowthMiB: (after.rss - before.rss) / MIB,
    heapGrowthMiB: (after.heapUsed - before.heapUsed) / MIB,
    rssMiB: after.rss / MIB,
  }
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN
}

type Measure = (row: Row) => number[]
const jsonRate: Measure = (row) => row.json.map(({ perSecond }) => perSecond)
const jsonP50: Measure = (row) => row.json.map(({ p50 }) => p50)
const jsonP99: Measure = (row) => row.json.map(({ p99 }) => p99)
const sseRate: Measure = (row) => row.sse.map(({ perSecond }) => perSecond)

/** The median of the rounds' own ratios. */
function ratio(row: Row, yardstick: Row, of: Measure): number {
  const base = of(yardstick)
  return median(of(row).map((value, round) => value / (base[round] ?? NaN)))
}

function findRow(rows: readonly Row[], name: string): Row {
  const row = rows.find((candidate) => candidate.name === name)
  if (row === undefined) throw new Error(`no row ${name}`)
  return row
}

function tabulate(rows: readonly Row[]): Record<string, Record<string, number>> {
  const bare = findRow(rows, 'pass-through')
  const entries = rows.map((row) => {
    const cells = {
      'calls/s': Math.round(median(jsonRate(row))),
      'p50 ms': round(median(jsonP50(row))),
      'p99 ms': round(median(jsonP99(row))),
      'streams/s': Math.round(median(sseRate(row))),
      '× calls': round(ratio(row, bare, jsonRate)),
      '× p99': round(ratio(row, bare, jsonP99)),
      '× streams': round(ratio(row, bare, sseRate)),
    }
    return [row.name, cells] as const
  })
  return Object.fromEntries(entries)
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}

async function main(): Promise<void> {
  const upstream = (await start('./upstream.ts')).ready.url
  const passThrough = (await start('./pass-through.ts', { upstream })).ready.url
  const nginx = await startNginx(upstream)
  if (nginx) stops.push(nginx.stop)
  const identityProvider = (await start('./instant-idp.ts')).ready.url
  const postern = await start('./postern.ts', { upstream, identityProvider })
  const load = await start('./load.ts')

  const { url } = postern.ready
  const { access_token: token } = await dance(new Agent(), url)
  const door: Contender = { name: 'postern', url, token }
  const rows = await compare(load, [
    { name: 'upstream alone', url: upstream },
    { name: 'pass-through', url: passThrough },
    ...(nginx ? [{ name: 'nginx', url: nginx.url }] : []),
    door,
  ])

  const dances: number[] = []
  for (let turn = 0; turn < rounds; turn += 1) {
    const job: Job = { kind: 'dance', url, seconds, connections }
    dances.push((await measure(load, job)).perSecond)
  }
  const growth = await measureGrowth(load, postern, door)

  const [measured, bare] = [findRow(rows, 'postern'), findRow(rows, 'pass-through')]
  const results = {
    toolsCallRatio: round(ratio(measured, bare, jsonRate)),
    p99Ratio: round(ratio(measured, bare, jsonP99)),
    sseRatio: round(ratio(measured, bare, sseRate)),
    dancesPerSecond: round(median(dances)),
    rssGrowthMiB: round(growth.rssGrowthMiB),
    heapGrowthMiB: round(growth.heapGrowthMiB),
    rssMiB: round(growth.rssMiB),
    requests,
    rounds,
    connections,
    node: process.version,
    table: tabulate(rows),
  }
  const { table, ...summary } = results
  console.log(`${rounds} interleaved rounds of ${seconds} s at ${connections} connections; medians`)
  console.log('× is against the pass-through of the same round')
  console.table(table)
  if (!nginx) console.log('nginx is not installed: left out')
  console.table(summary)
  writeFileSync(new URL('./results.json', import.meta.url), JSON.stringify(results, null, 2) + '\n')
}

try {
  await main()
} finally {
  for (const stop of stops.toReversed()) await stop()
}
