import { typeOf } from './load-cloudformation/attributes.ts'
import { EDGE } from './load-cloudformation/edge.ts'
import { FUNCTIONS } from './load-cloudformation/functions.ts'
import { HTTP_API } from './load-cloudformation/http-api.ts'
import type { Input, Load } from './load-cloudformation/input.ts'
import { render } from './load-cloudformation/intrinsics.ts'
import { NETWORK } from './load-cloudformation/network.ts'
import { OPERATIONS } from './load-cloudformation/operations.ts'
import {
  parseTemplate,
  type Template,
  type TemplateResource,
} from './load-cloudformation/template.ts'
import { USER_POOL } from './load-cloudformation/user-pool.ts'
import type { Topology } from './topology.ts'

const LOADERS: ReadonlyMap<string, Load> = new Map(
  Object.entries({ ...EDGE, ...HTTP_API, ...FUNCTIONS, ...NETWORK, ...USER_POOL, ...OPERATIONS }),
)

/** Types that only say more about a resource of another type. */
const PARTS: ReadonlySet<string> = new Set([
  'AWS::IAM::Policy',
  'AWS::IAM::ManagedPolicy',
  'AWS::IAM::RolePolicy',
  'AWS::EC2::SubnetRouteTableAssociation',
  'AWS::EC2::SecurityGroupEgress',
  'AWS::EC2::SecurityGroupIngress',
])

/** The topology of a CloudFormation template. Throws one LoadError where it is malformed. */
export function loadCloudFormation(source: unknown): Topology {
  const template = parseTemplate(source)
  const known = [...template.resources.values()].filter(
    ({ type }) => LOADERS.has(type) || PARTS.has(type),
  )
  const inputs = known.map((resource) => toInput(resource, template))
  return {
    resources: inputs.flatMap((input) => LOADERS.get(input.type)?.(input, inputs) ?? []),
    ignored: [...template.resources.values()]
      .filter((resource) => !known.includes(resource))
      .map(({ type, id }) => ({ type, id })),
  }
}

function toInput(resource: TemplateResource, template: Template): Input {
  const path = `Resources.${resource.id}`
  return {
    id: resource.id,
    name: resource.name,
    type: resource.type,
    path,
    properties: render(resource.properties, `${path}.Properties`, template) ?? {},
    dependsOn: resource.dependsOn.flatMap((id) => {
      const found = template.resources.get(id)
      const kind = found && typeOf(found.type)?.kind
      return found === undefined || kind === undefined ? [] : [`${kind}.${found.name}`]
    }),
  }
}
