import { Token } from 'aws-cdk-lib'
import * as v from 'valibot'
import {
  checkAccess,
  checkDomains,
  checkOrigins,
  checkRedirectUris,
  checkResource,
} from '../../config/checks.ts'
import { BrandingSchema, checkBranding } from '../../config/branding.ts'
import { ConfigError, type ConfigIssue } from '../../config/config-error.ts'
import { checkForm } from '../../config/form.ts'
import { AccessSchema, Text, Texts } from '../../config/schema-parts.ts'
import { checkEnvironment } from './check-environment.ts'
import { checkRelay, RELAY_ENTRIES } from './check-relay.ts'
import { checkUserPool } from './check-user-pool.ts'
import type { BrokerProps, PrivateMcpServerProps, RelayProps } from './props.ts'
import { scopesOf } from './settings.ts'

const PropsSchema: v.GenericSchema = v.strictObject({
  mode: v.picklist(['broker', 'relay']),
  access: AccessSchema,
  domainName: Text,
  certificateArn: Text,
  path: v.optional(Text),
  name: v.optional(Text),
  branding: v.optional(BrandingSchema),
  server: v.looseObject({}),
  scopes: v.optional(v.pipe(Texts, v.minLength(1))),
  requiredScopes: v.optional(Texts),
  forwardGroups: v.optional(Texts),
  allowedOrigins: v.optional(Texts),
  callbackUrls: v.optional(Texts),
  clientDomains: v.optional(Texts),
  cognitoDomainPrefix: v.optional(Text),
  userPool: v.optional(v.looseObject({ pool: v.looseObject({}), domain: v.looseObject({}) })),
  vpc: v.optional(v.looseObject({})),
  rotation: v.optional(Text),
  logRetention: v.optional(v.number()),
  memorySize: v.optional(v.pipe(v.number(), v.integer(), v.minValue(128), v.maxValue(10_240))),
  ...RELAY_ENTRIES,
})

const NEEDED_BY_POOL: readonly (keyof RelayProps)[] = [
  'mode',
  'access',
  'domainName',
  'path',
  'server',
  'scopes',
  'callbackUrls',
  'mcpRemoteArguments',
  'userPool',
]

/** Throws one ConfigError with all problems. */
export function checkProps(props: PrivateMcpServerProps): void {
  const { issues, sound } = checkForm(PropsSchema, props)
  const isNamed = sound('domainName') && checkDomainName(props.domainName, issues)
  if (sound('mode')) checkRelay(props, sound, isNamed, issues)
  if (sound('certificateArn')) checkCertificate(props.certificateArn, issues)
  if (sound('path') && isNamed) checkMcpUrl(props, sound, issues)
  if (sound('access') && sound('scopes') && sound('mode'))
    checkAccess(props.access, [{ scopes: scopesOf(props) }], issues)
  if (sound('branding')) checkBranding(props.branding, issues)
  if (sound('allowedOrigins')) checkOrigins(props.allowedOrigins, issues)
  if (sound('callbackUrls')) checkRedirectUris('callbackUrls', props.callbackUrls ?? [], issues)
  if (sound('mode') && props.mode === 'broker' && sound('callbackUrls'))
    checkEnvironment(props, props.callbackUrls ?? [], sound, issues)
  if (sound('mode') && sound('clientDomains')) checkClientDomains(props, issues)
  if (sound('server')) checkServer(props.server, issues)
  if (sound('vpc') && props.vpc?.isolatedSubnets.length === 0)
    issues.push({
      path: 'vpc',
      message: 'has no isolated subnets, and elsewhere the MCP server could reach the internet',
      fix: 'Add subnets of the type PRIVATE_ISOLATED, or leave vpc out.',
    })
  if (sound('userPool') && sound('cognitoDomainPrefix')) checkSignIn(props, issues)
  // What a pool must have follows from the other props.
  const isSettled = NEEDED_BY_POOL.every(
    (key) => sound(key) && !issues.some(({ path }) => path === key),
  )
  if (isSettled && props.userPool !== undefined) checkUserPool(props, props.userPool, issues)
  if (issues.length > 0) throw new ConfigError(issues)
}

function checkDomainName(domainName: string, issues: ConfigIssue[]): boolean {
  const path = 'domainName'
  if (Token.isUnresolved(domainName)) {
    issues.push({
      path,
      message:
        'is known only after deployment, and headers of the distribution that carried it would close a circle',
      fix: 'Write the host itself.',
    })
    return false
  }
  if (/^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$/.test(domainName))
    return true
  issues.push({
    path,
    message: 'is not the name of a host',
    fix: 'Write it in lower case without https:// and path, for instance mcp.example.com.',
  })
  return false
}

function checkCertificate(certificateArn: string, issues: ConfigIssue[]): void {
  if (Token.isUnresolved(certificateArn)) return
  if (/^arn:aws[a-z-]*:acm:us-east-1:\d{12}:certificate\/.+$/.test(certificateArn)) return
  issues.push({
    path: 'certificateArn',
    message: 'is not an ACM certificate of us-east-1, and CloudFront takes no other',
    fix: 'Request one for domainName there, whatever the region of the stack.',
  })
}

function checkMcpUrl(
  props: PrivateMcpServerProps,
  sound: (key: string) => boolean,
  issues: ConfigIssue[],
): void {
  const path = props.path ?? '/mcp'
  // What API Gateway understands as a plain route (HTTP API, "Routes"), of which /ping is its own.
  if (!/^(?:\/[A-Za-z0-9._~-]+)+$/.test(path) || path === '/ping') {
    issues.push({
      path: 'path',
      message: path === '/ping' ? 'is API Gateway’s own' : 'is not a plain path',
      fix: 'Begin with a slash, do not end with one, and use letters, digits and ._~- between.',
    })
    return
  }
  const found: ConfigIssue[] = []
  checkResource(
    {
      url: `https://${props.domainName}${path}`,
      ...(sound('scopes') && sound('mode') ? { scopes: scopesOf(props) } : {}),
      ...(sound('requiredScopes') && sound('scopes')
        ? { requiredScopes: props.requiredScopes ?? [] }
        : {}),
    },
    '',
    found,
  )
  issues.push(...found.map((issue) => (issue.path === 'url' ? { ...issue, path: 'path' } : issue)))
}

function checkServer(server: PrivateMcpServerProps['server'], issues: ConfigIssue[]): void {
  const given: object = server
  if ('url' in given || !('code' in given || 'existing' in given))
    issues.push({
      path: 'server',
      message:
        'is no Lambda function: a gate that forwards to a URL would need private keys inside the VPC',
      fix: 'Give code, or existing. For a server elsewhere run Postern itself (`postern serve`).',
    })
  else if ('code' in given && 'existing' in given)
    issues.push({
      path: 'server',
      message: 'is both code and an existing function',
      fix: 'Give one.',
    })
  const environment = 'environment' in server ? (server.environment ?? {}) : {}
  for (const name of Object.keys(environment).filter((key) => key.startsWith('POSTERN_')))
    issues.push({
      path: `server.environment.${name}`,
      message: 'is Postern’s own',
      fix: 'Name it otherwise.',
    })
}

function checkSignIn(props: PrivateMcpServerProps, issues: ConfigIssue[]): void {
  const { userPool, cognitoDomainPrefix: prefix } = props
  const path = 'cognitoDomainPrefix'
  if (userPool !== undefined) {
    if (prefix !== undefined)
      issues.push({
        path,
        message: 'is given for a user pool that has a domain already',
        fix: 'Remove it; userPool.domain says where people sign in.',
      })
  } else if (prefix === undefined)
    issues.push({
      path,
      message: 'is missing',
      fix: 'Name the sign-in domain, unique in the region, or bring a userPool.',
    })
  else if (!Token.isUnresolved(prefix)) checkPrefix(path, prefix, issues)
}

/** Cognito Developer Guide, "Configuring a user pool domain", and CreateUserPoolDomain. */
function checkPrefix(path: string, prefix: string, issues: ConfigIssue[]): void {
  if (!/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(prefix))
    issues.push({
      path,
      message: 'is not a prefix that Cognito takes',
      fix: 'Use 1 to 63 lower-case letters, digits and hyphens, and no hyphen at either end.',
    })
  const reserved = ['aws', 'amazon', 'cognito'].find((word) => prefix.includes(word))
  if (reserved !== undefined)
    issues.push({
      path,
      message: `contains ${reserved}, which Cognito reserves`,
      fix: 'Use another name.',
    })
}

function checkClientDomains(props: PrivateMcpServerProps, issues: ConfigIssue[]): void {
  const { clientDomains } = props as Pick<BrokerProps, 'clientDomains'>
  checkDomains('clientDomains', clientDomains ?? [], issues)
  if (props.mode === 'relay' && clientDomains !== undefined)
    issues.push({
      path: 'clientDomains',
      message: 'is for broker mode: in relay no client comes by a metadata document',
      fix: 'Remove it.',
    })
}
