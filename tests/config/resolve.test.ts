import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { ConfigError, type ConfigIssue } from '../../src/config/config-error.ts'
import type { AccessRule, PosternOptions, ResourceOptions } from '../../src/config/options.ts'
import { resolveConfig, type Config } from '../../src/config/resolve.ts'

const SECRET = 'oJ4v-mZ7Zl7o2m0w3Zb1k8Qe5xT9uR4nY6sHcAqLpWg'
const OTHER_SECRET = 'b0X8dLhE1qN_yT3uVw6rZsG9mKcJ2aPiF5oQ7tRzUeY'
const RESOURCE: ResourceOptions = {
  url: 'https://mcp.example.test/mcp',
  upstream: 'http://10.0.0.5:3000/mcp',
}
const IDP = { issuer: 'https://idp.example.test', clientId: 'postern' }
const MINIMAL: PosternOptions = {
  resources: [RESOURCE],
  identityProvider: IDP,
  access: 'anyoneTheIdpAdmits',
  secrets: [SECRET],
}

function resolve(changes: object = {}): Config {
  return resolveConfig({ ...MINIMAL, ...changes })
}

function issuesOf(options: unknown): readonly ConfigIssue[] {
  try {
    resolveConfig(options as PosternOptions)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.issues
    throw error
  }
}

function issues(changes: object): string[] {
  return issuesOf({ ...MINIMAL, ...changes }).map(({ path, message }) => `${path}: ${message}`)
}

describe('a configuration is filled in', () => {
  test('with every default', () => {
    expect(resolve()).toMatchObject({
      issuer: 'https://mcp.example.test',
      resources: [
        {
          url: RESOURCE.url,
          name: 'mcp.example.test',
          scopes: ['mcp'],
          requiredScopes: [],
        },
      ],
      identityProvider: {
        tokenEndpointAuthMethod: 'none',
        scopes: ['openid', 'email', 'offline_access'],
        groupsClaim: 'groups',
        refreshTokens: 'unknown',
        timeoutSeconds: 8,
        requestsPerSecond: 100,
      },
      lifetimes: {
        accessTokenSeconds: 900,
        refreshTokenIdleSeconds: 604_800,
        refreshTokenAbsoluteSeconds: 2_592_000,
        sessionSecondsWithoutRefresh: 3600,
      },
      revokeBefore: { all: 0, subjects: {}, clients: {} },
      allowedOrigins: new Set(['https://mcp.example.test']),
      allowedHosts: new Set(['mcp.example.test']),
      maxBodyBytes: 16_777_216,
    })
  })

  test.each<[string, object]>([
    ['a resource without path', { resources: [{ ...RESOURCE, url: 'https://mcp.example.test' }] }],
    [
      'a resource on another port',
      { resources: [{ ...RESOURCE, url: 'https://mcp.example.test:8443/mcp' }] },
    ],
    ['http on localhost', { resources: [{ ...RESOURCE, url: 'http://localhost:7420/mcp' }] }],
    ['http on 127.0.0.1', { resources: [{ ...RESOURCE, url: 'http://127.0.0.1:7420/mcp' }] }],
    ['http on [::1]', { resources: [{ ...RESOURCE, url: 'http://[::1]:7420/mcp' }] }],
    [
      'an upstream in this process',
      { resources: [{ ...RESOURCE, upstream: () => new Response() }] },
    ],
    ['an upstream without path', { resources: [{ ...RESOURCE, upstream: 'https://internal' }] }],
    [
      'an upstream at an IPv6 address',
      { resources: [{ ...RESOURCE, upstream: 'http://[fd00::1]:3000/mcp' }] },
    ],
    [
      'two resources',
      {
        resources: [
          RESOURCE,
          { ...RESOURCE, url: 'https://mcp.example.test/two', scopes: ['two'] },
        ],
      },
    ],
    [
      'rules of access',
      { access: [{ groups: ['staff'], scopes: ['mcp'] }, { emailDomains: ['example.test'] }] },
    ],
    ['a rule that admits nobody', { access: [{ subjects: [] }] }],
    [
      'several secrets and retired ones',
      { secrets: [SECRET, OTHER_SECRET], retiredSecrets: [OTHER_SECRET] },
    ],
    [
      'a confidential client at the IdP',
      {
        identityProvider: {
          ...IDP,
          clientSecret: 's',
          tokenEndpointAuthMethod: 'client_secret_post',
        },
      },
    ],
    ['no metadata documents', { clients: { metadataDocuments: false } }],
    [
      'metadata documents of some hosts',
      {
        clients: {
          metadataDocuments: {
            allowedDomains: ['app.example.com', '*.example.com', 'app.example.com:8443'],
          },
        },
      },
    ],
    [
      'redirect URIs',
      { clients: { redirectUris: ['https://example.com/cb', 'com.example.app://cb/x'] } },
    ],
    [
      'a static client',
      {
        clients: {
          static: [
            {
              clientId: 'my-app',
              secret: 's'.repeat(32),
              redirectUris: ['https://example.com/cb'],
            },
          ],
        },
      },
    ],
    [
      'signing keys',
      {
        signingKeys: [
          generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }),
          generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }),
          generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }),
        ],
      },
    ],
    [
      'origins and hosts',
      {
        allowedOrigins: ['https://inspector.example.test', 'http://localhost:6274'],
        allowedHosts: ['internal:8080'],
      },
    ],
    [
      'lifetimes',
      {
        lifetimes: {
          accessTokenSeconds: 300,
          refreshTokenIdleSeconds: 60,
          refreshTokenAbsoluteSeconds: 60,
        },
      },
    ],
    ['cut-offs', { revokeBefore: { all: 1, subjects: { a: 2 }, clients: { b: 3 } } }],
  ])('accepts %s', (_what, changes) => {
    expect(issues(changes)).toEqual([])
  })

  test('a Cognito issuer is known by its address', () => {
    const cognito = 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_abc'
    const { identityProvider } = resolve({
      identityProvider: { ...IDP, issuer: cognito, refreshTokens: 'rotating' },
    })
    expect(identityProvider).toMatchObject({
      scopes: ['openid', 'email'],
      groupsClaim: 'cognito:groups',
      refreshTokens: 'rotating',
    })
  })

  test('openid is always asked for, once', () => {
    const scopesFor = (scopes: string[]): readonly string[] =>
      resolve({ identityProvider: { ...IDP, scopes } }).identityProvider.scopes
    expect(scopesFor([])).toEqual(['openid'])
    expect(scopesFor(['email', 'openid'])).toEqual(['openid', 'email'])
  })

  test('a secret for the IdP is sent by Basic authentication unless said otherwise', () => {
    const { identityProvider } = resolve({ identityProvider: { ...IDP, clientSecret: 's' } })
    expect(identityProvider.tokenEndpointAuthMethod).toBe('client_secret_basic')
  })

  test('hosts are compared without case', () => {
    expect(resolve({ allowedHosts: ['Internal:8080'] }).allowedHosts).toContain('internal:8080')
  })
})

describe('a wrong configuration is refused', () => {
  test.each([undefined, null, 'x', 1, []])('whatever stands in its place: %j', (options) => {
    expect(issuesOf(options).length).toBeGreaterThan(0)
  })

  test.each<[string, object, string]>([
    ['no resources', { resources: [] }, 'resources: has the wrong form'],
    ['resources left out', { resources: undefined }, 'resources: is missing'],
    [
      'a resource without upstream',
      { resources: [{ url: RESOURCE.url }] },
      'resources.0.upstream: is missing',
    ],
    ['access left out', { access: undefined }, 'access: is missing'],
    ['access as any text', { access: 'everybody' }, 'access: is not a list of rules'],
    ['an empty list of rules', { access: [] }, 'access: is not a list of rules'],
    [
      'a rule without condition',
      { access: [{ scopes: ['mcp'] }] },
      'access.0: has no condition, so it would admit everybody',
    ],
    [
      'an empty rule',
      { access: [{ subjects: ['a'] }, {}] },
      'access.1: has no condition, so it would admit everybody',
    ],
    [
      'a rule whose only condition is empty',
      { access: [{ claims: {} }] },
      'access.0: has no condition, so it would admit everybody',
    ],
    [
      'a rule with an unknown scope',
      { access: [{ subjects: ['a'], scopes: ['x'] }] },
      'access.0.scopes: gives a scope that no resource offers',
    ],
    ['a misspelt option', { acess: [] }, 'acess: is not an option'],
    [
      'a misspelt option deeper down',
      { identityProvider: { ...IDP, clientsecret: 'x' } },
      'identityProvider.clientsecret: is not an option',
    ],
    [
      'no client id',
      { identityProvider: { issuer: IDP.issuer } },
      'identityProvider.clientId: is missing',
    ],
    [
      'an authentication method without secret',
      { identityProvider: { ...IDP, tokenEndpointAuthMethod: 'client_secret_post' } },
      'identityProvider.tokenEndpointAuthMethod: is set, but there is no clientSecret',
    ],
    [
      'two origins',
      { resources: [RESOURCE, { ...RESOURCE, url: 'https://other.example.test/mcp' }] },
      'resources: are on several origins',
    ],
    ['a resource twice', { resources: [RESOURCE, RESOURCE] }, 'resources.1.url: is listed twice'],
    [
      'offline_access',
      { resources: [{ ...RESOURCE, scopes: ['mcp', 'offline_access'] }] },
      'resources.0.scopes: offers offline_access, which makes clients ask for consent at the provider',
    ],
    [
      'a scope with a space',
      { resources: [{ ...RESOURCE, scopes: ['a b'] }] },
      'resources.0.scopes: has a scope with characters that a scope cannot have',
    ],
    [
      'a required scope that is not offered',
      { resources: [{ ...RESOURCE, requiredScopes: ['x'] }] },
      'resources.0.requiredScopes: requires a scope that the resource does not offer',
    ],
    [
      'an idle lifetime above the absolute one',
      { lifetimes: { refreshTokenIdleSeconds: 61, refreshTokenAbsoluteSeconds: 60 } },
      'lifetimes.refreshTokenIdleSeconds: is longer than refreshTokenAbsoluteSeconds',
    ],
    [
      'access tokens below five minutes',
      { lifetimes: { accessTokenSeconds: 299 } },
      'lifetimes.accessTokenSeconds: has the wrong form',
    ],
    [
      'an origin with a path',
      { allowedOrigins: ['https://example.com/'] },
      'allowedOrigins.0: is not an origin',
    ],
    ['the origin null', { allowedOrigins: ['null'] }, 'allowedOrigins.0: is not an origin'],
    ['a wildcard origin', { allowedOrigins: ['*'] }, 'allowedOrigins.0: is not an origin'],
    [
      'https://app.example.com as the domain of clients',
      { clients: { metadataDocuments: { allowedDomains: ['https://app.example.com'] } } },
      'clients.metadataDocuments.allowedDomains.0: is not a host name',
    ],
    [
      'app.example.com/x as the domain of clients',
      { clients: { metadataDocuments: { allowedDomains: ['app.example.com/x'] } } },
      'clients.metadataDocuments.allowedDomains.0: is not a host name',
    ],
    [
      'App.example.com as the domain of clients',
      { clients: { metadataDocuments: { allowedDomains: ['App.example.com'] } } },
      'clients.metadataDocuments.allowedDomains.0: is not a host name',
    ],
    [
      'com as the domain of clients',
      { clients: { metadataDocuments: { allowedDomains: ['com'] } } },
      'clients.metadataDocuments.allowedDomains.0: is not a host name',
    ],
    [
      '* as the domain of clients',
      { clients: { metadataDocuments: { allowedDomains: ['*'] } } },
      'clients.metadataDocuments.allowedDomains.0: is not a host name',
    ],
    [
      '*.com. as the domain of clients',
      { clients: { metadataDocuments: { allowedDomains: ['*.com.'] } } },
      'clients.metadataDocuments.allowedDomains.0: is not a host name',
    ],
    [
      'app.*.com as the domain of clients',
      { clients: { metadataDocuments: { allowedDomains: ['app.*.com'] } } },
      'clients.metadataDocuments.allowedDomains.0: is not a host name',
    ],
    [
      '10.0.0.1 as the domain of clients',
      { clients: { metadataDocuments: { allowedDomains: ['10.0.0.1'] } } },
      'clients.metadataDocuments.allowedDomains.0: is not a host name',
    ],
    [
      'a redirect URI with a fragment',
      { clients: { redirectUris: ['https://example.com/cb#x'] } },
      'clients.redirectUris.0: must not have a fragment',
    ],
    [
      'a script for a redirect URI',
      { clients: { redirectUris: ['javascript:alert(1)'] } },
      'clients.redirectUris.0: has a scheme that can run or read content',
    ],
    [
      'a static client without redirect URIs',
      { clients: { static: [{ clientId: 'a', redirectUris: [] }] } },
      'clients.static.0.redirectUris: has the wrong form',
    ],
    [
      'a static client with a bad redirect URI',
      { clients: { static: [{ clientId: 'a', redirectUris: ['http://example.com/cb'] }] } },
      'clients.static.0.redirectUris.0: uses http for a host that is not loopback',
    ],
    [
      'a static client id with a colon',
      { clients: { static: [{ clientId: 'a:b', redirectUris: ['https://example.com/cb'] }] } },
      'clients.static.0.clientId: has characters that Basic authentication encodes in two ways, or is too long',
    ],
    [
      'a static client id of 129 characters',
      {
        clients: {
          static: [{ clientId: 'a'.repeat(129), redirectUris: ['https://example.com/cb'] }],
        },
      },
      'clients.static.0.clientId: has characters that Basic authentication encodes in two ways, or is too long',
    ],
    [
      'a short static secret',
      {
        clients: {
          static: [
            { clientId: 'a', secret: 'x'.repeat(31), redirectUris: ['https://example.com/cb'] },
          ],
        },
      },
      'clients.static.0.secret: has the wrong form',
    ],
    ['a negative cut-off', { revokeBefore: { all: -1 } }, 'revokeBefore.all: has the wrong form'],
  ])('%s', (_what, changes, issue) => {
    expect(issues(changes)).toContain(issue)
  })

  const ed25519 = generateKeyPairSync('ed25519')
  const rsa2048 = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
    format: 'jwk',
  })
  test.each<[string, JsonWebKey]>([
    ['a public key', ed25519.publicKey.export({ format: 'jwk' })],
    [
      'RSA below 2048 bits',
      generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ format: 'jwk' }),
    ],
    [
      'EC P-384',
      generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export({ format: 'jwk' }),
    ],
    ['a symmetric key', { kty: 'oct', k: 'AAAA' }],
    [
      'Ed25519 without its public part',
      { ...ed25519.privateKey.export({ format: 'jwk' }), x: undefined } as never,
    ],
    ['RSA without its primes', { ...rsa2048, p: undefined, q: undefined } as never],
  ])('signing with %s', (_what, jwk) => {
    expect(issues({ signingKeys: [jwk] })).toEqual([
      'signingKeys.0: is not a private Ed25519, EC P-256 or RSA key of at least 2048 bits',
    ])
  })
})

describe('RFC 9728 §2, RFC 8414 §2 URLs', () => {
  test.each([
    [
      'plain http off loopback',
      'http://mcp.example.test/mcp',
      'uses http for a host that is not loopback',
    ],
    [
      'http on a name like loopback',
      'http://localhost.evil.test/mcp',
      'uses http for a host that is not loopback',
    ],
    ['another scheme', 'ftp://mcp.example.test/mcp', 'is not an http or https URL'],
    ['no scheme', 'mcp.example.test/mcp', 'is not an http or https URL'],
    ['a trailing slash', 'https://mcp.example.test/mcp/', 'is not in canonical form'],
    ['only a slash', 'https://mcp.example.test/', 'is not in canonical form'],
    ['an upper-case host', 'https://MCP.example.test/mcp', 'is not in canonical form'],
    ['the default port', 'https://mcp.example.test:443/mcp', 'is not in canonical form'],
    ['dot segments', 'https://mcp.example.test/x/../mcp', 'is not in canonical form'],
    ['a query', 'https://mcp.example.test/mcp?a=1', 'has user information, a query or a fragment'],
    ['a fragment', 'https://mcp.example.test/mcp#a', 'has user information, a query or a fragment'],
    [
      'user information',
      'https://user:pass@mcp.example.test/mcp',
      'has user information, a query or a fragment',
    ],
    ['a path of ours', 'https://mcp.example.test/token', 'has a path that Postern serves itself'],
    [
      'a well-known path',
      'https://mcp.example.test/.well-known/mcp',
      'has a path that Postern serves itself',
    ],
  ])('a resource URL with %s is refused', (_what, url, message) => {
    expect(issues({ resources: [{ ...RESOURCE, url }] })).toContain(`resources.0.url: ${message}`)
  })

  test.each([
    ['plain http off loopback', 'http://idp.example.test'],
    ['a query', 'https://idp.example.test/?x=1'],
    ['user information', 'https://user:pass@idp.example.test'],
    ['no scheme', 'idp.example.test'],
  ])('an issuer with %s is refused', (_what, issuer) => {
    expect(issues({ identityProvider: { ...IDP, issuer } })).toHaveLength(1)
  })

  test.each([
    ['another scheme', 'ws://10.0.0.5/mcp'],
    ['no scheme', '10.0.0.5:3000/mcp'],
    ['no host', 'http:///mcp'],
    ['a query', 'http://10.0.0.5/mcp?a=1'],
    ['a fragment', 'http://10.0.0.5/mcp#a'],
    ['user information', 'http://user:pass@10.0.0.5/mcp'],
    ['a user', 'http://user@10.0.0.5/mcp'],
    ['a port that is no number', 'http://10.0.0.5:x/mcp'],
    ['a space', 'http://10.0.0.5 /mcp'],
  ])('an upstream with %s is refused', (_what, upstream) => {
    expect(issues({ resources: [{ ...RESOURCE, upstream }] })).toEqual([
      'resources.0.upstream: is not an http or https URL without user information and query',
    ])
  })
})

describe('an identity provider that does not rotate refresh tokens', () => {
  const unrotated = { ...IDP, refreshTokens: 'unrotated' }
  const cognito = { ...IDP, preset: 'cognito' }
  const dangerouslyAllowUnrotatedRefreshTokens = true
  test.each<[string, object, boolean]>([
    ['refused in production', { identityProvider: unrotated, environment: 'production' }, true],
    ['refused where nothing is said of the environment', { identityProvider: unrotated }, true],
    ['refused when the preset says so', { identityProvider: cognito }, true],
    [
      'refused unless the permission is true',
      { identityProvider: unrotated, dangerouslyAllowUnrotatedRefreshTokens: false },
      true,
    ],
    ['accepted in development', { identityProvider: unrotated, environment: 'development' }, false],
    [
      'accepted with the permission',
      { identityProvider: unrotated, dangerouslyAllowUnrotatedRefreshTokens },
      false,
    ],
    [
      'accepted when rotation is on',
      { identityProvider: { ...cognito, refreshTokens: 'rotating' } },
      false,
    ],
    [
      'accepted when nobody knows',
      { identityProvider: { ...IDP, refreshTokens: 'unknown' } },
      false,
    ],
  ])('is %s', (_what, changes, refused) => {
    expect(
      issues(changes).some((issue) => issue.startsWith('identityProvider.refreshTokens:')),
    ).toBe(refused)
  })
})

describe('all problems at once, and no secret among them', () => {
  const SECRETS = [
    'hunter2-hunter2-hunter2',
    'QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE',
    'idp-client-secret',
    'short-static-secret',
    'url-password',
  ]
  const BROKEN = {
    resources: [
      {
        url: 'http://user:url-password@mcp.example.test/mcp/?k=url-password',
        upstream: 'http://u:url-password@x/',
      },
    ],
    identityProvider: {
      issuer: 'https://u:url-password@idp',
      clientId: '',
      clientSecret: ['idp-client-secret'],
    },
    access: [{}],
    secrets: [SECRETS[0], SECRETS[1], ''],
    retiredSecrets: [SECRETS[0], 'url-password'],
    signingKeys: [{ kty: 'oct', k: 'idp-client-secret' }],
    clients: {
      redirectUris: ['https://u:url-password@x/'],
      static: [{ clientId: 'a:b', secret: 'short-static-secret', redirectUris: ['x'] }],
    },
    lifetimes: { refreshTokenIdleSeconds: 9e9 },
    allowedOrigins: ['https://u:url-password@x/'],
    environment: 'url-password',
    unknownOption: 'idp-client-secret',
  }

  test('every part that is wrong is named, with its path, message and fix', () => {
    const found = issuesOf(BROKEN)
    const paths = found.map(({ path }) => path)
    for (const path of [
      'resources.0.url',
      'resources.0.upstream',
      'identityProvider.clientId',
      'identityProvider.clientSecret',
      'secrets.0',
      'secrets.1',
      'secrets.2',
      'retiredSecrets.0',
      'retiredSecrets.1',
      'access.0',
      'signingKeys.0',
      'clients.static.0.secret',
      'lifetimes.refreshTokenIdleSeconds',
      'allowedOrigins.0',
      'environment',
      'unknownOption',
    ])
      expect(paths).toContain(path)
    for (const { path, message, fix } of found)
      expect([path, message, fix]).toEqual([
        expect.stringMatching(/./),
        expect.stringMatching(/./),
        expect.stringMatching(/\.$/),
      ])
  })

  test('the error reads as one problem a line', () => {
    const error = new ConfigError([
      { path: 'a.0', message: 'is wrong', fix: 'Correct it.' },
      { path: 'b', message: 'is missing', fix: 'Write it.' },
    ])
    expect(error.message).toBe('a.0: is wrong. Correct it.\nb: is missing. Write it.')
  })

  test('no secret is repeated, in whatever place it stands', () => {
    const told = JSON.stringify(issuesOf(BROKEN))
    for (const secret of SECRETS) expect(told).not.toContain(secret)
    const moved = issuesOf({
      ...MINIMAL,
      secrets: SECRETS.join(','),
      identityProvider: { ...IDP, tokenEndpointAuthMethod: SECRETS[2], preset: SECRETS[2] },
      access: SECRETS[0] as unknown as AccessRule[],
      resources: [{ ...RESOURCE, url: `https://${SECRETS[4]}:x@mcp.example.test/mcp` }],
    })
    for (const secret of SECRETS) expect(JSON.stringify(moved)).not.toContain(secret)
  })

  test.each([
    ['none', [], 'secrets: needs at least one secret'],
    ['a word', ['hunter2'], 'secrets.0: '],
    [
      '31 bytes',
      [Buffer.alloc(31, 7).toString('base64url')],
      'secrets.0: holds 31 bytes instead of 32',
    ],
    [
      'zeros',
      [Buffer.alloc(32).toString('base64url')],
      'secrets.0: is not random: its bytes repeat',
    ],
    ['a good one and a weak one', [SECRET, 'x'], 'secrets.1: is not base64url'],
  ])('weak secrets are refused: %s', (_what, secrets, issue) => {
    const found = issues({ secrets })
    expect(found).toHaveLength(1)
    expect(found[0]).toContain(issue)
  })
})
