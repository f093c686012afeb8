import { type CfnResource, Stack, Token } from 'aws-cdk-lib'
import {
  CfnUserPool,
  CfnUserPoolClient,
  CfnUserPoolDomain,
  CfnUserPoolResourceServer,
} from 'aws-cdk-lib/aws-cognito'
import type { IConstruct } from 'constructs'
import * as v from 'valibot'
import type { ConfigIssue } from '../../config/config-error.ts'
import type { PrivateMcpServerProps } from './props.ts'
import { fillIn } from './settings.ts'

type BroughtPool = NonNullable<PrivateMcpServerProps['userPool']>

// Only literals: what is known after deployment cannot be looked at.
const Literal = v.fallback(v.optional(v.string()), undefined)
const Literals = v.fallback(v.optional(v.array(v.string())), undefined)

const PoolSchema = v.object({
  userPoolTier: Literal,
  adminCreateUserConfig: v.fallback(
    v.optional(v.object({ allowAdminCreateUserOnly: v.optional(v.boolean()) })),
    undefined,
  ),
})

const ClientSchema = v.object({
  generateSecret: v.optional(v.unknown(), false),
  callbackUrLs: Literals,
  allowedOAuthFlows: Literals,
  allowedOAuthScopes: Literals,
  supportedIdentityProviders: v.optional(v.unknown(), []),
  explicitAuthFlows: Literals,
  refreshTokenRotation: v.fallback(v.optional(v.object({ feature: Literal })), undefined),
})

/** Holds a brought pool to what ours is made with, as far as it is in the same app. */
export function checkUserPool(
  props: PrivateMcpServerProps,
  { pool, domain, client }: BroughtPool,
  issues: ConfigIssue[],
): void {
  const report = (path: string, message: string, fix: string): void => {
    issues.push({ path: `userPool.${path}`, message, fix })
  }
  const poolResource = pool.node.defaultChild
  if (poolResource instanceof CfnUserPool) checkPool(props, poolResource, report)
  if (!Token.isUnresolved(domain.domainName) && domain.domainName.includes('.'))
    report(
      'domain',
      'is a custom domain, which is behind a CloudFront of its own',
      'Bring the prefix domain of the pool.',
    )
  const domainResource = domain.node.defaultChild
  if (domainResource instanceof CfnUserPoolDomain && domainResource.managedLoginVersion !== 2)
    report(
      'domain',
      'shows the classic hosted UI',
      'Set managedLoginVersion to ManagedLoginVersion.NEWER_MANAGED_LOGIN.',
    )
  const clientResource = client?.node.defaultChild
  if (clientResource instanceof CfnUserPoolClient) checkClient(props, clientResource, report)
  if (client !== undefined && poolResource instanceof CfnUserPool)
    checkResourceServer(props, poolResource, report)
}

type Report = (path: string, message: string, fix: string) => void

function checkPool(props: PrivateMcpServerProps, resource: CfnUserPool, report: Report): void {
  const { userPoolTier, adminCreateUserConfig } = resource
  const pool = read(PoolSchema, resource, { userPoolTier, adminCreateUserConfig })
  if (pool.userPoolTier === 'LITE')
    report(
      'pool',
      'has the Lite plan, without managed login and resource binding',
      'Set featurePlan to FeaturePlan.ESSENTIALS or PLUS.',
    )
  const isOpen = pool.adminCreateUserConfig?.allowAdminCreateUserOnly !== true
  if (isOpen && props.access === 'anyoneTheIdpAdmits')
    report(
      'pool',
      'lets everybody sign up, and access admits whoever signs in',
      'Set selfSignUpEnabled to false, or write rules in access.',
    )
}

function checkClient(
  props: PrivateMcpServerProps,
  resource: CfnUserPoolClient,
  report: Report,
): void {
  const { generateSecret, callbackUrLs, allowedOAuthFlows, allowedOAuthScopes } = resource
  const { supportedIdentityProviders, explicitAuthFlows, refreshTokenRotation } = resource
  const client = read(ClientSchema, resource, {
    generateSecret,
    callbackUrLs,
    allowedOAuthFlows,
    allowedOAuthScopes,
    supportedIdentityProviders,
    explicitAuthFlows,
    refreshTokenRotation,
  })
  const settings = fillIn(props)
  const lacks = (all: readonly string[] | undefined, wanted: readonly string[]): string[] =>
    all === undefined ? [] : wanted.filter((one) => !all.includes(one))
  if (typeof client.generateSecret === 'boolean' && client.generateSecret !== settings.clientSecret)
    report(
      'client',
      settings.clientSecret ? 'has no secret' : 'has a secret, which nothing here would send',
      `Set generateSecret to ${settings.clientSecret}.`,
    )
  if (client.refreshTokenRotation?.feature !== 'ENABLED')
    report('client', 'does not rotate refresh tokens', 'Set refreshTokenRotationGracePeriod.')
  if (client.explicitAuthFlows?.includes('ALLOW_REFRESH_TOKEN_AUTH'))
    report(
      'client',
      'allows ALLOW_REFRESH_TOKEN_AUTH, which goes around the rotation of refresh tokens',
      'Set authFlows and refreshTokenRotationGracePeriod.',
    )
  if (lacks(client.allowedOAuthFlows, ['code']).length > 0)
    report('client', 'does not allow the authorization code grant', 'Add it to oAuth.flows.')
  if (client.allowedOAuthFlows?.includes('implicit'))
    report('client', 'allows the implicit grant', 'Leave authorizationCodeGrant alone in flows.')
  if (
    Array.isArray(client.supportedIdentityProviders) &&
    client.supportedIdentityProviders.length === 0
  )
    report('client', 'names no identity provider', 'Set supportedIdentityProviders.')
  const scopes = lacks(client.allowedOAuthScopes, settings.identityProviderScopes)
  if (scopes.length > 0)
    report('client', `does not allow the scopes ${scopes.join(' ')}`, 'Add them to oAuth.scopes.')
  const urls = lacks(client.callbackUrLs, settings.identityProviderCallbackUrls)
  if (urls.length > 0)
    report(
      'client',
      `does not know the callback URLs ${urls.join(' ')}`,
      'Add them to oAuth.callbackUrls; `postern callback-urls` prints those of mcp-remote.',
    )
}

function checkResourceServer(
  props: PrivateMcpServerProps,
  pool: CfnUserPool,
  report: Report,
): void {
  const { resourceParameter, mcpUrl, mode } = fillIn(props)
  if (mode !== 'relay' || resourceParameter !== 'forward') return
  const isKnown = pool.node.root.node
    .findAll()
    .some(
      (found: IConstruct) =>
        found instanceof CfnUserPoolResourceServer && found.identifier === mcpUrl,
    )
  if (!isKnown)
    report(
      'client',
      `is to be told the resource ${mcpUrl}, of which its pool has no resource server`,
      "Add a resource server with this identifier, or set resourceParameter: 'strip' and tokenPath: 'function'.",
    )
}

/** With lazy values settled; what only a deployment knows stays a token. */
function read<T>(
  schema: v.GenericSchema<unknown, T>,
  resource: CfnResource,
  properties: Record<string, unknown>,
): T {
  return v.parse(schema, Stack.of(resource).resolve(properties))
}
