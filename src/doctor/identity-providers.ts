import type { Finding } from './finding.ts'

/** What is known about an identity provider that its documents do not say. Data, not code. */
export interface IdentityProviderQuirk extends Pick<Finding, 'message' | 'fix' | 'source'> {
  name: string
  issuer: RegExp
}

export const IDENTITY_PROVIDER_QUIRKS: readonly IdentityProviderQuirk[] = [
  {
    name: 'Amazon Cognito',
    issuer: /^https:\/\/(?:cognito-idp|issuer-cognito-idp)\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?\//,
    message:
      'Cognito registers no clients, compares redirect URIs exactly, refuses offline_access and scopes that are not enabled, and rotates refresh tokens only where the app client says so.',
    fix: 'Put Postern in front, enable RefreshTokenRotation on the app client, and ask for openid and email only.',
    source: 'Amazon Cognito developer guide, Authorize endpoint; Refresh tokens',
  },
  {
    name: 'Microsoft Entra ID',
    issuer:
      /^https:\/\/(?:login\.microsoftonline\.com|sts\.windows\.net|[a-z0-9-]+\.ciamlogin\.com)\//,
    message:
      'Entra v2 refuses resource (AADSTS9010010, 901002), and refreshes without scope (AADSTS90009).',
    fix: 'Keep resource from the identity provider, and name the scopes at every refresh.',
    source: 'mcp-remote#217; claude-code#73460',
  },
  {
    name: 'Auth0',
    issuer: /^https:\/\/[a-z0-9-]+(?:\.[a-z]{2})?\.auth0\.com\//,
    message:
      'Auth0 issues opaque access tokens without audience; clients that register themselves have no connections.',
    fix: 'Send audience, and use one client of your own with its connections enabled.',
    source: 'LibreChat#8691; claude-ai-mcp#706',
  },
  {
    name: 'Okta',
    issuer: /^https:\/\/[a-z0-9-]+\.(?:okta|oktapreview)\.com(?:\/|$)/,
    message:
      'Okta registers clients only for administrators, and its organisation server signs access tokens that nobody else can verify.',
    fix: 'Use a custom authorization server (/oauth2/default) and one client of your own.',
    source: 'Okta developer documentation, authorization servers',
  },
  {
    name: 'Google',
    issuer: /^https:\/\/accounts\.google\.com\/?$/,
    message:
      'Google gives a refresh token for access_type=offline only, and no access token that others could verify.',
    fix: 'Send access_type=offline and prompt=consent upstream, and issue tokens of your own.',
    source: 'Google identity documentation, offline access',
  },
  {
    name: 'Keycloak',
    issuer: /\/realms\/[^/]+\/?$/,
    message:
      'Keycloak lets strangers register from trusted hosts only, and puts no audience into tokens by itself.',
    fix: 'Use one client of your own, with an audience mapper.',
    source: 'keycloak#43654',
  },
]
