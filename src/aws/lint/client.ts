import type { UserPoolClient } from '../topology.ts'
import type { Rule } from './rule.ts'
import { label } from './view.ts'

/** Scopes that every user pool has. */
const STANDARD_SCOPES = ['openid', 'email', 'phone', 'profile', 'aws.cognito.signin.user.admin']

export const clientRules: readonly Rule[] = [
  {
    code: 'ROTATION_OFF',
    level: 'warning',
    fix: 'Enable refresh token rotation with a grace period of 60 s.',
    source: 'RFC 9700 §4.14.2: refresh tokens of public clients rotate or are sender-constrained',
    *find(view) {
      for (const client of view.all('userPoolClient'))
        if (client.refreshTokenRotation?.enabled !== true)
          yield {
            where: label(client),
            message: 'gives refresh tokens that a thief can keep using',
          }
    },
  },
  {
    code: 'ROTATION_GRACE_SHORT',
    level: 'warning',
    fix: 'Set the grace period to 60 s.',
    source:
      'Observed: processes of mcp-remote share tokens and send one refresh token up to 3 times',
    *find(view) {
      for (const client of view.all('userPoolClient')) {
        const rotation = client.refreshTokenRotation
        if (rotation?.enabled === true && rotation.graceSeconds < 30)
          yield { where: label(client), message: `forgives for ${rotation.graceSeconds} s only` }
      }
    },
  },
  {
    code: 'ROTATION_EXCLUDED',
    level: 'error',
    fix: 'Name the explicit auth flows without ALLOW_REFRESH_TOKEN_AUTH.',
    source:
      'Cognito Developer Guide, “Refresh tokens”: not with rotation; without a list the flow is allowed',
    *find(view) {
      for (const client of view.all('userPoolClient'))
        if (client.refreshTokenRotation?.enabled === true && allowsRefresh(client))
          yield { where: label(client), message: 'cannot rotate and allow REFRESH_TOKEN_AUTH' }
    },
  },
  {
    code: 'IMPLICIT_FLOW',
    level: 'error',
    fix: 'Allow the code flow only; Cognito enforces PKCE with none.',
    source: 'RFC 9700 §2.1.2: no implicit grant',
    *find(view) {
      for (const client of view.all('userPoolClient'))
        if (client.oauthFlows.includes('implicit'))
          yield { where: label(client), message: 'puts access tokens into addresses, without PKCE' }
    },
  },
  {
    code: 'CODE_FLOW_OFF',
    level: 'error',
    fix: 'Enable OAuth on the client and allow the code flow.',
    source: 'Cognito API Reference, CreateUserPoolClient, AllowedOAuthFlowsUserPoolClient',
    *find(view) {
      for (const client of view.all('userPoolClient'))
        if (!client.oauthEnabled || !client.oauthFlows.includes('code'))
          yield { where: label(client), message: 'signs nobody in by a code' }
    },
  },
  {
    code: 'IDENTITY_PROVIDERS_MISSING',
    level: 'error',
    fix: 'Name the identity providers of the client, COGNITO for people of the pool.',
    source: 'Cognito API Reference, CreateUserPoolClient, SupportedIdentityProviders',
    *find(view) {
      for (const client of view.all('userPoolClient'))
        if (client.identityProviders.length === 0)
          yield { where: label(client), message: 'offers nobody to sign in with' }
    },
  },
  {
    code: 'OFFLINE_ACCESS',
    level: 'error',
    fix: 'Remove offline_access: Cognito gives refresh tokens without it.',
    source: 'Reported: Cognito rejects the whole request as invalid_scope',
    *find(view) {
      for (const client of view.all('userPoolClient'))
        if (client.oauthScopes.includes('offline_access'))
          yield { where: label(client), message: 'asks for a scope that Cognito does not have' }
    },
  },
  {
    code: 'SCOPE_UNDEFINED',
    level: 'error',
    fix: 'Define the scope at a resource server, or remove it from the client.',
    source: 'Cognito API Reference, CreateUserPoolClient, AllowedOAuthScopes',
    *find(view) {
      const servers = view.all('resourceServer')
      for (const client of view.all('userPoolClient')) {
        const defined = servers
          .filter(({ userPool }) => userPool === client.userPool)
          .flatMap(({ identifier, scopes }) => scopes.map(({ name }) => `${identifier}/${name}`))
        const known = [...STANDARD_SCOPES, 'offline_access', ...defined]
        for (const scope of client.oauthScopes)
          if (!known.includes(scope))
            yield { where: label(client), message: `has the scope ${scope}, which nobody defines` }
      }
    },
  },
  {
    code: 'ADMIN_SCOPE',
    level: 'warning',
    fix: 'Remove aws.cognito.signin.user.admin.',
    source:
      'Cognito Developer Guide, “Scopes, M2M, and resource servers”: it opens the user’s own API',
    *find(view) {
      for (const client of view.all('userPoolClient'))
        if (client.oauthScopes.includes('aws.cognito.signin.user.admin'))
          yield { where: label(client), message: 'lets tools change the account of the person' }
    },
  },
  {
    code: 'CLIENT_BEFORE_RESOURCE_SERVER',
    level: 'error',
    fix: 'Let the client depend on the resource server.',
    source:
      'CloudFormation User Guide, “DependsOn attribute”: a scope has to exist before its client',
    *find(view) {
      for (const client of view.all('userPoolClient'))
        for (const { name, identifier } of view.all('resourceServer'))
          if (
            client.oauthScopes.some((scope) => scope.startsWith(`${identifier}/`)) &&
            !client.after.includes(`resourceServer.${name}`)
          )
            yield { where: label(client), message: `may be made before resourceServer ${name}` }
    },
  },
  {
    code: 'TOKEN_REVOCATION_OFF',
    level: 'warning',
    fix: 'Enable token revocation.',
    source: 'Cognito Developer Guide, “Revoke endpoint”: requires EnableTokenRevocation',
    *find(view) {
      for (const client of view.all('userPoolClient'))
        if (!client.tokenRevocation)
          yield { where: label(client), message: 'keeps tokens alive that were revoked' }
    },
  },
  {
    code: 'USER_EXISTENCE_REVEALED',
    level: 'warning',
    fix: 'Set PreventUserExistenceErrors to ENABLED.',
    source: 'Cognito Developer Guide, “Managing error responses”',
    *find(view) {
      for (const client of view.all('userPoolClient'))
        if (!client.preventUserExistenceErrors)
          yield { where: label(client), message: 'tells strangers which accounts there are' }
    },
  },
]

function allowsRefresh({ explicitAuthFlows }: UserPoolClient): boolean {
  return explicitAuthFlows.length === 0 || explicitAuthFlows.includes('ALLOW_REFRESH_TOKEN_AUTH')
}
