import { describe, expect, test } from 'vitest'
import { loadCloudFormation } from '../../src/aws/load-cloudformation.ts'
import { compareTopologies } from '../../src/aws/parity.ts'
import type { Resource, Topology } from '../../src/aws/topology.ts'
import { DECLARED } from './parity-declared.ts'
import { terraformTopology } from './terraform/states.ts'
import { synthesize, VARIANTS, type Variant } from './variants.ts'

const topologies = new Map<Variant, Topology>()
function cdkTopology(variant: Variant): Topology {
  const topology = topologies.get(variant) ?? loadCloudFormation(synthesize(variant))
  topologies.set(variant, topology)
  return topology
}

const pathsOf = (left: Topology, right: Topology): string[] =>
  compareTopologies(left, right).map(({ path }) => path)

describe('CDK and Terraform', () => {
  test.each(VARIANTS)('deploy the same %s, but for declared differences', (variant) => {
    const undeclared = compareTopologies(cdkTopology(variant), terraformTopology(variant)).filter(
      ({ path }) => !DECLARED.some((declared) => declared.path.test(path)),
    )

    expect(undeclared).toEqual([])
  })

  test('differ in everything that is declared', () => {
    const paths = VARIANTS.flatMap((variant) =>
      pathsOf(cdkTopology(variant), terraformTopology(variant)),
    )

    for (const { path } of DECLARED) expect(paths).toContainEqual(expect.stringMatching(path))
  })

  test.each(VARIANTS)('of %s leave nothing out of the model', (variant) => {
    expect(cdkTopology(variant).ignored).toEqual([])
    expect(terraformTopology(variant).ignored).toEqual([])
  })

  test('have every kind that the variants deploy in both', () => {
    const kinds = (topology: Topology): string[] => topology.resources.map(({ kind }) => kind)
    const cdk = new Set(VARIANTS.flatMap((variant) => kinds(cdkTopology(variant))))

    expect(new Set(VARIANTS.flatMap((variant) => kinds(terraformTopology(variant))))).toEqual(cdk)
    expect(cdk.size).toBeGreaterThan(20)
  })
})

/** A resource with one place changed, and the path that must be reported for it. */
interface Edit {
  path: string
  changed: Json
}
type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

/** What tells items apart; independent of how they are compared. */
function idOf(item: { [key: string]: Json }): string | number | null {
  const id = item['id'] ?? item['pattern'] ?? item['status'] ?? item['name']
  return typeof id === 'string' || typeof id === 'number' ? id : null
}

const edited = (leaf: Json): Json =>
  typeof leaf === 'string'
    ? `${leaf}-edited`
    : typeof leaf === 'number'
      ? Number(`${leaf}9999`)
      : leaf === null
        ? 'edited'
        : !leaf

/** Every edit of one leaf; `rebuild` puts the changed value back into the resource. */
function* editsOf(value: Json, path: string, rebuild: (value: Json) => Json): Generator<Edit> {
  const setAt = (replacement: Json, at: string): Edit => ({
    path: at,
    changed: rebuild(replacement),
  })
  if (Array.isArray(value)) {
    const keyed = value.every((item) => isItem(item) && idOf(item) !== null)
    if (keyed && value.length > 0) {
      for (const [index, item] of value.entries()) {
        const at = `${path}[${idOf(item as { [key: string]: Json })}]`
        yield* editsOf(item, at, (changed) => rebuild(value.with(index, changed)))
        yield setAt(value.toSpliced(index, 1), at)
      }
      return
    }
    yield setAt([...value, 'edited'], path)
    for (const [index, item] of value.entries()) {
      yield setAt(value.toSpliced(index, 1), path)
      if (!isItem(item)) yield setAt(value.with(index, edited(item)), path)
    }
  } else if (isItem(value))
    for (const [name, member] of Object.entries(value))
      yield* editsOf(member, `${path}.${name}`, (changed) => rebuild({ ...value, [name]: changed }))
  else yield setAt(edited(value), path)
}

function isItem(value: Json): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The topology with one place changed, for every place. */
function* allEdits(topology: Topology): Generator<{ path: string; changed: Topology }> {
  for (const [index, resource] of topology.resources.entries()) {
    const { kind, ...members } = resource
    for (const { path, changed } of editsOf(
      members as Json,
      `${kind}.${resource.name}`,
      (value) => value,
    )) {
      const edit = { kind, ...(changed as object) } as Resource
      yield {
        path,
        changed: { ...topology, resources: topology.resources.with(index, edit) },
      }
    }
  }
}

describe('compareTopologies', () => {
  test.each(VARIANTS)(
    'reports exactly the one attribute that was edited on either side of %s',
    (variant) => {
      const cdk = cdkTopology(variant)
      const terraform = terraformTopology(variant)
      const known = pathsOf(cdk, terraform)
      for (const side of [cdk, terraform]) {
        let edits = 0
        for (const { path, changed } of allEdits(side)) {
          const found = side === cdk ? pathsOf(changed, terraform) : pathsOf(cdk, changed)
          // What passes through an item whose own name was edited bears the new name.
          const expected = new Set([...known, path])
          const named = found.map((other) => {
            const before = other.replace(/-edited|9999(?=\])/, '')
            return expected.has(before) ? before : other
          })

          expect(named.toSorted().join('\n')).toBe([...expected].toSorted().join('\n'))
          edits += 1
        }
        expect(edits).toBeGreaterThan(300)
      }
    },
  )

  test('reports a missing resource', () => {
    const broker = cdkTopology('broker')
    for (const resource of broker.resources) {
      const resources = broker.resources.filter((other) => other !== resource)
      const path = `${resource.kind}.${resource.name}`

      expect(pathsOf(broker, { ...broker, resources })).toEqual([path])
      expect(pathsOf({ ...broker, resources }, broker)).toEqual([path])
    }
  })

  test('takes a list that AWS takes as a set in any order', () => {
    const broker = cdkTopology('broker')
    const reversed = JSON.parse(
      JSON.stringify(broker, (name, value: unknown) =>
        Array.isArray(value) && name !== 'behaviors' ? value.toReversed() : value,
      ),
    ) as Topology

    expect(compareTopologies(broker, reversed)).toEqual([])
  })

  test('reports behaviours in another order, because the first that fits decides', () => {
    const both = cdkTopology('relay-both')
    const swapped = structuredClone(both)
    for (const resource of swapped.resources)
      if (resource.kind === 'distribution') resource.behaviors = resource.behaviors.toReversed()

    expect(pathsOf(both, swapped)).toEqual(['distribution.edge.behaviors'])
  })
})
