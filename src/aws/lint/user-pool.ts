import type { Rule } from './rule.ts'
import { label, mentions, referent, type View } from './view.ts'

/** Cognito Developer Guide, “Prefix domain”: the words a prefix must not contain. */
const RESERVED_WORDS = ['aws', 'amazon', 'cognito']
const PREFIX = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

export const userPoolRules: readonly Rule[] = [
  {
    code: 'SELF_SIGN_UP_OPEN',
    level: 'error',
    fix: 'Set AllowAdminCreateUserOnly.',
    source: 'Cognito API Reference, AdminCreateUserConfigType: anybody may sign up by default',
    *find(view) {
      for (const pool of view.all('userPool'))
        if (!pool.adminCreateUserOnly)
          yield { where: label(pool), message: 'lets anybody make an account' }
    },
  },
  {
    code: 'POOL_TIER_LOW',
    level: 'error',
    fix: 'Set the tier to ESSENTIALS or PLUS.',
    source:
      'Cognito Developer Guide, “User pool feature plans”: managed login and resource binding',
    *find(view) {
      for (const pool of view.all('userPool'))
        if (pool.tier === 'LITE')
          yield { where: label(pool), message: 'has neither managed login nor resource binding' }
    },
  },
  {
    code: 'MANAGED_LOGIN_OFF',
    level: 'warning',
    fix: 'Set the managed login version of the domain to 2.',
    source: 'Cognito Developer Guide, “Resource binding”: with managed login only',
    *find(view) {
      for (const domain of view.all('userPoolDomain'))
        if (domain.managedLoginVersion !== 2)
          yield { where: label(domain), message: 'shows the classic hosted UI' }
    },
  },
  {
    code: 'BRANDING_MISSING',
    level: 'error',
    fix: 'Add a managed login branding for the client, if only with Cognito’s values.',
    source:
      'Cognito Developer Guide, “Apply branding to managed login pages”: without a style no login page',
    *find(view) {
      const branded = view
        .all('userPoolBranding')
        .map(({ client }) => referent(view, 'userPoolClient', client))
      for (const client of view.all('userPoolClient')) {
        const managed = view
          .all('userPoolDomain')
          .some(
            ({ userPool, managedLoginVersion }) =>
              userPool === client.userPool && managedLoginVersion === 2,
          )
        if (managed && !branded.includes(client))
          yield { where: label(client), message: 'has no login page' }
      }
    },
  },
  {
    code: 'DOMAIN_PREFIX_INVALID',
    level: 'error',
    fix: 'Choose 1 to 63 lower-case letters, digits and hyphens, without aws, amazon or cognito.',
    source: 'Cognito API Reference, CreateUserPoolDomain, Domain; Developer Guide, “Prefix domain”',
    *find(view) {
      for (const domain of view.all('userPoolDomain')) {
        const custom = domain.domain.includes('.') && !domain.domain.includes('${')
        const text = domain.domain.replaceAll(/\$\{[^}]*\}/g, '1')
        const reserved = RESERVED_WORDS.find((word) => text.includes(word))
        if (custom) continue
        if (reserved !== undefined)
          yield { where: label(domain), message: `has the reserved word ${reserved} in its prefix` }
        else if (!PREFIX.test(text))
          yield { where: label(domain), message: `has a prefix that Cognito refuses` }
      }
    },
  },
  {
    code: 'RESOURCE_SERVER_NAME',
    level: 'error',
    fix: 'Name the resource server apart from its identifier, in letters, digits and spaces.',
    source: 'Cognito API Reference, CreateResourceServer, Name: [\\w\\s+=,.@-]+, at most 256',
    *find(view) {
      for (const server of view.all('resourceServer'))
        if (!/^[\w\s+=,.@-]{1,256}$/.test(server.displayName))
          yield { where: label(server), message: `is called ${JSON.stringify(server.displayName)}` }
    },
  },
  {
    code: 'RESOURCE_SERVER_MISMATCH',
    level: 'error',
    fix: 'Make the identifier the MCP URL, byte for byte.',
    source: 'RFC 8707 §2; Cognito Developer Guide, “Resource binding”',
    *find(view) {
      const { mcpUrl } = view
      const servers = view.all('resourceServer')
      const relayed = view.mode === 'relay' || (view.mode === undefined && isRelay(view))
      if (!relayed || view.all('userPool').length === 0) return
      if (mcpUrl !== undefined && servers.some(({ identifier }) => identifier === mcpUrl)) return
      const close = servers.find(
        ({ identifier }) => withoutSlash(identifier) === withoutSlash(mcpUrl ?? ''),
      )
      yield close === undefined
        ? { where: 'user pool', message: `has no resource server for ${mcpUrl ?? 'the MCP URL'}` }
        : { where: label(close), message: `differs from ${mcpUrl} by its trailing slash` }
    },
  },
  {
    code: 'DOMAIN_MISSING',
    level: 'error',
    fix: 'Give the user pool a domain.',
    source:
      'Cognito Developer Guide, “Configuring a user pool domain”: the OAuth endpoints live there',
    *find(view) {
      const withDomain = view.all('userPoolDomain').map(({ userPool }) => userPool)
      for (const client of view.all('userPoolClient'))
        if (client.oauthEnabled && !withDomain.includes(client.userPool))
          if (referent(view, 'userPool', client.userPool) !== undefined)
            yield { where: label(client), message: 'signs people in at a pool without a domain' }
    },
  },
]

/** The original recipe has no word of Postern's, but sends /token to Cognito. */
function isRelay(view: View): boolean {
  return view
    .all('distribution')
    .some(({ origins }) =>
      origins.some(
        ({ domain }) =>
          mentions(domain, 'userPoolDomain').length > 0 || /amazoncognito/.test(domain),
      ),
    )
}

function withoutSlash(text: string): string {
  return text.replace(/\/$/, '')
}
