import type { Role } from '../../../src/aws/topology.ts'
import { credentialsOf, type Credentials } from './credentials.ts'
import { ServiceError } from './service-error.ts'

/** A role as the services meet it: behind credentials. */
export interface Identity {
  arn: string
  credentials: Credentials
  statements: Role['statements']
}

/** AWS managed policy reference: what of these the twins ask for. */
const MANAGED_POLICIES: Record<string, readonly string[]> = {
  AWSLambdaBasicExecutionRole: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
  AWSLambdaVPCAccessExecutionRole: [
    'logs:CreateLogGroup',
    'logs:CreateLogStream',
    'logs:PutLogEvents',
    'ec2:CreateNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSubnets',
    'ec2:DeleteNetworkInterface',
    'ec2:AssignPrivateIpAddresses',
    'ec2:UnassignPrivateIpAddresses',
  ],
}

export function toIdentity(arn: string, role: Role): Identity {
  const managed = role.managedPolicies.map((policy) => ({
    actions: MANAGED_POLICIES[policy.split('/').at(-1) ?? ''] ?? [],
    resources: ['*'],
  }))
  return { arn, credentials: credentialsOf(arn), statements: [...role.statements, ...managed] }
}

/** IAM guide, Policy evaluation logic: nothing is allowed that no statement allows. */
export function allows(identity: Identity, action: string, resource: string): boolean {
  return identity.statements.some(
    ({ actions, resources }) =>
      // IAM guide, Action: not case-sensitive; Resource: `*` and `?` stand for characters.
      actions.some((each) => matches(each.toLowerCase(), action.toLowerCase())) &&
      resources.some((each) => matches(each, resource)),
  )
}

export function authorize(identity: Identity, action: string, resource: string): void {
  if (allows(identity, action, resource)) return
  throw new ServiceError(
    400,
    'AccessDeniedException',
    `User: ${identity.arn} is not authorized to perform: ${action} on resource: ${resource} ` +
      `because no identity-based policy allows the ${action} action`,
  )
}

function matches(pattern: string, text: string): boolean {
  const source = pattern
    .replaceAll(/[\\^$.+()|[\]{}]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, 's').test(text)
}
