import { fileURLToPath } from 'node:url'
import { Aws, Duration, RemovalPolicy } from 'aws-cdk-lib'
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import {
  Architecture,
  CfnPermission,
  Code,
  Function as LambdaFunction,
  Runtime,
} from 'aws-cdk-lib/aws-lambda'
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs'
import type { Construct } from 'constructs'
import { idOf, named } from './named.ts'
import type { Network } from './network.ts'

export interface FunctionSettings {
  code: Code
  handler: string
  environment: Record<string, string>
  /** Absent: outside any VPC, and so on the internet. */
  network?: Network
  statements?: PolicyStatement[]
  memorySize: number
  timeoutSeconds: number
}

/**
 * Lambda's own needs inside a VPC (Lambda Developer Guide, "Giving Lambda functions access to
 * resources in an Amazon VPC"); network interfaces that do not exist yet have no ARN.
 */
const NETWORK_INTERFACES = new PolicyStatement({
  actions: [
    'ec2:CreateNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSubnets',
    'ec2:DeleteNetworkInterface',
    'ec2:AssignPrivateIpAddresses',
    'ec2:UnassignPrivateIpAddresses',
  ],
  resources: ['*'],
})

/** Postern's own bundles, which lie beside this file's package both as source and as build. */
export function posternCode(): Code {
  return Code.fromAsset(fileURLToPath(new URL('../../../dist/lambda', import.meta.url)))
}

/** A function with a log group and a role of its own, all three of one name. */
export function createFunction(
  scope: Construct,
  name: string,
  logRetention: RetentionDays,
  settings: FunctionSettings,
): LambdaFunction {
  const id = idOf(name)
  const { network, timeoutSeconds, statements = [], ...rest } = settings
  const logGroup = named(
    name,
    new LogGroup(scope, `${id}Logs`, {
      retention: logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    }),
  )
  const role = named(
    name,
    new Role(scope, `${id}Role`, {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: {
        function: new PolicyDocument({
          statements: [
            new PolicyStatement({
              actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
              resources: [logGroup.logGroupArn],
            }),
            ...(network === undefined ? [] : [NETWORK_INTERFACES]),
            ...statements,
          ],
        }),
      },
    }),
  )
  return named(
    name,
    new LambdaFunction(scope, id, {
      ...rest,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      timeout: Duration.seconds(timeoutSeconds),
      role,
      logGroup,
      ...(network === undefined
        ? {}
        : {
            vpc: network.vpc,
            vpcSubnets: { subnets: network.subnets },
            securityGroups: [network.securityGroup],
          }),
    }),
  )
}

/** Lets one caller invoke a function. */
export function permit(
  scope: Construct,
  name: string,
  call: { functionArn: string; principal: string; sourceArn: string },
): CfnPermission {
  return named(
    name,
    new CfnPermission(scope, `${idOf(name)}Permission`, {
      action: 'lambda:InvokeFunction',
      functionName: call.functionArn,
      principal: call.principal,
      sourceArn: call.sourceArn,
    }),
  )
}

export function executeApiArn(apiId: string, suffix: string): string {
  return `arn:${Aws.PARTITION}:execute-api:${Aws.REGION}:${Aws.ACCOUNT_ID}:${apiId}/${suffix}`
}
