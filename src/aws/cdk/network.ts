import { Fn } from 'aws-cdk-lib'
import {
  CfnRouteTable,
  CfnSubnet,
  CfnSubnetRouteTableAssociation,
  CfnVPC,
  type ISecurityGroup,
  type ISubnet,
  type IVpc,
  SecurityGroup,
  Vpc,
} from 'aws-cdk-lib/aws-ec2'
import type { Construct } from 'constructs'
import { named } from './named.ts'

export interface Network {
  vpc: IVpc
  subnets: ISubnet[]
  securityGroup: ISecurityGroup
}

/** Where functions without internet run: no gateway, no route out, no rule of a security group. */
export function createNetwork(scope: Construct, brought: IVpc | undefined): Network {
  const vpc = brought ?? createIsolatedVpc(scope)
  const securityGroup = named(
    'functions',
    new SecurityGroup(scope, 'FunctionsSecurityGroup', {
      vpc,
      description: 'MCP server without a way out',
      allowAllOutbound: false,
    }),
  )
  return { vpc, subnets: vpc.isolatedSubnets, securityGroup }
}

/**
 * In CloudFormation's own terms, because the Vpc construct asks the account for its zones at synth
 * wherever a region is given.
 */
function createIsolatedVpc(scope: Construct): IVpc {
  const vpc = named(
    'vpc',
    new CfnVPC(scope, 'Vpc', {
      cidrBlock: '10.0.0.0/24',
      enableDnsSupport: true,
      enableDnsHostnames: true,
    }),
  )
  const subnets = ['10.0.0.0/25', '10.0.0.128/25'].map((cidrBlock, index) => {
    const availabilityZone = Fn.select(index, Fn.getAzs())
    const subnet = named(
      `private${index}`,
      new CfnSubnet(scope, `Private${index}Subnet`, {
        vpcId: vpc.ref,
        cidrBlock,
        availabilityZone,
        mapPublicIpOnLaunch: false,
      }),
    )
    const routeTable = named(
      `private${index}`,
      new CfnRouteTable(scope, `Private${index}RouteTable`, { vpcId: vpc.ref }),
    )
    new CfnSubnetRouteTableAssociation(scope, `Private${index}Association`, {
      subnetId: subnet.ref,
      routeTableId: routeTable.ref,
    })
    return { subnetId: subnet.ref, routeTableId: routeTable.ref, availabilityZone }
  })
  return Vpc.fromVpcAttributes(scope, 'VpcReference', {
    vpcId: vpc.ref,
    vpcCidrBlock: vpc.attrCidrBlock,
    availabilityZones: subnets.map(({ availabilityZone }) => availabilityZone),
    isolatedSubnetIds: subnets.map(({ subnetId }) => subnetId),
    isolatedSubnetRouteTableIds: subnets.map(({ routeTableId }) => routeTableId),
  })
}
