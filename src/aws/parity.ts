import type { Topology } from './topology.ts'

/** One place in which two topologies differ; `undefined`: it is missing there. */
export interface Difference {
  /** `function.front.memoryMb`, `distribution.edge.origins[api].headers[x-origin-verify].value` */
  path: string
  left: unknown
  right: unknown
}

/** What an item of a list is told by; without one of these a list is compared as a whole. */
const KEYS = ['id', 'pattern', 'status', 'name'] as const

/** Lists of items whose order says something. */
const ORDERED = ['behaviors']

type Item = Readonly<Record<string, unknown>>

/** Every difference of meaning: lists that AWS takes as sets may stand in any order. */
export function compareTopologies(left: Topology, right: Topology): Difference[] {
  const kinds = new Set([...left.resources, ...right.resources].map(({ kind }) => kind))
  return [...kinds].flatMap((kind) => {
    const ofThisKind = ({ resources }: Topology): Item[] =>
      resources.filter((resource) => resource.kind === kind).map((resource) => ({ ...resource }))
    return compareItems(ofThisKind(left), ofThisKind(right), 'name', (name) => `${kind}.${name}`)
  })
}

function compareItems(
  left: readonly Item[],
  right: readonly Item[],
  key: string,
  pathOf: (id: string) => string,
): Difference[] {
  return pair(left, right, key).flatMap(([one, other]) =>
    compareValues(one, other, pathOf(String((one ?? other)?.[key]))),
  )
}

/** Items of the same key; those left over are taken to be renamed. */
function pair(
  left: readonly Item[],
  right: readonly Item[],
  key: string,
): [Item | undefined, Item | undefined][] {
  const twin = (item: Item, others: readonly Item[]): Item | undefined =>
    others.find((other) => other[key] === item[key])
  const lonely = right.filter((item) => twin(item, left) === undefined)
  const pairs = left.map((item): [Item, Item | undefined] => [
    item,
    twin(item, right) ?? lonely.shift(),
  ])
  return [...pairs, ...lonely.map((item): [undefined, Item] => [undefined, item])]
}

function compareValues(left: unknown, right: unknown, path: string): Difference[] {
  if (isList(left) && isList(right)) return compareLists(left, right, path)
  if (isItem(left) && isItem(right))
    return [...new Set([...Object.keys(left), ...Object.keys(right)])].flatMap((member) =>
      compareValues(left[member], right[member], `${path}.${member}`),
    )
  return left === right ? [] : [{ path, left, right }]
}

function compareLists(
  left: readonly unknown[],
  right: readonly unknown[],
  path: string,
): Difference[] {
  const items = [...left, ...right]
  const key = KEYS.find((name) => items.every((item) => isItem(item) && item[name] !== undefined))
  if (key === undefined || items.length === 0)
    return toSet(left) === toSet(right) ? [] : [{ path, left, right }]
  const [ones, others] = [left as Item[], right as Item[]]
  const differences = compareItems(ones, others, key, (id) => `${path}[${id}]`)
  const order = (list: readonly Item[]): unknown[] => list.map((item) => item[key])
  const moved =
    ORDERED.some((name) => path.endsWith(`.${name}`)) &&
    differences.length === 0 &&
    order(ones).join('\n') !== order(others).join('\n')
  return moved ? [{ path, left: order(ones), right: order(others) }] : differences
}

function toSet(list: readonly unknown[]): string {
  return JSON.stringify(list.map((item) => canonical(item)).toSorted())
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    isList(member) && member.every((item) => typeof item === 'string') ? member.toSorted() : member,
  )
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value)
}

function isItem(value: unknown): value is Item {
  return typeof value === 'object' && value !== null && !isList(value)
}
