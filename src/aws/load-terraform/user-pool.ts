import * as v from 'valibot'
import { block, blocks, type Load, nameOf, read, Text, Texts } from './input.ts'

const UserPoolSchema = v.object({
  name: v.nullish(Text),
  user_pool_tier: v.nullish(Text),
  admin_create_user_config: block(
    v.object({ allow_admin_create_user_only: v.nullish(v.boolean(), false) }),
  ),
  mfa_configuration: v.nullish(Text),
  username_attributes: Texts,
  auto_verified_attributes: Texts,
  password_policy: block(v.object({ minimum_length: v.nullish(v.number()) })),
  deletion_protection: v.nullish(Text, 'INACTIVE'),
})

const loadUserPool: Load = (input) => {
  const pool = read(UserPoolSchema, input)
  return {
    kind: 'userPool',
    name: input.name,
    poolName: pool.name ?? null,
    tier: pool.user_pool_tier ?? null,
    adminCreateUserOnly: pool.admin_create_user_config?.allow_admin_create_user_only ?? false,
    mfa: pool.mfa_configuration ?? null,
    usernameAttributes: pool.username_attributes,
    autoVerified: pool.auto_verified_attributes,
    passwordMinimumLength: pool.password_policy?.minimum_length ?? null,
    deletionProtection: pool.deletion_protection === 'ACTIVE',
  }
}

const UserPoolDomainSchema = v.object({
  user_pool_id: Text,
  domain: Text,
  managed_login_version: v.nullish(v.number()),
})

const loadUserPoolDomain: Load = (input) => {
  const domain = read(UserPoolDomainSchema, input)
  return {
    kind: 'userPoolDomain',
    name: input.name,
    userPool: nameOf('userPool', domain.user_pool_id),
    domain: domain.domain,
    managedLoginVersion: domain.managed_login_version ?? null,
  }
}

const BrandingSchema = v.object({
  user_pool_id: Text,
  client_id: v.nullish(Text, ''),
  use_cognito_provided_values: v.nullish(v.boolean(), false),
})

const loadBranding: Load = (input) => {
  const branding = read(BrandingSchema, input)
  return {
    kind: 'userPoolBranding',
    name: input.name,
    userPool: nameOf('userPool', branding.user_pool_id),
    client: nameOf('userPoolClient', branding.client_id),
    cognitoProvidedValues: branding.use_cognito_provided_values,
  }
}

const UserPoolClientSchema = v.object({
  user_pool_id: Text,
  generate_secret: v.nullish(v.boolean(), false),
  callback_urls: Texts,
  logout_urls: Texts,
  allowed_oauth_flows: Texts,
  allowed_oauth_flows_user_pool_client: v.nullish(v.boolean(), false),
  allowed_oauth_scopes: Texts,
  supported_identity_providers: Texts,
  explicit_auth_flows: Texts,
  prevent_user_existence_errors: v.nullish(Text),
  enable_token_revocation: v.nullish(v.boolean(), false),
  refresh_token_rotation: block(
    v.object({ feature: Text, retry_grace_period_seconds: v.nullish(v.number(), 0) }),
  ),
  access_token_validity: v.nullish(v.number()),
  id_token_validity: v.nullish(v.number()),
  refresh_token_validity: v.nullish(v.number()),
  token_validity_units: block(
    v.object({
      access_token: v.nullish(Text),
      id_token: v.nullish(Text),
      refresh_token: v.nullish(Text),
    }),
  ),
})

const MINUTES: Readonly<Record<string, number>> = {
  seconds: 1 / 60,
  minutes: 1,
  hours: 60,
  days: 24 * 60,
}

const loadUserPoolClient: Load = (input, others) => {
  const client = read(UserPoolClientSchema, input)
  const units = client.token_validity_units
  const rotation = client.refresh_token_rotation
  return {
    kind: 'userPoolClient',
    name: input.name,
    userPool: nameOf('userPool', client.user_pool_id),
    generateSecret: client.generate_secret,
    callbackUrls: client.callback_urls,
    logoutUrls: client.logout_urls,
    oauthFlows: client.allowed_oauth_flows,
    oauthEnabled: client.allowed_oauth_flows_user_pool_client,
    oauthScopes: client.allowed_oauth_scopes,
    identityProviders: client.supported_identity_providers,
    explicitAuthFlows: client.explicit_auth_flows,
    preventUserExistenceErrors: client.prevent_user_existence_errors === 'ENABLED',
    tokenRevocation: client.enable_token_revocation,
    refreshTokenRotation:
      rotation === undefined
        ? null
        : {
            enabled: rotation.feature === 'ENABLED',
            graceSeconds: rotation.retry_grace_period_seconds,
          },
    accessTokenMinutes: minutes(client.access_token_validity, units?.access_token ?? 'hours'),
    idTokenMinutes: minutes(client.id_token_validity, units?.id_token ?? 'hours'),
    refreshTokenMinutes: minutes(client.refresh_token_validity, units?.refresh_token ?? 'days'),
    // A state lists whatever comes first in any way; what counts is where its scopes come from.
    after: others
      .filter(({ type }) => type === 'aws_cognito_resource_server')
      .filter(({ address }) => input.dependsOn.includes(address.replace(/\[[^\]]*\]$/, '')))
      .map(({ name }) => `resourceServer.${name}`),
  }
}

function minutes(value: number | null | undefined, unit: string): number | null {
  // 0 is the provider's word for the default.
  return value === null || value === undefined || value === 0 ? null : value * (MINUTES[unit] ?? 1)
}

const ResourceServerSchema = v.object({
  user_pool_id: Text,
  identifier: Text,
  name: Text,
  scope: blocks(v.object({ scope_name: Text, scope_description: Text })),
})

const loadResourceServer: Load = (input) => {
  const server = read(ResourceServerSchema, input)
  return {
    kind: 'resourceServer',
    name: input.name,
    userPool: nameOf('userPool', server.user_pool_id),
    identifier: server.identifier,
    displayName: server.name,
    scopes: server.scope.map(({ scope_name, scope_description }) => ({
      name: scope_name,
      description: scope_description,
    })),
  }
}

export const USER_POOL: Readonly<Record<string, Load>> = {
  aws_cognito_user_pool: loadUserPool,
  aws_cognito_user_pool_domain: loadUserPoolDomain,
  aws_cognito_managed_login_branding: loadBranding,
  aws_cognito_user_pool_client: loadUserPoolClient,
  aws_cognito_resource_server: loadResourceServer,
}
