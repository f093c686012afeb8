import { describe, expect, test } from 'vitest'
import { ConfigError } from '../../../src/config/config-error.ts'
import { createAuthorizer } from '../../../src/platform/aws-lambda/authorizer.ts'
import { readEnvironment } from '../../../src/platform/aws-lambda/environment.ts'
import { createFacadeHandler } from '../../../src/platform/aws-lambda/facade.ts'
import { createOauthHandler } from '../../../src/platform/aws-lambda/oauth.ts'
import { sha256, VARIABLES } from './lambda-world.ts'

function problemsOf(run: () => unknown): ConfigError {
  try {
    run()
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
  throw new Error('nothing was wrong')
}

describe('the environment of a function', () => {
  test('is parsed by names, and an empty variable counts as absent', () => {
    const environment = readEnvironment(
      {
        POSTERN_SCOPES: 'read  write',
        POSTERN_ACCESS: '[{"groups":["staff"]}]',
        POSTERN_ORIGIN_SECRET_SHA256: `${sha256('a')},${sha256('b')}`,
        POSTERN_JWKS: '{"keys":[{"kty":"OKP","kid":"1","alg":"EdDSA","x":"y"}]}',
        POSTERN_REQUIRED_SCOPES: '',
        UNRELATED: 'x',
      },
      ['scopes', 'access', 'originSecretHashes', 'jwks'],
    )
    expect(environment).toEqual({
      scopes: ['read', 'write'],
      access: [{ groups: ['staff'] }],
      originSecretHashes: [sha256('a'), sha256('b')],
      jwks: { keys: [{ kty: 'OKP', kid: '1', alg: 'EdDSA', x: 'y' }] },
    })
  })

  test.each(['anyoneTheIdpAdmits', '"anyoneTheIdpAdmits"'])('takes the access rule %s', (text) => {
    expect(readEnvironment({ POSTERN_ACCESS: text }, ['access']).access).toBe('anyoneTheIdpAdmits')
  })

  test('names every missing variable at once, with what to do', () => {
    const { issues } = problemsOf(() => createFacadeHandler({ variables: {} }))
    expect(issues.map(({ path }) => path)).toEqual([
      'POSTERN_MCP_URL',
      'POSTERN_SCOPES',
      'POSTERN_ACCESS',
      'POSTERN_IDP_ISSUER',
      'POSTERN_IDP_CLIENT_ID',
      'POSTERN_IDP_DOMAIN',
      'POSTERN_REDIRECT_URIS',
      'POSTERN_JWKS',
      'POSTERN_ORIGIN_SECRET_SHA256',
      'POSTERN_PUBLIC_HOST',
    ])
    for (const issue of issues)
      expect(issue).toMatchObject({ message: 'is missing', fix: expect.stringMatching(/\.$/) })
  })

  test.each([
    ['POSTERN_MODE', 'both'],
    ['POSTERN_MCP_URL', 'http://mcp.example.test/mcp'],
    ['POSTERN_ACCESS', 'anyone'],
    ['POSTERN_ACCESS', '{"groups":[]}'],
    ['POSTERN_IDP_DOMAIN', 'https://prefix.auth.eu-central-1.amazoncognito.com/oauth2'],
    ['POSTERN_RESOURCE_PARAMETER', 'drop'],
    ['POSTERN_TOKEN_PATH', 'lambda'],
    ['POSTERN_JWKS', '{"keys":[{}]}'],
    ['POSTERN_JWKS', 'not json'],
    ['POSTERN_ORIGIN_SECRET_SHA256', 'short'],
    ['POSTERN_ORIGIN_SECRET_SHA256', [1, 2, 3].map((n) => sha256(String(n))).join(',')],
    ['POSTERN_PUBLIC_HOST', 'MCP.example.test'],
    ['POSTERN_SECRET_ARN', 'postern'],
    ['POSTERN_BRANDING', '{"color":"#7a1f5c"}'],
  ])('refuses %s=%s', (name, value) => {
    const { issues } = problemsOf(() => readEnvironment({ [name]: value }, []))
    expect(issues).toMatchObject([{ path: name, message: 'has the wrong form' }])
  })

  test.each(['d', 'k'])(
    'refuses keys with a private member %s, and does not repeat it',
    (member) => {
      const keys = [{ kty: 'OKP', kid: '1', alg: 'EdDSA', [member]: 'top-secret-value' }]
      const jwks = JSON.stringify({ keys })
      const variables = { ...VARIABLES, POSTERN_SCOPES: 'mcp', POSTERN_JWKS: jwks }
      const error = problemsOf(() => createAuthorizer({ variables }))
      expect(error.message).toContain('private')
      expect(error.message).not.toContain('top-secret-value')
    },
  )

  test('refuses a public host that is not the MCP URL’s, because nothing would be served', () => {
    const variables = { ...VARIABLES, POSTERN_PUBLIC_HOST: 'other.example' }
    const { issues } = problemsOf(() => readEnvironment(variables, ['mcpUrl', 'publicHost']))
    expect(issues).toMatchObject([{ path: 'POSTERN_PUBLIC_HOST' }])
  })

  test('is checked before the first request', () => {
    expect(() => createOauthHandler({ variables: VARIABLES })).toThrow(ConfigError)
  })
})
