import {
  type Kind,
  ofKind,
  type Resource,
  type ResourceOf,
  type Topology,
} from '../../../../src/aws/topology.ts'
import { alternativesOf } from './alternatives.ts'

/** One thing of a topology removed or set otherwise. */
export interface Break {
  what: 'behaviour' | 'policy' | 'route' | 'authorizer' | 'permission' | 'subnet route' | 'client'
  /** `distribution.edge.behaviors[/token].compress: false ⇒ true` */
  setting: string
  /** What else decides what the setting is for: those around it, where they are few. */
  around: string
  topology: Topology
}

/** Kinds of which every setting is broken, apart from the three members of distributions below. */
const BROKEN: Partial<Record<Kind, Break['what']>> = {
  responseHeadersPolicy: 'policy',
  route: 'route',
  authorizer: 'authorizer',
  permission: 'permission',
  userPoolClient: 'client',
}

/** Every behaviour with its origin, policy, route, authorizer, permission, subnet route and client. */
export function* breaksOf(topology: Topology): Generator<Break> {
  for (const distribution of ofKind(topology, 'distribution')) {
    yield* membersOf(topology, distribution, 'behaviors', 'behaviour')
    yield* membersOf(topology, distribution, 'origins', 'behaviour')
    yield* membersOf(topology, distribution, 'errorResponses', 'policy')
  }
  for (const resource of topology.resources) {
    const what = BROKEN[resource.kind]
    if (what === undefined) continue
    const path = pathOf(resource)
    const around = what === 'route' ? JSON.stringify(resource) : ''
    yield { what, setting: `${path}: removed`, around, topology: replace(topology, resource) }
    for (const { setting, value } of changesOf(resource, path, topology, resource))
      yield { what, setting, around, topology: replace(topology, resource, value as Resource) }
  }
  // Isolated subnets have no route that could be taken away, so they are given one.
  for (const { name } of ofKind(topology, 'routeTable'))
    for (const target of ['nat-0123456789abcdef0', 'igw-0123456789abcdef0'])
      yield {
        what: 'subnet route',
        setting: `routeTable.${name}: none ⇒ 0.0.0.0/0 to ${target.slice(0, 3)}`,
        around: '',
        topology: add(topology, {
          kind: 'networkRoute',
          name: `${name}Default`,
          routeTable: name,
          destination: '0.0.0.0/0',
          target,
        }),
      }
}

export interface PlannedBreak<V> extends Break {
  variant: V
}

/**
 * Every break of all variants, where it first occurs: variants of one mode have most of their
 * settings in common.
 */
export function planBreaks<V extends string>(
  variants: readonly V[],
  topologyOf: (variant: V) => Topology,
): PlannedBreak<V>[] {
  const planned = new Map<string, PlannedBreak<V>>()
  for (const variant of variants) {
    const mode = variant.split('-')[0] ?? ''
    for (const each of breaksOf(topologyOf(variant))) {
      const key = [mode, each.setting, each.around].join('\n')
      if (!planned.has(key)) planned.set(key, { ...each, variant })
    }
  }
  return [...planned.values()]
}

type Change = { setting: string; value: unknown }

/** Behaviours, where they lead to, or error responses of a distribution. */
function* membersOf(
  topology: Topology,
  distribution: ResourceOf<'distribution'>,
  member: 'behaviors' | 'origins' | 'errorResponses',
  what: Break['what'],
): Generator<Break> {
  const items: readonly unknown[] = distribution[member]
  const withItems = (changed: readonly unknown[]): Topology =>
    replace(topology, distribution, { ...distribution, [member]: changed })
  for (const [index, item] of items.entries()) {
    const around = JSON.stringify(item)
    const path = `${pathOf(distribution)}.${member}[${nameOf(item)}]`
    yield {
      what,
      setting: `${path}: removed`,
      around,
      topology: withItems(items.toSpliced(index, 1)),
    }
    for (const { setting, value } of changesOf(item, path, topology, distribution))
      yield { what, setting, around, topology: withItems(items.with(index, value)) }
  }
}

/** What tells things apart is not a setting of theirs. */
const IDENTITIES = ['kind', 'id', 'name', 'status']

/** Every value that differs from the given one in one place. */
function* changesOf(
  value: unknown,
  path: string,
  topology: Topology,
  owner: Resource,
): Generator<Change> {
  const alternatives = alternativesOf(path, value, topology, owner)
  for (const alternative of alternatives)
    yield { setting: `${path}: ${show(value)} ⇒ ${show(alternative)}`, value: alternative }
  if (Array.isArray(value)) {
    if (alternatives.length > 0) return
    for (const [index, item] of value.entries()) {
      const at = `${path}[${nameOf(item)}]`
      yield { setting: `${at}: removed`, value: value.toSpliced(index, 1) }
      if (isItem(item))
        for (const { setting, value: changed } of changesOf(item, at, topology, owner))
          yield { setting, value: value.with(index, changed) }
    }
  } else if (isItem(value))
    for (const [name, member] of Object.entries(value)) {
      if (IDENTITIES.includes(name)) continue
      for (const { setting, value: changed } of changesOf(
        member,
        `${path}.${name}`,
        topology,
        owner,
      ))
        yield { setting, value: { ...value, [name]: changed } }
    }
}

function nameOf(item: unknown): string {
  if (!isItem(item)) return String(item)
  return String(item['pattern'] ?? item['id'] ?? item['status'] ?? item['name'])
}

function isItem(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function show(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(' ')
  if (isItem(value)) return 'set'
  return value === null ? 'none' : `${value as string | number | boolean}`
}

function pathOf({ kind, name }: Resource): string {
  return `${kind}.${name}`
}

/** Without a replacement it is gone. */
function replace(topology: Topology, resource: Resource, replacement?: Resource): Topology {
  const resources = topology.resources.flatMap((each) =>
    each === resource ? (replacement ?? []) : each,
  )
  return { ...topology, resources }
}

function add(topology: Topology, resource: Resource): Topology {
  return { ...topology, resources: [...topology.resources, resource] }
}
