import { TYPES } from './load-terraform/attributes.ts'
import { EDGE } from './load-terraform/edge.ts'
import { FUNCTIONS } from './load-terraform/functions.ts'
import { HTTP_API } from './load-terraform/http-api.ts'
import type { Input, Load } from './load-terraform/input.ts'
import { loadInlineRoutes, NETWORK } from './load-terraform/network.ts'
import { OPERATIONS } from './load-terraform/operations.ts'
import { findPlaceholders, type Named } from './load-terraform/placeholders.ts'
import { completePlan } from './load-terraform/plan.ts'
import { parseShow, type ShownResource } from './load-terraform/show.ts'
import { USER_POOL } from './load-terraform/user-pool.ts'
import type { Topology } from './topology.ts'

const LOADERS: ReadonlyMap<string, Load> = new Map(
  Object.entries({ ...EDGE, ...HTTP_API, ...FUNCTIONS, ...NETWORK, ...USER_POOL, ...OPERATIONS }),
)

/** Types that only say more about a resource of another type. */
const PARTS: ReadonlySet<string> = new Set([
  'aws_cloudwatch_event_target',
  'aws_iam_role_policy',
  'aws_iam_role_policy_attachment',
  'aws_route_table_association',
  'aws_security_group_rule',
  'aws_vpc_security_group_egress_rule',
  'aws_vpc_security_group_ingress_rule',
])

/**
 * The topology of what `terraform show -json` prints of a state or a plan. Throws one LoadError
 * where that is malformed.
 */
export function loadTerraform(source: unknown): Topology {
  const show = parseShow(source)
  const resources = giveNames('plan' in show ? completePlan(show.plan) : show.state)
  const render = findPlaceholders(resources)
  const managed = resources.filter(({ mode }) => mode === 'managed')
  const known = managed.filter(({ type }) => LOADERS.has(type) || PARTS.has(type))
  const inputs = known.map((resource): Input => toInput(resource, render))
  return {
    resources: inputs.flatMap((input) => [
      ...[LOADERS.get(input.type)?.(input, inputs) ?? []].flat(),
      ...(input.type === 'aws_route_table' ? loadInlineRoutes(input) : []),
    ]),
    ignored: managed
      .filter((resource) => !known.includes(resource))
      .map(({ type, address }) => ({ type, id: address })),
  }
}

function toInput(resource: Named, render: ReturnType<typeof findPlaceholders>): Input {
  const { address, type, modelName, values, depends_on } = resource
  return {
    address,
    type,
    name: modelName,
    values: Object.fromEntries(
      Object.entries(values).map(([attribute, value]) => [attribute, render(value)]),
    ),
    dependsOn: depends_on,
  }
}

/**
 * A resource is called by its label, one of several by its key; where two of a kind would be called
 * the same, by their addresses.
 */
function giveNames(resources: readonly ShownResource[]): Named[] {
  const shortName = ({ name, index }: ShownResource): string =>
    typeof index === 'string'
      ? index
      : index === undefined || index === 0
        ? name
        : `${name}-${index}`
  const taken = new Map<string, number>()
  const keyOf = (resource: ShownResource): string =>
    `${resource.mode} ${TYPES[resource.type]?.kind ?? resource.type} ${shortName(resource)}`
  for (const resource of resources) {
    const key = keyOf(resource)
    taken.set(key, (taken.get(key) ?? 0) + 1)
  }
  return resources.map((resource) => {
    const name = taken.get(keyOf(resource)) === 1 ? shortName(resource) : resource.address
    // A placeholder's parts are separated by dots.
    return { ...resource, modelName: name.replaceAll('.', '/') }
  })
}
