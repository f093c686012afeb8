import { placeholdersIn, type Topology } from '../../../src/aws/topology.ts'

/**
 * CloudFormation guide, Handle circular dependency errors: which resource waits for which. Terraform
 * refuses the same.
 */
export function findCycle(topology: Topology): string | undefined {
  const calls = topology.resources.filter(({ kind }) => kind === 'keys')
  const edges = new Map(
    topology.resources.map((resource) => {
      const { code: _, ...texts } = { code: undefined, ...resource }
      const targets = placeholdersIn(JSON.stringify(texts)).flatMap((placeholder) => {
        const [kind = '', name = '', attribute = ''] = placeholder.split('.')
        // A value of the secret is there only after the call that writes it.
        const waits = kind === 'secret' && !['arn', 'name'].includes(attribute)
        const call = waits ? calls.map((each) => `keys.${each.name}`) : []
        return [`${kind}.${name}`, ...call]
      })
      if (resource.kind === 'keys') targets.push(`function.${resource.function}`)
      return [`${resource.kind}.${resource.name}`, targets]
    }),
  )
  const done = new Set<string>()
  const visit = (node: string, path: readonly string[]): string | undefined => {
    const start = path.indexOf(node)
    if (start !== -1) return [...path.slice(start), node].join(' → ')
    if (done.has(node)) return undefined
    done.add(node)
    for (const next of edges.get(node) ?? []) {
      const cycle = visit(next, [...path, node])
      if (cycle !== undefined) return cycle
    }
    return undefined
  }
  for (const node of edges.keys()) {
    const cycle = visit(node, [])
    if (cycle !== undefined) return cycle
  }
  return undefined
}
