import * as v from 'valibot'
import type { Role } from '../topology.ts'
import { type Load, nameOf, Numeric, read, Text, Texts } from './input.ts'

const FunctionSchema = v.object({
  Code: v.object({
    S3Key: v.optional(Text),
    ZipFile: v.optional(Text),
    ImageUri: v.optional(Text),
  }),
  Handler: v.optional(Text, ''),
  Runtime: v.optional(Text, ''),
  Architectures: v.optional(Texts, ['x86_64']),
  MemorySize: v.optional(Numeric, 128),
  Timeout: v.optional(Numeric, 3),
  Environment: v.optional(v.object({ Variables: v.optional(v.record(v.string(), Text), {}) }), {
    Variables: {},
  }),
  Role: Text,
  VpcConfig: v.optional(
    v.object({
      SubnetIds: v.optional(Texts, []),
      SecurityGroupIds: v.optional(Texts, []),
    }),
  ),
  LoggingConfig: v.optional(v.object({ LogGroup: v.optional(Text) }), {}),
})

const loadFunction: Load = (input) => {
  const found = read(FunctionSchema, input)
  const { S3Key, ImageUri } = found.Code
  const { LogGroup } = found.LoggingConfig
  return {
    kind: 'function',
    name: input.name,
    code:
      S3Key === undefined
        ? ImageUri === undefined
          ? 'inline'
          : `image:${ImageUri}`
        : `asset:${S3Key.replace(/\.zip$/, '')}`,
    handler: found.Handler,
    runtime: found.Runtime,
    architecture: found.Architectures[0] ?? 'x86_64',
    memoryMb: found.MemorySize,
    timeoutSeconds: found.Timeout,
    environment: found.Environment.Variables,
    role: nameOf('role', found.Role),
    // An empty VpcConfig is none.
    network:
      found.VpcConfig === undefined || found.VpcConfig.SubnetIds.length === 0
        ? null
        : {
            subnets: found.VpcConfig.SubnetIds.map((id) => nameOf('subnet', id)),
            securityGroups: found.VpcConfig.SecurityGroupIds.map((id) =>
              nameOf('securityGroup', id),
            ),
          },
    logGroup: LogGroup === undefined ? null : nameOf('logGroup', LogGroup),
  }
}

const PermissionSchema = v.object({
  FunctionName: Text,
  Action: Text,
  Principal: Text,
  SourceArn: v.optional(Text),
})

const loadPermission: Load = (input) => {
  const permission = read(PermissionSchema, input)
  return {
    kind: 'permission',
    name: input.name,
    function: nameOf('function', permission.FunctionName),
    action: permission.Action,
    principal: permission.Principal,
    sourceArn: permission.SourceArn ?? null,
  }
}

const StatementSchema = v.object({
  Effect: Text,
  Action: v.optional(Texts, []),
  Resource: v.optional(Texts, []),
  Principal: v.optional(v.unknown()),
})

const PolicyDocumentSchema = v.object({
  Statement: v.union([
    v.array(StatementSchema),
    v.pipe(
      StatementSchema,
      v.transform((only) => [only]),
    ),
  ]),
})

const PolicySchema = v.object({
  PolicyDocument: PolicyDocumentSchema,
  Roles: v.optional(Texts, []),
})

const RoleSchema = v.object({
  AssumeRolePolicyDocument: PolicyDocumentSchema,
  ManagedPolicyArns: v.optional(Texts, []),
  Policies: v.optional(v.array(PolicySchema), []),
})

const ServiceSchema = v.object({ Service: Text })

const loadRole: Load = (input, others) => {
  const role = read(RoleSchema, input)
  const [trust] = role.AssumeRolePolicyDocument.Statement
  const principal = v.safeParse(ServiceSchema, trust?.Principal)
  const attached = others
    .filter(({ type }) => POLICY_TYPES.includes(type))
    .map((other) => read(PolicySchema, other))
    .filter(({ Roles }) => Roles.some((found) => nameOf('role', found) === input.name))
  return {
    kind: 'role',
    name: input.name,
    service: principal.success ? principal.output.Service : '',
    managedPolicies: role.ManagedPolicyArns,
    statements: [...role.Policies, ...attached].flatMap(toStatements),
  }
}

const POLICY_TYPES = ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy', 'AWS::IAM::RolePolicy']

function toStatements(policy: v.InferOutput<typeof PolicySchema>): Role['statements'] {
  return policy.PolicyDocument.Statement.filter(({ Effect }) => Effect === 'Allow').map(
    ({ Action, Resource }) => ({ actions: Action, resources: Resource }),
  )
}

const LogGroupSchema = v.object({ RetentionInDays: v.optional(Numeric) })

const loadLogGroup: Load = (input) => ({
  kind: 'logGroup',
  name: input.name,
  retentionDays: read(LogGroupSchema, input).RetentionInDays ?? null,
})

export const FUNCTIONS: Readonly<Record<string, Load>> = {
  'AWS::Lambda::Function': loadFunction,
  'AWS::Lambda::Permission': loadPermission,
  'AWS::IAM::Role': loadRole,
  'AWS::Logs::LogGroup': loadLogGroup,
}
