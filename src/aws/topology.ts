/**
 * One model of what is deployed on AWS. The CDK construct and the Terraform module are both loaded
 * into it; the linter checks it, the twins run it, and parity compares two of them.
 *
 * A `Text` is a literal in which whatever exists only after deployment stands as a placeholder:
 * `${kind.name.attribute}` for a resource of this model, `${region}`, `${account}`, `${partition}`
 * and `${urlSuffix}` for the environment. A reference to a whole resource is its `Name`.
 */
export interface Topology {
  resources: readonly Resource[]
  /** Resources of types that this model does not know: noted, never an error. */
  ignored: readonly { type: string; id: string }[]
}

/** A literal with placeholders, as explained above. */
export type Text = string
/** The `name` of another resource of the kind that the member's comment says. */
export type Name = string

export type Resource =
  | Distribution
  | ResponseHeadersPolicy
  | EdgeFunction
  | Api
  | Stage
  | Route
  | Integration
  | Authorizer
  | LambdaFunction
  | Permission
  | Role
  | LogGroup
  | Vpc
  | Subnet
  | RouteTable
  | NetworkRoute
  | SecurityGroup
  | NatGateway
  | InternetGateway
  | UserPool
  | UserPoolDomain
  | UserPoolBranding
  | UserPoolClient
  | ResourceServer
  | Secret
  | Keys
  | Schedule
  | Alarm
  | WebAcl

export type Kind = Resource['kind']
export type ResourceOf<K extends Kind> = Extract<Resource, { kind: K }>

export interface Distribution {
  kind: 'distribution'
  name: string
  aliases: readonly Text[]
  certificateArn: Text | null
  minimumTls: string | null
  httpVersion: string
  enabled: boolean
  webAcl: Text | null
  origins: readonly Origin[]
  /** In order of precedence; the default behaviour is last and has the pattern `*`. */
  behaviors: readonly Behavior[]
  /** Statuses with a setting of their own; CloudFront keeps the other errors for 10 s. */
  errorResponses: readonly {
    status: number
    cachingSeconds: number | null
    responsePagePath: string | null
    responseStatus: number | null
  }[]
  /** Standard access logs hold query strings, and so authorization codes. */
  accessLogs: { destination: Text } | null
}

export interface Origin {
  id: string
  domain: Text
  /** `''` or `/oauth2`. */
  path: string
  protocol: 'http-only' | 'https-only' | 'match-viewer'
  port: number
  tlsVersions: readonly string[]
  readTimeoutSeconds: number
  /** Sent to the origin, over whatever the viewer sent. Names in lower case. */
  headers: readonly { name: string; value: Text }[]
}

export interface Behavior {
  pattern: string
  /** `id` of an origin. */
  origin: string
  methods: readonly string[]
  viewerProtocol: 'https-only' | 'redirect-to-https' | 'allow-all'
  compress: boolean
  /** AWS's name of a managed policy (`CachingDisabled`) or a placeholder. */
  cachePolicy: Text | null
  /** `AllViewerExceptHostHeader`, `AllViewer` … or null: see `reference` of CloudFront's defaults. */
  originRequestPolicy: Text | null
  /** Name of a `responseHeadersPolicy`, or a managed policy's id. */
  responseHeadersPolicy: Name | null
  /** Name of an `edgeFunction`. */
  viewerRequest: Name | null
  viewerResponse: Name | null
}

export interface ResponseHeadersPolicy {
  kind: 'responseHeadersPolicy'
  name: string
  set: readonly { name: string; value: Text; override: boolean }[]
  remove: readonly string[]
}

export interface EdgeFunction {
  kind: 'edgeFunction'
  name: string
  runtime: string
  code: string
}

export interface Api {
  kind: 'api'
  name: string
  protocol: string
  executeApiEndpoint: boolean
  /** Whether API Gateway answers CORS preflights itself. */
  cors: boolean
}

export interface Stage {
  kind: 'stage'
  name: string
  /** Name of an `api`. */
  api: Name
  stageName: string
  autoDeploy: boolean
  accessLogs: { destination: Text; format: string } | null
}

export interface Route {
  kind: 'route'
  name: string
  api: Name
  /** `ANY /mcp`, `$default` … */
  key: string
  /** Name of an `authorizer`; null where the function is the guard. */
  authorizer: Name | null
  scopes: readonly Text[]
  /** Name of an `integration`. */
  integration: Name
}

export interface Integration {
  kind: 'integration'
  name: string
  api: Name
  /** Name of a `function`, or the ARN of one that was brought. */
  function: Text
  payloadFormat: string
  timeoutMilliseconds: number
}

export interface Authorizer {
  kind: 'authorizer'
  name: string
  api: Name
  type: 'JWT' | 'REQUEST'
  identitySources: readonly string[]
  /** JWT. */
  issuer: Text | null
  audience: readonly Text[]
  /** REQUEST: name of a `function`. */
  function: Text | null
  payloadFormat: string | null
  simpleResponses: boolean
  resultTtlSeconds: number | null
}

export interface LambdaFunction {
  kind: 'function'
  name: string
  /** Folder or zip that the code comes from: `asset:<path>` as the source of the model names it. */
  code: string
  handler: string
  runtime: string
  architecture: string
  memoryMb: number
  timeoutSeconds: number
  environment: Readonly<Record<string, Text>>
  /** Name of a `role`, or an ARN. */
  role: Text
  /** Null outside a VPC: the function then reaches the internet. */
  network: { subnets: readonly Name[]; securityGroups: readonly Name[] } | null
  /** Name of a `logGroup`; null where Lambda makes one that never expires. */
  logGroup: Name | null
}

/** Who may invoke a function. */
export interface Permission {
  kind: 'permission'
  name: string
  function: Text
  action: string
  principal: string
  sourceArn: Text | null
}

export interface Role {
  kind: 'role'
  name: string
  /** Service that may assume it. */
  service: string
  managedPolicies: readonly Text[]
  statements: readonly { actions: readonly string[]; resources: readonly Text[] }[]
}

export interface LogGroup {
  kind: 'logGroup'
  name: string
  retentionDays: number | null
}

export interface Vpc {
  kind: 'vpc'
  name: string
  cidr: string
}

export interface Subnet {
  kind: 'subnet'
  name: string
  vpc: Name
  cidr: string
  availabilityZone: Text
  publicIps: boolean
  /** Name of a `routeTable`. */
  routeTable: Name | null
}

export interface RouteTable {
  kind: 'routeTable'
  name: string
  vpc: Name
}

/** A route out of a subnet. Isolated subnets have none. */
export interface NetworkRoute {
  kind: 'networkRoute'
  name: string
  routeTable: Name
  destination: string
  target: Text
}

export interface SecurityGroup {
  kind: 'securityGroup'
  name: string
  vpc: Name
  /** `tcp 443 0.0.0.0/0`; CDK's placeholder rule for "none" (255.255.255.255/32) is left out. */
  egress: readonly string[]
  ingress: readonly string[]
}

export interface NatGateway {
  kind: 'natGateway'
  name: string
}

export interface InternetGateway {
  kind: 'internetGateway'
  name: string
}

export interface UserPool {
  kind: 'userPool'
  name: string
  poolName: Text | null
  tier: string | null
  adminCreateUserOnly: boolean
  mfa: string | null
  usernameAttributes: readonly string[]
  autoVerified: readonly string[]
  passwordMinimumLength: number | null
  deletionProtection: boolean
}

export interface UserPoolDomain {
  kind: 'userPoolDomain'
  name: string
  userPool: Text
  /** Prefix, or a whole custom domain. */
  domain: Text
  managedLoginVersion: number | null
}

export interface UserPoolBranding {
  kind: 'userPoolBranding'
  name: string
  userPool: Text
  /** Name of a `userPoolClient`. */
  client: Text
  cognitoProvidedValues: boolean
}

export interface UserPoolClient {
  kind: 'userPoolClient'
  name: string
  userPool: Text
  generateSecret: boolean
  callbackUrls: readonly Text[]
  logoutUrls: readonly Text[]
  oauthFlows: readonly string[]
  oauthEnabled: boolean
  oauthScopes: readonly Text[]
  identityProviders: readonly string[]
  explicitAuthFlows: readonly string[]
  preventUserExistenceErrors: boolean
  tokenRevocation: boolean
  refreshTokenRotation: { enabled: boolean; graceSeconds: number } | null
  accessTokenMinutes: number | null
  idTokenMinutes: number | null
  refreshTokenMinutes: number | null
  /** Resources that must exist first, as `kind.name`: its scopes are a resource server's. */
  after: readonly string[]
}

export interface ResourceServer {
  kind: 'resourceServer'
  name: string
  userPool: Text
  identifier: Text
  displayName: string
  scopes: readonly { name: string; description: string }[]
}

export interface Secret {
  kind: 'secret'
  name: string
  description: string | null
}

/**
 * The call of the `keys` function at deploy time: a custom resource, or `aws_lambda_invocation`.
 * Its results are the placeholders `${keys.<name>.jwks}`, `.originSecretSha256`, `.secretVersion`.
 */
export interface Keys {
  kind: 'keys'
  name: string
  /** Name of a `function`. */
  function: Name
  input: Readonly<Record<string, Text>>
}

export interface Schedule {
  kind: 'schedule'
  name: string
  expression: string
  enabled: boolean
  /** Name of a `function`. */
  target: Name
}

export interface Alarm {
  kind: 'alarm'
  name: string
  namespace: string
  metric: string
  dimensions: Readonly<Record<string, Text>>
  statistic: string
  periodSeconds: number
  evaluationPeriods: number
  threshold: number
  comparison: string
  missingData: string
  description: Text
}

export interface WebAcl {
  kind: 'webAcl'
  name: string
  /** `AWSManagedRulesCommonRuleSet` …, with the rules excluded or only counted. */
  managedRuleSets: readonly { name: string; excluded: readonly string[] }[]
}

export function ofKind<K extends Kind>(topology: Topology, kind: K): ResourceOf<K>[] {
  return topology.resources.filter((resource): resource is ResourceOf<K> => resource.kind === kind)
}

export function findResource<K extends Kind>(
  topology: Topology,
  kind: K,
  name: Name,
): ResourceOf<K> | undefined {
  return ofKind(topology, kind).find((resource) => resource.name === name)
}

/** Every `${…}` in a text, without the braces. */
export function placeholdersIn(text: Text): string[] {
  return [...text.matchAll(/\$\{([^}]+)\}/g)].map(([, inner]) => inner ?? '')
}
