import * as v from 'valibot'
import { Flag, type Load, nameOf, Numeric, read, Text, Texts } from './input.ts'

const UserPoolSchema = v.object({
  UserPoolName: v.optional(Text),
  UserPoolTier: v.optional(Text),
  AdminCreateUserConfig: v.optional(
    v.object({ AllowAdminCreateUserOnly: v.optional(Flag, false) }),
    {},
  ),
  MfaConfiguration: v.optional(Text),
  UsernameAttributes: v.optional(Texts, []),
  AutoVerifiedAttributes: v.optional(Texts, []),
  Policies: v.optional(
    v.object({
      PasswordPolicy: v.optional(v.object({ MinimumLength: v.optional(Numeric) }), {}),
    }),
    {},
  ),
  DeletionProtection: v.optional(Text),
})

const loadUserPool: Load = (input) => {
  const pool = read(UserPoolSchema, input)
  return {
    kind: 'userPool',
    name: input.name,
    poolName: pool.UserPoolName ?? null,
    tier: pool.UserPoolTier ?? null,
    adminCreateUserOnly: pool.AdminCreateUserConfig.AllowAdminCreateUserOnly,
    mfa: pool.MfaConfiguration ?? null,
    usernameAttributes: pool.UsernameAttributes,
    autoVerified: pool.AutoVerifiedAttributes,
    passwordMinimumLength: pool.Policies.PasswordPolicy.MinimumLength ?? null,
    deletionProtection: pool.DeletionProtection === 'ACTIVE',
  }
}

const UserPoolDomainSchema = v.object({
  UserPoolId: Text,
  Domain: Text,
  ManagedLoginVersion: v.optional(Numeric),
})

const loadUserPoolDomain: Load = (input) => {
  const domain = read(UserPoolDomainSchema, input)
  return {
    kind: 'userPoolDomain',
    name: input.name,
    userPool: nameOf('userPool', domain.UserPoolId),
    domain: domain.Domain,
    managedLoginVersion: domain.ManagedLoginVersion ?? null,
  }
}

const BrandingSchema = v.object({
  UserPoolId: Text,
  ClientId: v.optional(Text, ''),
  UseCognitoProvidedValues: v.optional(Flag, false),
})

const loadBranding: Load = (input) => {
  const branding = read(BrandingSchema, input)
  return {
    kind: 'userPoolBranding',
    name: input.name,
    userPool: nameOf('userPool', branding.UserPoolId),
    client: nameOf('userPoolClient', branding.ClientId),
    cognitoProvidedValues: branding.UseCognitoProvidedValues,
  }
}

const MINUTES = { seconds: 1 / 60, minutes: 1, hours: 60, days: 24 * 60 }

const Unit = v.optional(v.picklist(['seconds', 'minutes', 'hours', 'days']))

const UserPoolClientSchema = v.object({
  UserPoolId: Text,
  GenerateSecret: v.optional(Flag, false),
  CallbackURLs: v.optional(Texts, []),
  LogoutURLs: v.optional(Texts, []),
  AllowedOAuthFlows: v.optional(Texts, []),
  AllowedOAuthFlowsUserPoolClient: v.optional(Flag, false),
  AllowedOAuthScopes: v.optional(Texts, []),
  SupportedIdentityProviders: v.optional(Texts, []),
  ExplicitAuthFlows: v.optional(Texts, []),
  PreventUserExistenceErrors: v.optional(Text),
  EnableTokenRevocation: v.optional(Flag, false),
  RefreshTokenRotation: v.optional(
    v.object({ Feature: v.optional(Text), RetryGracePeriodSeconds: v.optional(Numeric, 0) }),
  ),
  AccessTokenValidity: v.optional(Numeric),
  IdTokenValidity: v.optional(Numeric),
  RefreshTokenValidity: v.optional(Numeric),
  TokenValidityUnits: v.optional(
    v.object({
      AccessToken: Unit,
      IdToken: Unit,
      RefreshToken: Unit,
    }),
    {},
  ),
})

const loadUserPoolClient: Load = (input) => {
  const client = read(UserPoolClientSchema, input)
  const units = client.TokenValidityUnits
  const rotation = client.RefreshTokenRotation
  return {
    kind: 'userPoolClient',
    name: input.name,
    userPool: nameOf('userPool', client.UserPoolId),
    generateSecret: client.GenerateSecret,
    callbackUrls: client.CallbackURLs,
    logoutUrls: client.LogoutURLs,
    oauthFlows: client.AllowedOAuthFlows,
    oauthEnabled: client.AllowedOAuthFlowsUserPoolClient,
    oauthScopes: client.AllowedOAuthScopes,
    identityProviders: client.SupportedIdentityProviders,
    explicitAuthFlows: client.ExplicitAuthFlows,
    preventUserExistenceErrors: client.PreventUserExistenceErrors === 'ENABLED',
    tokenRevocation: client.EnableTokenRevocation,
    refreshTokenRotation:
      rotation === undefined
        ? null
        : {
            enabled: rotation.Feature === 'ENABLED',
            graceSeconds: rotation.RetryGracePeriodSeconds,
          },
    accessTokenMinutes: minutes(client.AccessTokenValidity, units.AccessToken ?? 'hours'),
    idTokenMinutes: minutes(client.IdTokenValidity, units.IdToken ?? 'hours'),
    refreshTokenMinutes: minutes(client.RefreshTokenValidity, units.RefreshToken ?? 'days'),
    after: input.dependsOn,
  }
}

function minutes(value: number | undefined, unit: keyof typeof MINUTES): number | null {
  return value === undefined ? null : value * MINUTES[unit]
}

const ResourceServerSchema = v.object({
  UserPoolId: Text,
  Identifier: Text,
  Name: Text,
  Scopes: v.optional(v.array(v.object({ ScopeName: Text, ScopeDescription: Text })), []),
})

const loadResourceServer: Load = (input) => {
  const server = read(ResourceServerSchema, input)
  return {
    kind: 'resourceServer',
    name: input.name,
    userPool: nameOf('userPool', server.UserPoolId),
    identifier: server.Identifier,
    displayName: server.Name,
    scopes: server.Scopes.map(({ ScopeName, ScopeDescription }) => ({
      name: ScopeName,
      description: ScopeDescription,
    })),
  }
}

export const USER_POOL: Readonly<Record<string, Load>> = {
  'AWS::Cognito::UserPool': loadUserPool,
  'AWS::Cognito::UserPoolDomain': loadUserPoolDomain,
  'AWS::Cognito::ManagedLoginBranding': loadBranding,
  'AWS::Cognito::UserPoolClient': loadUserPoolClient,
  'AWS::Cognito::UserPoolResourceServer': loadResourceServer,
}
