import { App, Lazy, Stack } from 'aws-cdk-lib'
import { SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2'
import { Code, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { describe, expect, it } from 'vitest'
import { PrivateMcpServer, type PrivateMcpServerProps } from '../../../src/aws/cdk/index.ts'
import { ConfigError, type ConfigIssue } from '../../../src/config/config-error.ts'
import { INPUT, serverFolder } from '../variants.ts'

const stack = new Stack(new App(), 'Props')
let count = 0

const SERVER = { code: Code.fromAsset(serverFolder()) }
const EXISTING = {
  existing: LambdaFunction.fromFunctionArn(stack, 'Existing', INPUT.existingFunctionArn),
}
/** With `/server/mcp` and `tools` a scope of 64 characters. */
const LONG_DOMAIN = 'notes1.platform.engineering.example.com'
const SOUND = {
  mode: 'relay',
  domainName: 'mcp.example.com',
  certificateArn: INPUT.certificateArn,
  cognitoDomainPrefix: 'example-mcp',
  access: [{ groups: ['mcp-users'] }],
  server: SERVER,
} as const

/** Props as JavaScript may give them. */
function problems(props: Record<string, unknown>): readonly ConfigIssue[] {
  try {
    new PrivateMcpServer(stack, `Server${++count}`, {
      ...SOUND,
      ...props,
    } as unknown as PrivateMcpServerProps)
  } catch (error) {
    if (error instanceof ConfigError) return error.issues
    throw error
  }
  return []
}

const found = (props: Record<string, unknown>): string[] =>
  problems(props).map(({ path, message }) => `${path}: ${message}`)

describe('props', () => {
  it.each<[name: string, props: Record<string, unknown>, expected: RegExp]>([
    ['no mode', { mode: undefined }, /^mode: is missing$/],
    ['an unknown mode', { mode: 'proxy' }, /^mode: /],
    ['a misspelt prop', { domain: 'mcp.example.com' }, /^domain: is not an option$/],
    ['no access', { access: undefined }, /^access: is missing$/],
    ['a rule without condition', { access: [{}] }, /^access\.0: has no condition/],
    ['a rule with an unknown member', { access: [{ group: ['a'] }] }, /^access/],
    [
      'a rule with a scope that is not offered',
      { access: [{ groups: ['a'], scopes: ['write'] }] },
      /^access\.0\.scopes: gives a scope/,
    ],
    [
      'a URL as domain of clients',
      { mode: 'broker', clientDomains: ['https://app.example.com'] },
      /^clientDomains\.0: is not a host name$/,
    ],
    [
      'domains of clients in relay',
      { clientDomains: ['app.example.com'] },
      /^clientDomains: is for broker mode/,
    ],
    [
      'e-mail domains in relay',
      { access: [{ emailDomains: ['example.com'] }] },
      /^access\.0\.emailDomains: looks at e-mail addresses/,
    ],
    ['no domain', { domainName: undefined }, /^domainName: is missing$/],
    ['an empty domain', { domainName: '' }, /^domainName: /],
    [
      'a domain that only a deployment knows',
      { domainName: Lazy.string({ produce: () => 'a' }) },
      /^domainName: is known only after deployment/,
    ],
    ['a URL as domain', { domainName: 'https://mcp.example.com' }, /^domainName: is not the name/],
    ['an upper-case domain', { domainName: 'Mcp.example.com' }, /^domainName: is not the name/],
    [
      'a certificate of another region',
      { certificateArn: INPUT.certificateArn.replace('us-east-1', 'eu-central-1') },
      /^certificateArn: is not an ACM certificate of us-east-1/,
    ],
    ['a path without slash', { path: 'mcp' }, /^path: is not a plain path$/],
    ['a path with a slash at its end', { path: '/mcp/' }, /^path: is not a plain path$/],
    ['a path parameter', { path: '/{proxy+}' }, /^path: is not a plain path$/],
    ['a path of Postern', { path: '/token' }, /^path: has a path that Postern serves itself$/],
    ['a path of API Gateway', { path: '/ping' }, /^path: is API Gateway’s own$/],
    ['a URL as server', { server: { url: 'http://10.0.0.1/mcp' } }, /^server: is no Lambda/],
    ['nothing as server', { server: {} }, /^server: is no Lambda/],
    ['two servers', { server: { ...SERVER, ...EXISTING } }, /^server: is both/],
    [
      'an environment with a name of Postern’s',
      { server: { ...SERVER, environment: { POSTERN_JWKS: '{}' } } },
      /^server\.environment\.POSTERN_JWKS: /,
    ],
    ['no prefix', { cognitoDomainPrefix: undefined }, /^cognitoDomainPrefix: is missing$/],
    [
      'a prefix of 64 characters',
      { cognitoDomainPrefix: 'a'.repeat(64) },
      /^cognitoDomainPrefix: /,
    ],
    ['a prefix with a hyphen at its end', { cognitoDomainPrefix: 'a-' }, /^cognitoDomainPrefix: /],
    ['an upper-case prefix', { cognitoDomainPrefix: 'Notes' }, /^cognitoDomainPrefix: /],
    ['the word aws in a prefix', { cognitoDomainPrefix: 'laws' }, /contains aws, which Cognito/],
    ['the word cognito in a prefix', { cognitoDomainPrefix: 'my-cognito' }, /contains cognito/],
    ['no scopes', { scopes: [] }, /^scopes: /],
    ['a scope with a space', { scopes: ['a b'] }, /^scopes: has a scope with characters/],
    ['a scope with a slash', { scopes: ['notes/read'] }, /^scopes\.0: has a slash/],
    [
      'a required scope that is not offered',
      { requiredScopes: ['write'] },
      /^requiredScopes: requires a scope/,
    ],
    ['an origin with a path', { allowedOrigins: ['https://a.example/'] }, /^allowedOrigins\.0: /],
    [
      'a callback with a fragment',
      { callbackUrls: ['https://a.example/#b'] },
      /^callbackUrls\.0: /,
    ],
    ['too little memory', { memorySize: 64 }, /^memorySize: /],
    [
      'an unknown option of mcp-remote',
      { mcpRemoteArguments: ['--prot', '1'] },
      /^mcpRemoteArguments: mcp-remote has no option --prot$/,
    ],
    [
      'more callback URLs than Cognito takes',
      { callbackUrls: Array.from({ length: 67 }, (_, index) => `https://a.example/${index}`) },
      /^callbackUrls: make 101 with the derived ones/,
    ],
    [
      'callback URLs that no environment holds',
      {
        callbackUrls: Array.from(
          { length: 30 },
          (_, i) => `https://a.example/${i}${'a'.repeat(50)}`,
        ),
      },
      /^callbackUrls: do not fit/,
    ],
    [
      'a logo that lies elsewhere',
      { branding: { logo: 'https://example.com/logo.png' } },
      /^branding\.logo: is not a base64 data: URL/,
    ],
    ['a colour by name', { branding: { colour: 'teal' } }, /^branding\.colour: is not a colour/],
    ['a misspelt part of the brand', { branding: { color: '#0b6457' } }, /^branding/],
    [
      'a logo that no environment holds, beside the callback URLs',
      { branding: { logo: `data:image/png;base64,${'A'.repeat(1000)}` } },
      /^branding: takes \d+ bytes of a function’s environment, where \d+ are left$/,
    ],
    [
      'a logo that no environment holds',
      { mode: 'broker', branding: { logo: `data:image/png;base64,${'A'.repeat(2000)}` } },
      /^branding: takes 2\d+ bytes of a function’s environment, where 19\d+ are left$/,
    ],
    [
      'rules that no environment holds',
      { mode: 'broker', access: [{ subjects: ['a'.repeat(2000)] }] },
      /^callbackUrls: do not fit .* beside access/,
    ],
    [
      'the secret from the edge without the edge',
      { clientAuthentication: 'edge', tokenPath: 'function' },
      /^clientAuthentication: is edge, but \/token goes to a function/,
    ],
    [
      'the secret both kept and shared',
      { clientAuthentication: 'edge', dangerouslyShareClientSecret: true },
      /^clientAuthentication: is edge, which keeps the secret/,
    ],
    [
      'two defences of an existing function',
      { server: EXISTING, access: 'anyoneTheIdpAdmits', defence: 'both' },
      /^defence: is given for an existing function/,
    ],
    [
      'more scopes than a route takes, with both defences',
      { defence: 'both', scopes: Array.from({ length: 11 }, (_, index) => `s${index}`) },
      /^scopes: are more than the 10 that a route/,
    ],
    [
      'more scopes than a route takes, before an existing function',
      {
        server: EXISTING,
        access: 'anyoneTheIdpAdmits',
        scopes: Array.from({ length: 11 }, (_, index) => `s${index}`),
      },
      /^scopes: are more than the 10 that a route/,
    ],
    [
      'a scope too long for a route, with both defences',
      { domainName: LONG_DOMAIN, path: '/server1/mcp', defence: 'both' },
      /^scopes\.0: is .*\/tools on the wire, and a route .* takes 64 characters$/,
    ],
    [
      'a scope too long for a route, before an existing function',
      {
        domainName: LONG_DOMAIN,
        path: '/server/mcp',
        server: EXISTING,
        access: 'anyoneTheIdpAdmits',
        scopes: ['tools', 'further'],
      },
      /^scopes\.1: is .*\/further on the wire/,
    ],
    [
      'rules of access that nobody before an existing function would apply',
      { server: EXISTING },
      /^access: has rules, which the JWT authorizer .* cannot apply$/,
    ],
    [
      'a required scope that a route takes another one for, before an existing function',
      {
        server: EXISTING,
        access: 'anyoneTheIdpAdmits',
        scopes: ['tools', 'admin'],
        requiredScopes: ['admin'],
      },
      /^requiredScopes: are given, but the JWT authorizer .* is content with any one scope$/,
    ],
  ])('refuse %s', (_, props, expected) => {
    const issues = found(props)
    expect(issues).toHaveLength(1)
    expect(issues[0]).toMatch(expected)
  })

  it('take before an existing function what its authorizer can hold people to', () => {
    const props = { server: EXISTING, scopes: ['tools'], requiredScopes: ['tools'] }
    expect(found({ ...props, access: 'anyoneTheIdpAdmits' })).toEqual([])
  })

  it.each([
    ['clientAuthentication', 'edge'],
    ['tokenPath', 'edge'],
    ['resourceParameter', 'strip'],
    ['defence', 'lambda'],
    ['dangerouslyShareClientSecret', false],
    ['mcpRemoteArguments', []],
  ])('refuse %s in broker mode', (path, value) => {
    expect(found({ mode: 'broker', [path]: value })).toEqual([`${path}: is for relay mode only`])
  })

  it('refuse a VPC whose subnets lead to the internet', () => {
    const vpc = new Vpc(stack, 'PublicVpc', {
      natGateways: 0,
      restrictDefaultSecurityGroup: false,
      subnetConfiguration: [{ name: 'public', subnetType: SubnetType.PUBLIC }],
    })
    expect(found({ vpc })).toEqual([
      'vpc: has no isolated subnets, and elsewhere the MCP server could reach the internet',
    ])
  })

  it('have all their problems reported at once, each with a way out', () => {
    const issues = problems({
      mode: 'broker',
      domainName: 'https://mcp.example.com',
      certificateArn: 'arn:aws:acm:eu-central-1:111122223333:certificate/a',
      cognitoDomainPrefix: '-amazon',
      access: [{}],
      server: { url: 'http://10.0.0.1/mcp' },
      tokenPath: 'function',
      allowedOrigins: ['x'],
      branding: { colour: 'red' },
      memorySize: 1,
    })
    expect(issues.map(({ path }) => path).toSorted()).toEqual(
      [
        'access.0',
        'allowedOrigins.0',
        'branding.colour',
        'certificateArn',
        'cognitoDomainPrefix',
        'cognitoDomainPrefix',
        'domainName',
        'memorySize',
        'server',
        'tokenPath',
      ].toSorted(),
    )
    for (const { fix } of issues) expect(fix).not.toBe('')
  })

  it('are taken when sound', () => {
    expect(problems({})).toEqual([])
    expect(problems({ mode: 'broker', access: [{ emailDomains: ['example.com'] }] })).toEqual([])
    expect(
      problems({
        mode: 'broker',
        branding: { logo: `data:image/png;base64,${'A'.repeat(1800)}` },
      }),
    ).toEqual([])
    expect(problems({ certificateArn: Lazy.string({ produce: () => 'a' }) })).toEqual([])
    const long = { domainName: LONG_DOMAIN, path: '/server/mcp', defence: 'both' }
    expect(problems(long)).toEqual([])
    expect(problems({ ...long, scopes: ['further'], defence: 'lambda' })).toEqual([])
    expect(problems({ scopes: ['read', 'write'], requiredScopes: ['read'] })).toEqual([])
    expect(
      problems({ mcpRemoteArguments: ['--header', 'X-Tenant: a'], path: '/notes/mcp' }),
    ).toEqual([])
  })
})
