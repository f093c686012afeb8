import { lint } from '../../../../src/aws/lint/lint.ts'
import { compareTopologies } from '../../../../src/aws/parity.ts'
import { ofKind, type Topology, type UserPoolClient } from '../../../../src/aws/topology.ts'
import { DECLARED } from '../../../aws/parity-declared.ts'
import { fingerprint, USER_POOL_KINDS } from '../../../twins/deployment/account.ts'
import { TIMED_OUT, within } from '../../../twins/within.ts'
import { topologyOf } from '../topologies.ts'
import type { Probe } from './probes/probe.ts'
import { type MutatedVariant, openWorld, withNeighbour, World } from './world.ts'

/** Against a mutant that hangs. A healthy deployment and all its probes take a second or two. */
const LIMIT_MS = 30_000

/** What is asked of a template where its behaviour says nothing: each returns what it finds. */
export type Inspection = (variant: MutatedVariant, topology: Topology) => string | undefined

/** What the verdicts begin with that are no probe's. */
export const ACCEPTED = 'the deployment is accepted'
export const LINT = 'lint '
export const PARITY = 'parity'

/** The linter's first finding. */
const inspectByLinter: Inspection = (_variant, topology) => {
  const [finding] = lint(topology)
  return finding && `${LINT}${finding.code}`
}

/** The last resort: Terraform would deploy something else. */
const inspectByParity: Inspection = (variant, topology) => {
  const differences = compareTopologies(topology, topologyOf('terraform', variant))
  const found = differences.find(
    ({ path }) => !DECLARED.some((declared) => declared.path.test(path)),
  )
  return found && PARITY
}

export const INSPECTIONS: readonly Inspection[] = [inspectByLinter, inspectByParity]

/** The name of the first assertion that turns red; undefined where none does. */
export type Verdict = string | undefined

/** Keeps one healthy deployment and breaks it, again and again. */
export class Breaker {
  readonly #probes: readonly Probe[]
  readonly #inspections: readonly Inspection[]
  readonly #topologyOf: (variant: MutatedVariant) => Topology
  #healthy: { variant: MutatedVariant; world: World; client: UserPoolClient } | undefined

  constructor(
    probes: readonly Probe[],
    inspections: readonly Inspection[],
    healthyTopologyOf: (variant: MutatedVariant) => Topology,
  ) {
    this.#probes = probes
    this.#inspections = inspections
    this.#topologyOf = healthyTopologyOf
  }

  /** With nothing broken: has to be undefined, or no verdict means anything. */
  async judgeHealthy(variant: MutatedVariant): Promise<Verdict> {
    return this.judge(variant, this.#topologyOf(variant))
  }

  async judge(variant: MutatedVariant, topology: Topology): Promise<Verdict> {
    const verdict = await within(this.#judge(variant, topology), LIMIT_MS)
    if (verdict !== TIMED_OUT) return verdict
    await this.close()
    return 'it answers in time'
  }

  /**
   * After the last break of a variant: what was left behind by one would have turned others red.
   * @throws where the deployment is no longer healthy.
   */
  async finish(): Promise<void> {
    if (this.#healthy === undefined) return
    const { variant } = this.#healthy
    const verdict = await this.judgeHealthy(variant)
    await this.close()
    if (verdict !== undefined) throw new Error(`${variant} was left broken: ${verdict}`)
  }

  async close(): Promise<void> {
    const healthy = this.#healthy
    this.#healthy = undefined
    await healthy?.world.cell.close()
  }

  async #judge(variant: MutatedVariant, topology: Topology): Promise<Verdict> {
    const { world: healthy, client } = await this.#openHealthy(variant)
    // Cognito pools are made once: whoever breaks one needs a deployment of its own.
    const isOther =
      fingerprint(topology, USER_POOL_KINDS) !== fingerprint(healthy.topology, USER_POOL_KINDS)
    let world: World
    try {
      if (isOther) world = await openWorld(variant, topology, client)
      else {
        await healthy.cell.deployment.redeploy(withNeighbour(topology, client))
        world = new World(variant, topology, healthy.cell)
      }
    } catch (error) {
      return `${ACCEPTED} (${firstLine(error)})`
    }
    try {
      return (await this.#probe(world)) ?? this.#inspect(variant, topology)
    } finally {
      if (isOther) await world.cell.close()
    }
  }

  async #probe(world: World): Promise<Verdict> {
    for (const { name, check } of this.#probes)
      try {
        await check(world)
      } catch {
        return name
      }
    return undefined
  }

  #inspect(variant: MutatedVariant, topology: Topology): Verdict {
    for (const inspection of this.#inspections) {
      const found = inspection(variant, topology)
      if (found !== undefined) return found
    }
    return undefined
  }

  async #openHealthy(variant: MutatedVariant): Promise<{ world: World; client: UserPoolClient }> {
    if (this.#healthy?.variant === variant) return this.#healthy
    await this.finish()
    const topology = this.#topologyOf(variant)
    const [client] = ofKind(topology, 'userPoolClient')
    if (client === undefined) throw new TypeError(`${variant} has no client`)
    this.#healthy = { variant, world: await openWorld(variant, topology, client), client }
    return this.#healthy
  }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''
}
