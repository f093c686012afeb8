import type { Walk } from '../browser.ts'
import type { Evidence } from '../evidence.ts'
import { observeBy, shown, type Observation } from '../finding.ts'
import { IDENTITY_PROVIDER_QUIRKS } from '../identity-providers.ts'
import { readDocument, textOf, textsOf, type JsonObject } from '../probes/documents.ts'
import type { IdentityProviderEvidence } from '../probes/identity-provider.ts'
import { defineRules, type Family } from './rules.ts'

const RULES = defineRules('authorization', {
  'D20-idp-unreachable': {
    level: 'error',
    fix: 'Give the issuer as it stands in the iss claim of its tokens; the server must reach it too.',
    source: 'OpenID Connect Discovery §4',
  },
  'D20-idp-issuer-mismatch': {
    level: 'error',
    fix: 'Configure the issuer exactly as the document spells it, slash included.',
    source: 'OpenID Connect Discovery §4.3',
  },
  'D20-idp-incomplete': {
    level: 'error',
    fix: 'An identity provider for Postern needs these; check that the issuer is that of an OpenID provider.',
    source: 'OpenID Connect Discovery §3',
  },
  'D20-idp-no-keys': {
    level: 'error',
    fix: 'Let jwks_uri answer with the keys that sign tokens.',
    source: 'RFC 7517 §5',
  },
  'D20-idp-no-pkce': {
    level: 'warning',
    fix: 'Enable PKCE with S256 for the client.',
    source: 'RFC 7636 §4.2',
  },
  'D20-idp-no-refresh': {
    level: 'warning',
    fix: 'Enable the refresh token grant for the client: without it people sign in every hour.',
    source: 'RFC 6749 §6',
  },
  'D20-idp-not-used': {
    level: 'warning',
    fix: 'Name the identity provider that the server is configured with, or correct the issuer in its configuration.',
    source: 'OpenID Connect Discovery §3',
  },
  'D20-idp-quirk': {
    level: 'info',
    fix: 'See docs/identity-providers.md.',
    source: 'docs/identity-providers.md',
  },
  'D07-scope-not-upstream': {
    level: 'warning',
    fix: 'Do not advertise offline_access, or answer it yourself: the identity provider does not know it.',
    source: 'OpenID Connect Core §11',
  },
  'D07-scope-unlisted-upstream': {
    level: 'info',
    fix: 'Look whether the identity provider has these scopes: it may leave some out of its list. Asked for one that it does not have, it refuses the sign-in.',
    source: 'OpenID Connect Discovery §3',
  },
})

/** D20, and D07 as far as the identity provider shows it. */
export const identityProvider: Family = { rules: RULES, check: checkIdentityProvider }

const observe = observeBy(RULES)

function checkIdentityProvider(evidence: Evidence): Observation[] {
  const { identityProvider: found, discovery, authorization } = evidence
  if (found === undefined) return []
  const { configuration, document, issuer } = found
  const where = `GET ${configuration.url}`
  const quirk = findQuirk(where, issuer)
  if (document === undefined) {
    const answer = configuration.last
    const why = answer.ok
      ? `the answer is ${answer.value.status}, and no JSON object`
      : answer.failure.detail || answer.failure.reason
    return [
      observe('D20-idp-unreachable', {
        where,
        message: `There is no OpenID configuration: ${why}.`,
      }),
      ...quirk,
    ]
  }
  return [
    ...checkDocument(where, found, document),
    ...checkScopes(where, document, discovery?.serverMetadata.used?.document),
    ...checkUse(where, document, authorization?.browser),
    ...quirk,
  ]
}

const NEEDED = ['authorization_endpoint', 'token_endpoint', 'jwks_uri']

function checkDocument(
  where: string,
  { issuer, keys }: IdentityProviderEvidence,
  document: JsonObject,
): Observation[] {
  const said = textOf(document, 'issuer')
  if (said !== issuer)
    return [
      observe('D20-idp-issuer-mismatch', {
        where,
        message: `The issuer calls itself ${shown(said ?? 'nothing')}.`,
      }),
    ]
  const missing = NEEDED.filter((name) => textOf(document, name) === undefined)
  if (missing.length > 0)
    return [
      observe('D20-idp-incomplete', {
        where,
        message: `The document has no ${missing.join(', ')}.`,
      }),
    ]
  const set = keys === undefined ? undefined : readDocument(keys)
  const hasKeys = set?.ok === true && Array.isArray(set.value['keys'])
  const methods = textsOf(document, 'code_challenge_methods_supported')
  const grants = textsOf(document, 'grant_types_supported')
  return [
    ...(hasKeys
      ? []
      : [
          observe('D20-idp-no-keys', {
            where: `GET ${shown(keys?.url ?? '')}`,
            message: 'There are no keys.',
          }),
        ]),
    ...(methods === undefined || methods.includes('S256')
      ? []
      : [
          observe('D20-idp-no-pkce', {
            where,
            message: 'PKCE with S256 is not among the methods.',
          }),
        ]),
    ...(grants === undefined || grants.includes('refresh_token')
      ? []
      : [
          observe('D20-idp-no-refresh', {
            where,
            message: 'refresh_token is not among the grants.',
          }),
        ]),
  ]
}

function checkScopes(
  where: string,
  document: JsonObject,
  server: JsonObject | undefined,
): Observation[] {
  const offered = (server && textsOf(server, 'scopes_supported')) ?? []
  const granted = textsOf(document, 'scopes_supported')
  if (!offered.includes('offline_access') || granted?.includes('offline_access') !== false)
    return []
  return [
    observe('D07-scope-not-upstream', {
      where,
      message:
        'The MCP server’s authorization server offers offline_access, and the identity provider has no such scope.',
    }),
  ]
}

/** Whether the way of the browser led to this identity provider, and with what. */
function checkUse(where: string, document: JsonObject, way: Walk | undefined): Observation[] {
  const endpoint = URL.parse(textOf(document, 'authorization_endpoint') ?? '')
  const [address] = way?.upstreamAddresses ?? []
  if (endpoint === null || way?.upstream === undefined || address === undefined) return []
  if (!way.upstreamAddresses.includes(endpoint.origin + endpoint.pathname))
    return [
      observe('D20-idp-not-used', {
        where: `GET ${shown(address)}`,
        message: `The sign-in leads to ${shown(address)}, and this identity provider signs people in at ${shown(endpoint.href)}.`,
      }),
    ]
  const listed = textsOf(document, 'scopes_supported')
  const unlisted = way.upstream.scopes.filter((scope) => listed?.includes(scope) === false)
  if (unlisted.length === 0) return []
  return [
    observe('D07-scope-unlisted-upstream', {
      where,
      message: `The sign-in asks for ${shown(unlisted.join(' '))}, which scopes_supported does not list.`,
    }),
  ]
}

function findQuirk(where: string, issuer: string): Observation[] {
  const quirk = IDENTITY_PROVIDER_QUIRKS.find((each) => each.issuer.test(issuer))
  if (quirk === undefined) return []
  const { message, fix, source } = quirk
  return [{ ...observe('D20-idp-quirk', { where, message, fix }), source }]
}
