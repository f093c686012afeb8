import * as v from 'valibot'
import type { Role } from '../topology.ts'
import {
  block,
  blocks,
  findName,
  type Input,
  type Load,
  nameOf,
  read,
  readJson,
  Text,
  Texts,
} from './input.ts'

const FunctionSchema = v.object({
  filename: v.nullish(Text, ''),
  s3_bucket: v.nullish(Text, ''),
  s3_key: v.nullish(Text, ''),
  image_uri: v.nullish(Text, ''),
  handler: v.nullish(Text, ''),
  runtime: v.nullish(Text, ''),
  architectures: Texts,
  memory_size: v.nullish(v.number(), 128),
  timeout: v.nullish(v.number(), 3),
  environment: block(
    v.object({ variables: v.nullish(v.union([v.record(v.string(), Text), Text])) }),
  ),
  role: Text,
  vpc_config: block(v.object({ subnet_ids: Texts, security_group_ids: Texts })),
  logging_config: block(v.object({ log_group: v.nullish(Text, '') })),
})

const loadFunction: Load = (input, others) => {
  const found = read(FunctionSchema, input)
  const network = found.vpc_config
  const variables = found.environment?.variables ?? {}
  const logGroup = found.logging_config?.log_group ?? ''
  return {
    kind: 'function',
    name: input.name,
    code: codeOf(found),
    handler: found.handler,
    runtime: found.runtime,
    architecture: found.architectures[0] ?? 'x86_64',
    memoryMb: found.memory_size,
    timeoutSeconds: found.timeout,
    // A plan may not know the names of the variables yet.
    environment: typeof variables === 'string' ? {} : variables,
    role: nameOf('role', found.role),
    network:
      network === undefined || network.subnet_ids.length === 0
        ? null
        : {
            subnets: network.subnet_ids.map((id) => nameOf('subnet', id)),
            securityGroups: network.security_group_ids.map((id) => nameOf('securityGroup', id)),
          },
    logGroup: logGroup === '' ? null : ownLogGroup(logGroup, others),
  }
}

function codeOf(found: v.InferOutput<typeof FunctionSchema>): string {
  if (found.image_uri !== '') return `image:${found.image_uri}`
  if (found.s3_key !== '') return `asset:${found.s3_bucket}/${found.s3_key}`
  return `asset:${found.filename}`
}

/** Lambda states its own default group too, which nobody gave a retention. */
function ownLogGroup(logGroup: string, others: readonly Input[]): string | null {
  const name = findName('logGroup', logGroup, others)
  return name === logGroup && logGroup.startsWith('/aws/lambda/') ? null : name
}

const PermissionSchema = v.object({
  function_name: Text,
  action: Text,
  principal: Text,
  source_arn: v.nullish(Text),
})

const loadPermission: Load = (input, others) => {
  const permission = read(PermissionSchema, input)
  return {
    kind: 'permission',
    name: input.name,
    function: findName('function', permission.function_name, others),
    action: permission.action,
    principal: permission.principal,
    sourceArn: permission.source_arn ?? null,
  }
}

/** In a policy one text and a list of one are the same. */
const OneOrMore = v.pipe(
  v.optional(v.union([v.string(), v.array(v.string())]), []),
  v.transform((texts) => (typeof texts === 'string' ? [texts] : texts)),
)
const StatementSchema = v.object({
  Effect: v.string(),
  Action: OneOrMore,
  Resource: OneOrMore,
  Principal: v.optional(v.unknown()),
})
const PolicySchema = v.object({
  Statement: v.pipe(
    v.union([v.array(StatementSchema), StatementSchema]),
    v.transform((statements) => (Array.isArray(statements) ? statements : [statements])),
  ),
})
const ServiceSchema = v.object({ Service: v.string() })

const RoleSchema = v.object({
  assume_role_policy: Text,
  managed_policy_arns: Texts,
  inline_policy: blocks(v.object({ policy: v.nullish(Text, '') })),
})
const RolePolicySchema = v.object({ role: Text, policy: Text })
const AttachmentSchema = v.object({ role: Text, policy_arn: Text })

const loadRole: Load = (input, others) => {
  const role = read(RoleSchema, input)
  const path = `${input.address}.assume_role_policy`
  const trust = readPolicy(role.assume_role_policy, path)[0]
  const service = v.safeParse(ServiceSchema, trust?.Principal)
  const attached = (type: string): Input[] =>
    others.filter(
      (other) =>
        other.type === type && findName('role', read(AnyRole, other).role, others) === input.name,
    )
  return {
    kind: 'role',
    name: input.name,
    service: service.success ? service.output.Service : '',
    managedPolicies: [
      ...role.managed_policy_arns,
      ...attached('aws_iam_role_policy_attachment').map(
        (other) => read(AttachmentSchema, other).policy_arn,
      ),
    ],
    statements: [
      ...role.inline_policy.flatMap(({ policy }) =>
        policy === '' ? [] : toStatements(policy, `${input.address}.inline_policy`),
      ),
      ...attached('aws_iam_role_policy').flatMap((other) =>
        toStatements(read(RolePolicySchema, other).policy, `${other.address}.policy`),
      ),
    ],
  }
}

const AnyRole = v.object({ role: Text })

function toStatements(policy: string, path: string): Role['statements'] {
  return readPolicy(policy, path)
    .filter(({ Effect }) => Effect === 'Allow')
    .map(({ Action, Resource }) => ({ actions: Action, resources: Resource }))
}

/** A plan may know nothing of a policy yet but that there is one. */
function readPolicy(policy: string, path: string): v.InferOutput<typeof StatementSchema>[] {
  return policy.startsWith('${') || policy.startsWith('«')
    ? []
    : readJson(PolicySchema, policy, path).Statement
}

const LogGroupSchema = v.object({ retention_in_days: v.nullish(v.number(), 0) })

const loadLogGroup: Load = (input) => {
  const days = read(LogGroupSchema, input).retention_in_days
  // 0 is the provider's word for "never expires".
  return { kind: 'logGroup', name: input.name, retentionDays: days === 0 ? null : days }
}

export const FUNCTIONS: Readonly<Record<string, Load>> = {
  aws_lambda_function: loadFunction,
  aws_lambda_permission: loadPermission,
  aws_iam_role: loadRole,
  aws_cloudwatch_log_group: loadLogGroup,
}
