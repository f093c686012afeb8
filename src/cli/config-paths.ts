import { ConfigError } from '../config/config-error.ts'

/** Where a part of the configuration is typed on the command line. */
const TYPED_AS: Readonly<Record<string, string>> = {
  'resources.0.url': '<mcp-url>',
  'resources.0.upstream': '--upstream',
  'resources.0.scopes': '--scope',
  'identityProvider.issuer': '--idp',
  'identityProvider.clientId': '--client-id',
  'identityProvider.refreshTokens': '--idp-refresh-tokens',
  'clients.redirectUris': '--redirect-uri',
  access: '--access',
  secrets: 'POSTERN_SECRET',
  retiredSecrets: 'POSTERN_SECRET_RETIRED',
  allowedOrigins: '--allow-origin',
}

const FIXES: Readonly<Record<string, string>> = {
  '<mcp-url>': 'Give the MCP URL that people paste, for instance https://mcp.example.com/mcp.',
  '--upstream': 'Give the MCP server’s own URL, for instance http://127.0.0.1:3000/mcp.',
  '--idp': 'Give the OpenID issuer, for instance https://login.example.com.',
  '--client-id': 'Give the id of the client that you registered at the identity provider.',
  '--access': 'Say who may sign in: --access group:NAME …, or --access anyone-the-idp-admits.',
  POSTERN_SECRET: 'Set it: POSTERN_SECRET="$(postern secret)", kept somewhere safe.',
}

/** The same problems, named as on the command line. */
export function inTermsOfFlags(error: ConfigError): ConfigError {
  return new ConfigError(
    error.issues.map((issue) => {
      const known = Object.keys(TYPED_AS).find(
        (path) => issue.path === path || issue.path.startsWith(`${path}.`),
      )
      if (known === undefined) return issue
      const path = TYPED_AS[known] ?? issue.path
      const fix = issue.message === 'is missing' ? (FIXES[path] ?? issue.fix) : issue.fix
      return { ...issue, path, fix }
    }),
  )
}
