import type { Resource, Topology } from '../../src/aws/topology.ts'
import { DeploymentError } from './deployment/deployment-error.ts'

/** What placeholders stand for, by what is between their braces. */
export type Values = ReadonlyMap<string, string>

/** Replaces every placeholder; one without a value is an error naming resource and member. */
export function resolve(topology: Topology, values: Values): Topology {
  const problems: string[] = []
  const resources = topology.resources.map((resource) => replace(resource, values, problems))
  if (problems.length > 0) throw new DeploymentError(problems)
  return { ...topology, resources }
}

export function resolveResource<R extends Resource>(resource: R, values: Values): R {
  const problems: string[] = []
  const resolved = replace(resource, values, problems)
  if (problems.length > 0) throw new DeploymentError(problems)
  return resolved
}

function replace<R extends Resource>(resource: R, values: Values, problems: string[]): R {
  // JavaScript, not a text of the template: its `${…}` are its own.
  if (resource.kind === 'edgeFunction') return resource
  const walk = (node: unknown, path: string): unknown => {
    if (Array.isArray(node)) return node.map((each, index) => walk(each, `${path}[${index}]`))
    if (typeof node === 'object' && node !== null)
      return Object.fromEntries(
        Object.entries(node).map(([name, each]) => [name, walk(each, `${path}.${name}`)]),
      )
    if (typeof node !== 'string') return node
    return node.replaceAll(/\$\{([^}]+)\}/g, (placeholder, inner: string) => {
      const value = values.get(inner)
      if (value === undefined) problems.push(`${path}: nothing gives ${placeholder} a value`)
      return value ?? ''
    })
  }
  return walk(resource, `${resource.kind}.${resource.name}`) as R
}
