/**
 * Runs the AWS deployments on their twins: `npm run e2e:aws` the tests, with whatever else vitest is
 * to be told. With `--mutate` it breaks each behaviour, policy, route, authorizer, permission, subnet
 * route and user-pool-client setting of what CDK would deploy, one at a time, and prints the
 * assertion that turns red; a break that none notices fails the command. `--only <text>` runs the
 * breaks whose line contains it.
 */
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import type { Topology } from '../src/aws/topology.ts'
import { planBreaks } from '../tests/e2e/aws/mutate/mutations.ts'
import { PROBES } from '../tests/e2e/aws/mutate/probes.ts'
import { Breaker, INSPECTIONS, type Verdict } from '../tests/e2e/aws/mutate/run.ts'
import { summarize } from '../tests/e2e/aws/mutate/summary.ts'
import { type MutatedVariant, PROMISES } from '../tests/e2e/aws/mutate/world.ts'
import { topologyOf } from '../tests/e2e/aws/topologies.ts'

/** Deployments that run beside each other. */
const WORKERS = 2

const VARIANTS = Object.keys(PROMISES) as MutatedVariant[]

if (process.argv.includes('--mutate')) await mutate()
else process.exitCode = runTests(process.argv.slice(2))

function runTests(args: readonly string[]): number {
  const { status } = spawnSync('vitest', ['run', 'tests/e2e/aws', ...args], { stdio: 'inherit' })
  return status ?? 1
}

async function mutate(): Promise<void> {
  const { values } = parseArgs({
    options: { mutate: { type: 'boolean' }, only: { type: 'string', default: '' } },
  })
  const started = performance.now()
  const topologies = new Map(VARIANTS.map((variant) => [variant, topologyOf('cdk', variant)]))
  const healthyTopologyOf = (variant: MutatedVariant): Topology =>
    topologies.get(variant) ?? topologyOf('cdk', variant)
  const breakers = Array.from(
    { length: WORKERS },
    () => new Breaker(PROBES, INSPECTIONS, healthyTopologyOf),
  )
  try {
    const unhealthy = await runAll(breakers, VARIANTS, async (breaker, variant) => {
      const verdict = await breaker.judgeHealthy(variant)
      if (verdict !== undefined) console.log(`${variant.padEnd(20)} nothing broken → ${verdict}`)
      return verdict
    })
    if (unhealthy.some((verdict) => verdict !== undefined)) throw new Error('red without a break')

    const planned = planBreaks(VARIANTS, healthyTopologyOf)
    const chosen = planned.filter(({ variant, setting }) =>
      `${variant} ${setting}`.includes(values.only),
    )
    if (chosen.length === 0) throw new Error(`no break has "${values.only}" in its line`)
    const verdicts = await runAll(
      breakers,
      chosen,
      async (breaker, { variant, setting, topology }) => {
        const verdict = await breaker.judge(variant, topology)
        console.log(`${variant.padEnd(20)} ${setting} → ${verdict ?? ''}`)
        return verdict
      },
    )
    await Promise.all(breakers.map((breaker) => breaker.finish()))
    const lines = chosen.map(({ variant, setting }) => `${variant} ${setting}`)
    const { text, allNoticed } = summarize(lines, verdicts, (performance.now() - started) / 1000)
    console.log(`\n${text}`)
    process.exitCode = allNoticed ? 0 : 1
  } finally {
    await Promise.all(breakers.map((breaker) => breaker.close()))
  }
}

async function runAll<T>(
  breakers: readonly Breaker[],
  items: readonly T[],
  judge: (breaker: Breaker, item: T) => Promise<Verdict>,
): Promise<Verdict[]> {
  const verdicts: Verdict[] = []
  const queue = items.entries()
  await Promise.all(
    breakers.map(async (breaker) => {
      for (const [index, item] of queue) verdicts[index] = await judge(breaker, item)
    }),
  )
  return Array.from(items, (_, index) => verdicts[index])
}
