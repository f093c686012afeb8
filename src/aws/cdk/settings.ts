import { RetentionDays } from 'aws-cdk-lib/aws-logs'
import type { Access, BrandingOptions } from '../../config/options.ts'
import { PATHS } from '../../protocol/metadata.ts'
import { callbackUrls } from '../callback-urls.ts'
import type { PrivateMcpServerProps } from './props.ts'

/** The props with every default filled in and every name as it stands on the wire. */
export interface Settings extends Pick<
  PrivateMcpServerProps,
  'mode' | 'domainName' | 'certificateArn' | 'server' | 'userPool' | 'vpc'
> {
  /** `https://<domainName>`, the issuer. */
  origin: string
  path: string
  mcpUrl: string
  name: string
  branding?: BrandingOptions
  access: Access
  scopes: readonly string[]
  requiredScopes: readonly string[]
  forwardGroups: readonly string[]
  allowedOrigins: readonly string[]
  /** In relay all that Cognito knows; in broker those besides loopback and known clients. */
  redirectUris: readonly string[]
  /** Undefined: every host. */
  clientDomains?: readonly string[]
  identityProviderScopes: readonly string[]
  identityProviderCallbackUrls: readonly string[]
  cognitoDomainPrefix: string
  /** Whether the app client has a secret. */
  clientSecret: boolean
  clientAuthentication: 'public' | 'edge'
  tokenPath: 'edge' | 'function'
  resourceParameter: 'forward' | 'strip'
  shareClientSecret: boolean
  /** Whether API Gateway refuses first: then the challenge comes from the edge. */
  authorizer: boolean
  /** Whether the MCP path has a route of its own: another function serves it, or an authorizer guards it. */
  mcpRoute: boolean
  mcpRemoteArguments: readonly string[]
  rotation: string
  logRetention: RetentionDays
  memorySize: number
}

/** As written, without what Cognito puts before them. */
export function scopesOf(props: Pick<PrivateMcpServerProps, 'mode' | 'scopes'>): string[] {
  return props.scopes ?? [props.mode === 'relay' ? 'tools' : 'mcp']
}

/** Props must have been checked. */
export function fillIn(props: PrivateMcpServerProps): Settings {
  const origin = `https://${props.domainName}`
  const path = props.path ?? '/mcp'
  const mcpUrl = `${origin}${path}`
  const relay = props.mode === 'relay' ? props : undefined
  // Cognito puts the resource server before the names of its scopes; a brought client's are whole.
  const onWire = (scope: string): string =>
    relay === undefined || scope.includes('/') ? scope : `${mcpUrl}/${scope}`
  const scopes = scopesOf(props).map(onWire)
  const authorizer = 'existing' in props.server || relay?.defence === 'both'
  const mcpRemoteArguments = relay?.mcpRemoteArguments ?? []
  const redirectUris = [
    ...new Set([
      ...(relay === undefined ? [] : callbackUrls({ url: mcpUrl, args: mcpRemoteArguments })),
      ...(props.callbackUrls ?? []),
    ]),
  ]
  return {
    mode: props.mode,
    domainName: props.domainName,
    certificateArn: props.certificateArn,
    server: props.server,
    ...(props.userPool === undefined ? {} : { userPool: props.userPool }),
    ...(props.vpc === undefined ? {} : { vpc: props.vpc }),
    origin,
    path,
    mcpUrl,
    name: props.name ?? props.domainName,
    ...(props.branding === undefined ? {} : { branding: props.branding }),
    access: scopesOnWire(props.access, onWire),
    scopes,
    requiredScopes: (props.requiredScopes ?? []).map(onWire),
    forwardGroups: props.forwardGroups ?? [],
    allowedOrigins: props.allowedOrigins ?? [],
    redirectUris,
    ...(props.mode === 'broker' && props.clientDomains !== undefined
      ? { clientDomains: props.clientDomains }
      : {}),
    identityProviderScopes: relay === undefined ? ['openid', 'email'] : scopes,
    identityProviderCallbackUrls:
      relay === undefined ? [`${origin}${PATHS.callback}`] : redirectUris,
    cognitoDomainPrefix: props.cognitoDomainPrefix ?? '',
    clientSecret:
      relay?.clientAuthentication === 'edge' || relay?.dangerouslyShareClientSecret === true,
    clientAuthentication: relay?.clientAuthentication ?? 'public',
    tokenPath: relay?.tokenPath ?? 'edge',
    // Whether the resource server exists is known only for a client of ours.
    resourceParameter:
      relay?.resourceParameter ?? (props.userPool?.client === undefined ? 'forward' : 'strip'),
    shareClientSecret: relay?.dangerouslyShareClientSecret === true,
    authorizer,
    mcpRoute: authorizer || relay === undefined,
    mcpRemoteArguments,
    rotation: props.rotation ?? '1',
    logRetention: props.logRetention ?? RetentionDays.ONE_MONTH,
    memorySize: props.memorySize ?? 1024,
  }
}

function scopesOnWire(access: Access, onWire: (scope: string) => string): Access {
  if (access === 'anyoneTheIdpAdmits') return access
  return access.map((rule) =>
    rule.scopes === undefined ? rule : { ...rule, scopes: rule.scopes.map(onWire) },
  )
}
