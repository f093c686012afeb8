import * as v from 'valibot'
import { Flag, type Load, nameOf, Numeric, read, Text } from './input.ts'

const loadVpc: Load = (input) => ({
  kind: 'vpc',
  name: input.name,
  cidr: read(v.object({ CidrBlock: v.optional(Text, '') }), input).CidrBlock,
})

const SubnetSchema = v.object({
  VpcId: Text,
  CidrBlock: v.optional(Text, ''),
  AvailabilityZone: v.optional(Text, ''),
  MapPublicIpOnLaunch: v.optional(Flag, false),
})

const AssociationSchema = v.object({ SubnetId: Text, RouteTableId: Text })

const loadSubnet: Load = (input, others) => {
  const subnet = read(SubnetSchema, input)
  const association = others
    .filter(({ type }) => type === 'AWS::EC2::SubnetRouteTableAssociation')
    .map((other) => read(AssociationSchema, other))
    .find(({ SubnetId }) => nameOf('subnet', SubnetId) === input.name)
  return {
    kind: 'subnet',
    name: input.name,
    vpc: nameOf('vpc', subnet.VpcId),
    cidr: subnet.CidrBlock,
    availabilityZone: subnet.AvailabilityZone,
    publicIps: subnet.MapPublicIpOnLaunch,
    routeTable: association === undefined ? null : nameOf('routeTable', association.RouteTableId),
  }
}

const loadRouteTable: Load = (input) => ({
  kind: 'routeTable',
  name: input.name,
  vpc: nameOf('vpc', read(v.object({ VpcId: Text }), input).VpcId),
})

const NetworkRouteSchema = v.pipe(
  v.object({
    RouteTableId: Text,
    DestinationCidrBlock: v.optional(Text),
    DestinationIpv6CidrBlock: v.optional(Text),
    DestinationPrefixListId: v.optional(Text),
  }),
)

/** Properties that name where a route leads. */
const TargetsSchema = v.record(v.string(), Text)

const loadNetworkRoute: Load = (input) => {
  const route = read(NetworkRouteSchema, input)
  const target = Object.entries(read(TargetsSchema, input)).find(
    ([name]) => name !== 'RouteTableId' && !name.startsWith('Destination'),
  )
  return {
    kind: 'networkRoute',
    name: input.name,
    routeTable: nameOf('routeTable', route.RouteTableId),
    destination:
      route.DestinationCidrBlock ??
      route.DestinationIpv6CidrBlock ??
      route.DestinationPrefixListId ??
      '',
    target: target?.[1] ?? '',
  }
}

const RuleSchema = v.object({
  IpProtocol: Text,
  FromPort: v.optional(Numeric),
  ToPort: v.optional(Numeric),
  CidrIp: v.optional(Text),
  CidrIpv6: v.optional(Text),
  DestinationPrefixListId: v.optional(Text),
  DestinationSecurityGroupId: v.optional(Text),
  SourcePrefixListId: v.optional(Text),
  SourceSecurityGroupId: v.optional(Text),
  GroupId: v.optional(Text),
})

const SecurityGroupSchema = v.object({
  VpcId: v.optional(Text, ''),
  SecurityGroupEgress: v.optional(v.array(RuleSchema)),
  SecurityGroupIngress: v.optional(v.array(RuleSchema), []),
})

/** A group for which no egress is written lets everything out (AWS::EC2::SecurityGroup). */
const ALL_EGRESS = { IpProtocol: '-1', CidrIp: '0.0.0.0/0' }

const loadSecurityGroup: Load = (input, others) => {
  const group = read(SecurityGroupSchema, input)
  const added = (type: string): v.InferOutput<typeof RuleSchema>[] =>
    others
      .filter((other) => other.type === type)
      .map((other) => read(RuleSchema, other))
      .filter(({ GroupId }) => nameOf('securityGroup', GroupId ?? '') === input.name)
  return {
    kind: 'securityGroup',
    name: input.name,
    vpc: nameOf('vpc', group.VpcId),
    egress: [
      ...(group.SecurityGroupEgress ?? [ALL_EGRESS]),
      ...added('AWS::EC2::SecurityGroupEgress'),
    ].flatMap(describeRule),
    ingress: [...group.SecurityGroupIngress, ...added('AWS::EC2::SecurityGroupIngress')].flatMap(
      describeRule,
    ),
  }
}

/** `tcp 443 0.0.0.0/0`; nothing for the rule by which CDK writes "none". */
function describeRule(rule: v.InferOutput<typeof RuleSchema>): string[] {
  if (rule.CidrIp === '255.255.255.255/32') return []
  const { FromPort: from, ToPort: to } = rule
  const ports =
    from === undefined ? 'all' : to === undefined || to === from ? from : `${from}-${to}`
  const peer =
    rule.CidrIp ??
    rule.CidrIpv6 ??
    rule.DestinationPrefixListId ??
    rule.DestinationSecurityGroupId ??
    rule.SourcePrefixListId ??
    rule.SourceSecurityGroupId ??
    ''
  return [rule.IpProtocol === '-1' ? `all ${peer}` : `${rule.IpProtocol} ${ports} ${peer}`]
}

export const NETWORK: Readonly<Record<string, Load>> = {
  'AWS::EC2::VPC': loadVpc,
  'AWS::EC2::Subnet': loadSubnet,
  'AWS::EC2::RouteTable': loadRouteTable,
  'AWS::EC2::Route': loadNetworkRoute,
  'AWS::EC2::SecurityGroup': loadSecurityGroup,
  'AWS::EC2::NatGateway': ({ name }) => ({ kind: 'natGateway', name }),
  'AWS::EC2::InternetGateway': ({ name }) => ({ kind: 'internetGateway', name }),
}
