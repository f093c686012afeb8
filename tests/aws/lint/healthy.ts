import { loadCloudFormation } from '../../../src/aws/load-cloudformation.ts'
import type { Kind, Resource, ResourceOf, Topology } from '../../../src/aws/topology.ts'
import { synthesize, type Variant } from '../variants.ts'

/** A topology that a test may break. */
export interface Draft {
  resources: Mutable<Resource>[]
  ignored: { type: string; id: string }[]
}

export type Mutable<T> = T extends readonly (infer E)[]
  ? Mutable<E>[]
  : T extends object
    ? { -readonly [K in keyof T]: Mutable<T[K]> }
    : T

export function healthy(variant: Variant): Topology {
  return loadCloudFormation(synthesize(variant))
}

/** A copy of a healthy topology to break. */
export function draft(variant: Variant): Draft {
  return structuredClone(healthy(variant)) as Draft
}

/** The resource of a kind and a name, to change. */
export function the<K extends Kind>(
  { resources }: Draft,
  kind: K,
  name: string,
): Mutable<ResourceOf<K>> {
  const found = resources.find((resource) => resource.kind === kind && resource.name === name)
  if (found === undefined) throw new Error(`there is no ${kind} ${name}`)
  return found as Mutable<ResourceOf<K>>
}

export function remove(topology: Draft, kind: Kind, name: string): void {
  const found = topology.resources.findIndex((each) => each.kind === kind && each.name === name)
  if (found === -1) throw new Error(`there is no ${kind} ${name}`)
  topology.resources.splice(found, 1)
}
