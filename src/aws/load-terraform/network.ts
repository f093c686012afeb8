import * as v from 'valibot'
import type { NetworkRoute } from '../topology.ts'
import { blocks, type Input, type Load, nameOf, read, Text, Texts } from './input.ts'

const loadVpc: Load = (input) => ({
  kind: 'vpc',
  name: input.name,
  cidr: read(v.object({ cidr_block: v.nullish(Text, '') }), input).cidr_block,
})

const SubnetSchema = v.object({
  vpc_id: Text,
  cidr_block: v.nullish(Text, ''),
  availability_zone: v.nullish(Text, ''),
  map_public_ip_on_launch: v.nullish(v.boolean(), false),
})
const AssociationSchema = v.object({ subnet_id: v.nullish(Text, ''), route_table_id: Text })

const loadSubnet: Load = (input, others) => {
  const subnet = read(SubnetSchema, input)
  const association = others
    .filter(({ type }) => type === 'aws_route_table_association')
    .map((other) => read(AssociationSchema, other))
    .find(({ subnet_id }) => nameOf('subnet', subnet_id) === input.name)
  return {
    kind: 'subnet',
    name: input.name,
    vpc: nameOf('vpc', subnet.vpc_id),
    cidr: subnet.cidr_block,
    availabilityZone: subnet.availability_zone,
    publicIps: subnet.map_public_ip_on_launch,
    routeTable: association === undefined ? null : nameOf('routeTable', association.route_table_id),
  }
}

const loadRouteTable: Load = (input) => ({
  kind: 'routeTable',
  name: input.name,
  vpc: nameOf('vpc', read(v.object({ vpc_id: Text }), input).vpc_id),
})

const RouteSchema = v.record(v.string(), v.nullish(v.union([Text, v.boolean(), v.unknown()])))
const DESTINATIONS = [
  'destination_cidr_block',
  'destination_ipv6_cidr_block',
  'destination_prefix_list_id',
  // Inside a route table they have other names.
  'cidr_block',
  'ipv6_cidr_block',
]
const TARGETS = [
  'gateway_id',
  'nat_gateway_id',
  'egress_only_gateway_id',
  'transit_gateway_id',
  'vpc_endpoint_id',
  'vpc_peering_connection_id',
  'network_interface_id',
  'carrier_gateway_id',
  'local_gateway_id',
  'core_network_arn',
]

const loadNetworkRoute: Load = (input) =>
  toNetworkRoute(
    input.name,
    nameOf('routeTable', read(v.object({ route_table_id: Text }), input).route_table_id),
    read(RouteSchema, input),
  )

/** Routes that stand inside a route table. */
export function loadInlineRoutes(input: Input): NetworkRoute[] {
  const { route } = read(v.object({ route: blocks(RouteSchema) }), input)
  return route.map((found, index) => toNetworkRoute(`${input.name}-${index}`, input.name, found))
}

function toNetworkRoute(
  name: string,
  routeTable: string,
  route: v.InferOutput<typeof RouteSchema>,
): NetworkRoute {
  const first = (names: readonly string[]): string =>
    (names.map((key) => route[key]).find((value) => typeof value === 'string' && value !== '') as
      string | undefined) ?? ''
  return {
    kind: 'networkRoute',
    name,
    routeTable,
    destination: first(DESTINATIONS),
    target: first(TARGETS),
  }
}

/** A rule inside a group, or `aws_security_group_rule`. */
const RuleSchema = v.object({
  protocol: Text,
  from_port: v.nullish(v.number()),
  to_port: v.nullish(v.number()),
  cidr_blocks: Texts,
  ipv6_cidr_blocks: Texts,
  prefix_list_ids: Texts,
  security_groups: Texts,
  source_security_group_id: v.nullish(Text),
  self: v.nullish(v.boolean(), false),
})

/** `aws_vpc_security_group_egress_rule` and its twin. */
const SingleRuleSchema = v.object({
  ip_protocol: Text,
  from_port: v.nullish(v.number()),
  to_port: v.nullish(v.number()),
  cidr_ipv4: v.nullish(Text),
  cidr_ipv6: v.nullish(Text),
  prefix_list_id: v.nullish(Text),
  referenced_security_group_id: v.nullish(Text),
})

const SecurityGroupSchema = v.object({
  vpc_id: v.nullish(Text, ''),
  egress: blocks(RuleSchema),
  ingress: blocks(RuleSchema),
})

const loadSecurityGroup: Load = (input, others) => {
  const group = read(SecurityGroupSchema, input)
  const added = (direction: 'egress' | 'ingress'): string[] => [
    ...others
      .filter(
        (other) => other.type === 'aws_security_group_rule' && other.values['type'] === direction,
      )
      .filter((other) => belongsTo(other, input))
      .flatMap((other) => describeRule(read(RuleSchema, other))),
    ...others
      .filter(({ type }) => type === `aws_vpc_security_group_${direction}_rule`)
      .filter((other) => belongsTo(other, input))
      .map((other) => describeSingleRule(read(SingleRuleSchema, other))),
  ]
  return {
    kind: 'securityGroup',
    name: input.name,
    vpc: nameOf('vpc', group.vpc_id),
    egress: [...group.egress.flatMap(describeRule), ...added('egress')],
    ingress: [...group.ingress.flatMap(describeRule), ...added('ingress')],
  }
}

function belongsTo(rule: Input, group: Input): boolean {
  const { security_group_id: id } = read(v.object({ security_group_id: Text }), rule)
  return nameOf('securityGroup', id) === group.name
}

function describeRule(rule: v.InferOutput<typeof RuleSchema>): string[] {
  const peers = [
    ...rule.cidr_blocks,
    ...rule.ipv6_cidr_blocks,
    ...rule.prefix_list_ids,
    ...rule.security_groups,
    ...[rule.source_security_group_id ?? []].flat(),
    ...(rule.self === true ? ['self'] : []),
  ]
  return peers.map((peer) => describe(rule.protocol, rule.from_port, rule.to_port, peer))
}

function describeSingleRule(rule: v.InferOutput<typeof SingleRuleSchema>): string {
  const peer =
    rule.cidr_ipv4 ??
    rule.cidr_ipv6 ??
    rule.prefix_list_id ??
    rule.referenced_security_group_id ??
    ''
  return describe(rule.ip_protocol, rule.from_port, rule.to_port, peer)
}

/** `tcp 443 0.0.0.0/0` */
function describe(
  protocol: string,
  from: number | null | undefined,
  to: number | null | undefined,
  peer: string,
): string {
  if (protocol === '-1' || protocol === 'all') return `all ${peer}`
  const ports = from === to ? (from ?? 'all') : `${from}-${to}`
  return `${protocol} ${ports} ${peer}`
}

export const NETWORK: Readonly<Record<string, Load>> = {
  aws_vpc: loadVpc,
  aws_subnet: loadSubnet,
  aws_route_table: loadRouteTable,
  aws_route: loadNetworkRoute,
  aws_security_group: loadSecurityGroup,
  aws_nat_gateway: ({ name }) => ({ kind: 'natGateway', name }),
  aws_internet_gateway: ({ name }) => ({ kind: 'internetGateway', name }),
  aws_egress_only_internet_gateway: ({ name }) => ({ kind: 'internetGateway', name }),
}
