import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { ConfigError } from '../../src/config/config-error.ts'
import type { RelayOptions } from '../../src/config/options.ts'
import { resolveRelay } from '../../src/config/relay.ts'
import { SECRET_A } from '../support/world.ts'

const COGNITO = 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Abc'
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const KEY = { ...(publicKey.export({ format: 'jwk' }) as JsonWebKey), kid: 'one', alg: 'RS256' }
const MINIMAL: RelayOptions = {
  url: 'https://mcp.example.test/mcp',
  scopes: ['https://mcp.example.test/mcp/tools'],
  identityProvider: {
    issuer: COGNITO,
    clientId: 'client',
    authorizationEndpoint: 'https://x.auth.eu-central-1.amazoncognito.com/oauth2/authorize',
    jwks: { keys: [KEY] },
  },
  access: 'anyoneTheIdpAdmits',
  redirectUris: ['http://localhost:41409/oauth/callback'],
}

interface Changes extends Omit<Record<string, unknown>, 'identityProvider'> {
  identityProvider?: Record<string, unknown>
}

function change({ identityProvider, ...changes }: Changes): RelayOptions {
  const idp = { ...MINIMAL.identityProvider, ...identityProvider }
  return { ...MINIMAL, ...changes, identityProvider: idp }
}

function issuesOf(options: unknown): string[] {
  try {
    resolveRelay(options as RelayOptions)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.issues.map(({ path, message }) => `${path}: ${message}`)
  }
}

const handler = (): Response => new Response()

describe('a relay is filled in', () => {
  test('with every default', () => {
    expect(resolveRelay(MINIMAL)).toMatchObject({
      issuer: 'https://mcp.example.test',
      resources: [{ name: 'mcp.example.test', requiredScopes: [] }],
      identityProvider: { groupsClaim: 'cognito:groups', revocation: false },
      resourceParameter: 'strip',
      servesMcp: false,
      secrets: [],
      forwardGroups: [],
      maxBodyBytes: 16 * 1024 * 1024,
    })
    expect(resolveRelay(MINIMAL)).not.toHaveProperty('sharedClientSecret')
  })

  test.each<[string, Changes]>([
    ['a function as upstream', { upstream: handler }],
    ['a URL as upstream, with secrets', { upstream: 'http://10.0.0.1/mcp', secrets: [SECRET_A] }],
    [
      'a secret that stays in a function',
      { tokenPath: 'function', identityProvider: { clientSecret: 's' } },
    ],
    [
      'a secret that is shared on purpose',
      { dangerouslyShareClientSecret: true, identityProvider: { clientSecret: 's' } },
    ],
    ['an identity provider that sends no iss', { identityProvider: { advertisesIss: false } }],
    [
      'e-mail rules where tokens can have an address',
      { identityProvider: { preset: 'generic' }, access: [{ emailDomains: ['example.test'] }] },
    ],
    [
      'keys for other purposes beside those that sign',
      {
        identityProvider: {
          jwks: {
            keys: [
              { kty: 'EC', crv: 'P-521', kid: 'a' },
              { ...KEY, use: 'enc' },
              { ...KEY, alg: 'PS256' },
              KEY,
            ],
          },
        },
      },
    ],
  ])('%s', (_what, changes) => expect(issuesOf(change(changes))).toEqual([]))

  test('keys for other purposes are left out', () => {
    const keys = [{ ...KEY, use: 'enc', kid: 'enc' }, { ...KEY, alg: 'RS512', kid: 'other' }, KEY]
    const { jwks } = resolveRelay(change({ identityProvider: { jwks: { keys } } })).identityProvider
    expect(jwks.map(({ kid }) => kid)).toEqual(['one'])
  })
})

describe('a relay refuses at start', () => {
  test.each<[string, Changes, RegExp]>([
    [
      'a forwarding gate without secrets',
      { upstream: 'http://10.0.0.1/mcp' },
      /^upstream: .*secrets/,
    ],
    [
      'an identity provider that sends iss',
      { identityProvider: { advertisesIss: true } },
      /^identityProvider.advertisesIss: .*RFC 9207/,
    ],
    [
      'a secret that nobody would use',
      { identityProvider: { clientSecret: 's' } },
      /^identityProvider.clientSecret: /,
    ],
    [
      'the same, said to go by the edge',
      { tokenPath: 'edge', identityProvider: { clientSecret: 's' } },
      /^identityProvider.clientSecret: /,
    ],
    [
      'a secret that is only not forbidden to share',
      { dangerouslyShareClientSecret: false, identityProvider: { clientSecret: 's' } },
      /^identityProvider.clientSecret: /,
    ],
    [
      'sharing a secret that does not exist',
      { dangerouslyShareClientSecret: true },
      /^dangerouslyShareClientSecret: /,
    ],
    [
      'e-mail rules on Cognito',
      { access: [{ groups: ['a'] }, { emailDomains: ['example.test'] }] },
      /^access.1.emailDomains: .*access tokens/,
    ],
    ['a rule without a condition', { access: [{}] }, /^access.0: /],
    [
      'a rule with a scope of nothing',
      { access: [{ groups: ['a'], scopes: ['x'] }] },
      /^access.0.scopes: /,
    ],
    ['no redirect URIs', { redirectUris: [] }, /^redirectUris: /],
    [
      'a redirect URI with a fragment',
      { redirectUris: ['https://a.test/#x'] },
      /^redirectUris.0: .*fragment/,
    ],
    ['http outside loopback', { redirectUris: ['http://a.test/'] }, /^redirectUris.0: .*loopback/],
    ['no scopes', { scopes: [] }, /^scopes: /],
    ['a required scope that is not offered', { requiredScopes: ['x'] }, /^requiredScopes: /],
    ['a URL with a trailing slash', { url: 'https://mcp.example.test/mcp/' }, /^url: .*canonical/],
    ['a path of our own', { url: 'https://mcp.example.test/token' }, /^url: .*serves itself/],
    [
      'http endpoints',
      { identityProvider: { authorizationEndpoint: 'http://idp.test/a' } },
      /^identityProvider.authorizationEndpoint: .*loopback/,
    ],
    [
      'an endpoint with a query',
      { identityProvider: { authorizationEndpoint: 'https://idp.test/a?b=c' } },
      /^identityProvider.authorizationEndpoint: .*query/,
    ],
    ['no keys', { identityProvider: { jwks: { keys: [] } } }, /^identityProvider.jwks.keys: /],
    [
      'keys that cannot verify',
      {
        identityProvider: {
          jwks: {
            keys: [
              { kty: 'RSA', kid: 'a' },
              { kty: 'oct', kid: 'b' },
            ],
          },
        },
      },
      /^identityProvider.jwks: .*no key/,
    ],
    [
      'keys without a name',
      { identityProvider: { jwks: { keys: [{ ...KEY, kid: undefined }] } } },
      /^identityProvider.jwks: .*no key/,
    ],
    [
      'a short RSA key',
      { identityProvider: { jwks: { keys: [{ ...KEY, n: 'A'.repeat(171) }] } } },
      /^identityProvider.jwks: .*no key/,
    ],
    [
      'private keys',
      {
        identityProvider: {
          jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'a' }] },
        },
      },
      /^identityProvider.jwks: .*private/,
    ],
    [
      'symmetric keys',
      { identityProvider: { jwks: { keys: [KEY, { kty: 'oct', k: 'AAAA', kid: 'a' }] } } },
      /^identityProvider.jwks: .*secret/,
    ],
    ['an origin with a path', { allowedOrigins: ['https://a.test/'] }, /^allowedOrigins.0: /],
    ['an option that does not exist', { tokenpath: 'edge' }, /^tokenpath: is not an option/],
    ['a weak secret', { secrets: ['A'.repeat(43)] }, /^secrets.0: .*not random/],
  ])('%s', (_what, changes, issue) => {
    expect(issuesOf(change(changes))).toEqual([expect.stringMatching(issue)])
  })

  test('everything at once, and repeats no secret', () => {
    const options = change({
      url: 'http://mcp.example.test/mcp',
      upstream: 'http://10.0.0.1/mcp',
      redirectUris: ['nothing'],
      identityProvider: { advertisesIss: true, clientSecret: 'hunter2', issuer: 'nothing' },
      secrets: undefined,
    })
    const issues = issuesOf(options)
    expect(issues.map((issue) => issue.split(':')[0])).toEqual([
      'url',
      'redirectUris.0',
      'identityProvider.issuer',
      'identityProvider.advertisesIss',
      'identityProvider.clientSecret',
      'upstream',
    ])
    expect(issues.join()).not.toContain('hunter2')
  })

  test.each([undefined, null, 'text', []])('%j instead of options', (options) => {
    expect(issuesOf(options)).not.toEqual([])
  })

  test('a relay without access rules: letting in everybody must be written down', () => {
    expect(issuesOf(change({ access: undefined }))).toEqual(['access: is missing'])
  })
})
