/** What `terraform` made of the module, committed so that tests need no terraform. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadTerraform } from '../../../src/aws/load-terraform.ts'
import type { Topology } from '../../../src/aws/topology.ts'
import type { Variant } from '../variants.ts'
import { hashModule } from './evaluate.ts'

interface Committed {
  /** Of the module's files at the time. */
  module: string
  /** `terraform show -json` after an apply. */
  show: unknown
}

function pathOf(variant: Variant): string {
  return join(import.meta.dirname, 'states', `${variant}.json`)
}

/** Throws where the module has changed since. */
export function readState(variant: Variant): unknown {
  const path = pathOf(variant)
  const committed = existsSync(path)
    ? (JSON.parse(readFileSync(path, 'utf8')) as Committed)
    : undefined
  if (committed?.module !== hashModule())
    throw new Error(`${path} is not of this module: run npm run terraform:evaluate`)
  return committed.show
}

export function writeState(variant: Variant, show: unknown): void {
  const committed: Committed = { module: hashModule(), show }
  writeFileSync(pathOf(variant), `${JSON.stringify(committed, null, 1)}\n`)
}

const topologies = new Map<Variant, Topology>()

/** The topology of a variant, of the committed state. */
export function terraformTopology(variant: Variant): Topology {
  const topology = topologies.get(variant) ?? loadTerraform(readState(variant))
  topologies.set(variant, topology)
  return topology
}
