import { type Kind, placeholdersIn, type Resource, type Topology } from '../topology.ts'
import type { Rule } from './rule.ts'
import { keyOf, label } from './view.ts'

/** Members that hold the name of another resource, per kind. */
const NAMES: { readonly [K in Kind]?: Readonly<Record<string, Kind>> } = {
  stage: { api: 'api' },
  route: { api: 'api', integration: 'integration', authorizer: 'authorizer' },
  integration: { api: 'api', function: 'function' },
  authorizer: { api: 'api', function: 'function' },
  function: { role: 'role', logGroup: 'logGroup' },
  permission: { function: 'function' },
  subnet: { vpc: 'vpc', routeTable: 'routeTable' },
  routeTable: { vpc: 'vpc' },
  networkRoute: { routeTable: 'routeTable' },
  securityGroup: { vpc: 'vpc' },
  keys: { function: 'function' },
  schedule: { target: 'function' },
}

export const referenceRules: readonly Rule[] = [
  {
    code: 'REFERENCE_MISSING',
    level: 'error',
    fix: 'Define the resource, or correct the reference.',
    source: 'CloudFormation User Guide, “Intrinsic function reference”; Terraform, “References”',
    *find(view) {
      const known = new Set(view.topology.resources.map(keyOf))
      for (const resource of view.topology.resources)
        for (const wanted of new Set(referencesOf(resource)))
          if (!known.has(wanted))
            yield { where: label(resource), message: `refers to ${wanted}, which is not there` }
    },
  },
  {
    code: 'CYCLE',
    level: 'error',
    fix: 'Break the circle with a value that is known before deployment, such as the domain name.',
    source: 'CloudFormation User Guide, “Circular dependency”',
    *find(view) {
      for (const circle of circles(view.topology))
        yield { where: circle[0] ?? '', message: `waits for itself: ${circle.join(' → ')}` }
    },
  },
  {
    code: 'IGNORED',
    level: 'info',
    fix: 'Check these resources yourself.',
    source: 'Types that this linter does not know',
    *find(view) {
      const types = new Map<string, number>()
      for (const { type } of view.topology.ignored) types.set(type, (types.get(type) ?? 0) + 1)
      for (const [type, count] of types) yield { where: type, message: `${count} not looked at` }
    },
  },
]

/** What a resource refers to, as `kind.name`: by placeholders and by names. */
function referencesOf(resource: Resource): string[] {
  const members = Object.entries(resource) as [string, unknown][]
  const names = members.flatMap(([member, value]) => {
    const kind = NAMES[resource.kind]?.[member]
    return kind === undefined || typeof value !== 'string' || isOutside(value)
      ? []
      : [`${kind}.${value}`]
  })
  const after = resource.kind === 'userPoolClient' ? resource.after : []
  return [
    ...names,
    ...after,
    ...listed(resource),
    ...members.flatMap(([, value]) => inTexts(value)),
  ]
}

/** Names that stand in lists. */
function listed(resource: Resource): string[] {
  if (resource.kind === 'function')
    return [
      ...(resource.network?.subnets ?? []).map((name) => `subnet.${name}`),
      ...(resource.network?.securityGroups ?? []).map((name) => `securityGroup.${name}`),
    ].filter((key) => !isOutside(key))
  if (resource.kind !== 'distribution') return []
  return resource.behaviors.flatMap(({ viewerRequest, viewerResponse }) =>
    [viewerRequest, viewerResponse].flatMap((name) =>
      name === null || isOutside(name) ? [] : [`edgeFunction.${name}`],
    ),
  )
}

/** A text with placeholders is looked at as such; an ARN or an id is of something brought. */
function isOutside(text: string): boolean {
  return text.includes('${') || /^arn:|(?:^|\.)(?:vpc|subnet|sg|rtb)-[0-9a-f]+$/.test(text)
}

function inTexts(value: unknown): string[] {
  if (typeof value === 'string')
    return placeholdersIn(value).flatMap((inner) => {
      const [kind, name, attribute] = inner.split('.')
      return attribute === undefined || kind === 'ignored' ? [] : [`${kind}.${name}`]
    })
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(inTexts)
}

/** Every circle of references once. Written without recursion: a long chain is no reason to fail. */
function circles({ resources }: Topology): string[][] {
  const edges = new Map(resources.map((each) => [keyOf(each), referencesOf(each)]))
  const done = new Set<string>()
  const found: string[][] = []
  for (const start of edges.keys()) {
    const path: string[] = []
    const work: { key: string; leave: boolean }[] = [{ key: start, leave: false }]
    for (let step = work.pop(); step !== undefined; step = work.pop()) {
      if (step.leave) {
        path.pop()
        done.add(step.key)
        continue
      }
      const at = path.indexOf(step.key)
      if (at !== -1) found.push([...path.slice(at), step.key])
      if (at !== -1 || done.has(step.key)) continue
      path.push(step.key)
      work.push({ key: step.key, leave: true })
      for (const next of new Set(edges.get(step.key) ?? [])) work.push({ key: next, leave: false })
    }
  }
  return found
}
