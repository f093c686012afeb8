import {
  findResource,
  ofKind,
  type LambdaFunction,
  type Topology,
} from '../../../src/aws/topology.ts'
import { allows, toIdentity } from '../aws-apis/identities.ts'
import { ACCOUNT, REGION } from './identifiers.ts'

/** Lambda guide, Defined runtime environment variables: these cannot be set. */
const RESERVED_VARIABLES =
  /^(?:AWS_(?:REGION|DEFAULT_REGION|EXECUTION_ENV|LAMBDA_\w+|ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|ACCESS_KEY)|_HANDLER|_X_AMZN_TRACE_ID|LAMBDA_TASK_ROOT|LAMBDA_RUNTIME_DIR)$/

/** Lambda guide, Lambda quotas; measured as the service does, on the JSON of the variables. */
const ENVIRONMENT_BYTES = 4096

/** What Lambda would refuse to create, in its own terms. */
export function checkFunctions(topology: Topology): string[] {
  return ofKind(topology, 'function').flatMap((fn) =>
    [...problemsOf(fn, topology)].map((problem) => `function.${fn.name}: ${problem}`),
  )
}

function* problemsOf(fn: LambdaFunction, topology: Topology): Generator<string> {
  const role = findResource(topology, 'role', fn.role)
  if (role === undefined) yield `there is no role "${fn.role}"`
  else {
    const identity = toIdentity(role.name, role)
    if (role.service !== 'lambda.amazonaws.com')
      yield 'The role defined for the function cannot be assumed by Lambda.'
    if (fn.network !== null && !allows(identity, 'ec2:CreateNetworkInterface', '*'))
      yield 'The provided execution role does not have permissions to call CreateNetworkInterface on EC2'
  }
  if (!/^(?:nodejs2[24]\.x|python3\.1[0-4])$/.test(fn.runtime))
    yield `The runtime parameter of ${fn.runtime} is not supported`
  for (const name of fn.network?.subnets ?? [])
    if (findResource(topology, 'subnet', name) === undefined && !name.startsWith('subnet-'))
      yield `there is no subnet "${name}"`
  for (const name of fn.network?.securityGroups ?? [])
    if (findResource(topology, 'securityGroup', name) === undefined && !name.startsWith('sg-'))
      yield `there is no security group "${name}"`

  const names = Object.keys(fn.environment)
  for (const name of names) {
    if (!/^[a-zA-Z]\w+$/.test(name)) yield `"${name}" is no name of an environment variable`
    if (RESERVED_VARIABLES.test(name)) yield `the environment variable ${name} is reserved`
  }
  if (Buffer.byteLength(JSON.stringify(fn.environment)) > ENVIRONMENT_BYTES)
    yield 'the environment variables you have provided exceeded the 4KB limit'
  if (fn.timeoutSeconds < 1 || fn.timeoutSeconds > 900) yield 'the timeout is not 1 to 900 seconds'
  if (fn.memoryMb < 128 || fn.memoryMb > 10_240) yield 'the memory is not 128 to 10240 MB'
}

/**
 * Lambda guide, Enable internet access for VPC-connected Lambda functions: through a NAT gateway
 * only; a route to an internet gateway does not help. One subnet with a way out is enough, because
 * Lambda chooses between them.
 */
export function reachesInternet({ network }: LambdaFunction, topology: Topology): boolean {
  if (network === null) return true
  const mayLeave = network.securityGroups.some(
    (name) => (findResource(topology, 'securityGroup', name)?.egress.length ?? 0) > 0,
  )
  return mayLeave && network.subnets.some((name) => hasNat(name, topology))
}

function hasNat(subnetName: string, topology: Topology): boolean {
  const subnet = findResource(topology, 'subnet', subnetName)
  return ofKind(topology, 'networkRoute').some(
    ({ routeTable, destination, target }) =>
      routeTable === subnet?.routeTable && destination === '0.0.0.0/0' && target.startsWith('nat-'),
  )
}

/** Whether what the function writes arrives in its log group. */
export function mayWriteLogs(fn: LambdaFunction, topology: Topology): boolean {
  const role = findResource(topology, 'role', fn.role)
  if (role === undefined) return false
  const group = fn.logGroup ?? `/aws/lambda/${fn.name}`
  const stream = `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:${group}:log-stream:any`
  const identity = toIdentity(role.name, role)
  return ['logs:CreateLogStream', 'logs:PutLogEvents'].every((action) =>
    allows(identity, action, stream),
  )
}
