import { describe, expect, it } from 'vitest'
import { loadCloudFormation } from '../../src/aws/load-cloudformation.ts'
import { LoadError } from '../../src/aws/load-error.ts'
import type { Kind, Resource, ResourceOf } from '../../src/aws/topology.ts'

type Json = Record<string, unknown>

const OTHERS: Json = {
  Pool: { Type: 'AWS::Cognito::UserPool' },
  Domain: {
    Type: 'AWS::Cognito::UserPoolDomain',
    Properties: { UserPoolId: { Ref: 'Pool' }, Domain: 'notes' },
  },
  Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { ProtocolType: 'HTTP' } },
  Secret: {
    Type: 'AWS::SecretsManager::Secret',
    Metadata: { 'postern:name': 'postern' },
  },
  Logs: { Type: 'AWS::Logs::LogGroup' },
  Keys: { Type: 'Custom::PosternKeys', Properties: { ServiceToken: 'arn' } },
  Table: { Type: 'AWS::DynamoDB::Table' },
  Odd: { Type: 'constructor' },
}

const FUNCTION: Json = { Code: { S3Bucket: 'b', S3Key: 'abc.zip' }, Role: 'arn:role' }

function load(resources: Json, more: Json = {}): Resource[] {
  return [...loadCloudFormation({ Resources: resources, ...more }).resources]
}

function only<K extends Kind>(
  kind: K,
  type: string,
  properties: Json,
  others: Json = {},
): ResourceOf<K> {
  const found = load({ Only: { Type: type, Properties: properties }, ...others }).find(
    (resource): resource is ResourceOf<K> => resource.kind === kind && resource.name === 'Only',
  )
  return found!
}

/** A text of a template as it stands in the model. */
function text(value: unknown): string | undefined {
  const properties = { ...FUNCTION, Environment: { Variables: { TEXT: value } } }
  const found = load(
    { Only: { Type: 'AWS::Lambda::Function', Properties: properties }, ...OTHERS },
    { Parameters: { Stage: { Type: 'String' } } },
  ).find(({ kind }) => kind === 'function')
  return found?.kind === 'function' ? found.environment['TEXT'] : undefined
}

function problem(load: () => unknown): string {
  try {
    load()
  } catch (error) {
    if (error instanceof LoadError) return error.message
    throw error
  }
  return 'no error'
}

describe('intrinsic functions', () => {
  it.each<[value: unknown, expected: string]>([
    ['plain', 'plain'],
    [7, '7'],
    [{ Ref: 'AWS::Region' }, '${region}'],
    [{ Ref: 'AWS::AccountId' }, '${account}'],
    [{ Ref: 'AWS::Partition' }, '${partition}'],
    [{ Ref: 'AWS::URLSuffix' }, '${urlSuffix}'],
    [{ Ref: 'Pool' }, '${userPool.Pool.id}'],
    [{ Ref: 'Secret' }, '${secret.postern.arn}'],
    [{ Ref: 'Stage' }, '${parameter.Stage}'],
    [{ Ref: 'Table' }, '${ignored.Table.ref}'],
    [{ Ref: 'Odd' }, '${ignored.Odd.ref}'],
    [{ 'Fn::GetAtt': ['Table', 'Arn'] }, '${ignored.Table.Arn}'],
    [{ 'Fn::GetAtt': ['Pool', 'Arn'] }, '${userPool.Pool.arn}'],
    [{ 'Fn::GetAtt': 'Pool.ProviderURL' }, '${userPool.Pool.issuer}'],
    [{ 'Fn::GetAtt': ['Keys', 'jwks'] }, '${keys.Keys.jwks}'],
    [{ 'Fn::GetAtt': ['Logs', 'Arn'] }, '${logGroup.Logs.arn}:*'],
    [{ 'Fn::Join': ['-', ['a', { Ref: 'AWS::Region' }, 3]] }, 'a-${region}-3'],
    [{ 'Fn::Join': ['', ['a', { Ref: 'AWS::NoValue' }, 'b']] }, 'ab'],
    [
      { 'Fn::Sub': 'a ${Pool} ${Pool.Arn} ${AWS::Region}' },
      'a ${userPool.Pool.id} ${userPool.Pool.arn} ${region}',
    ],
    [{ 'Fn::Sub': ['${One}-${!Two}', { One: { Ref: 'Pool' } }] }, '${userPool.Pool.id}-${Two}'],
    [{ 'Fn::Select': [1, { 'Fn::GetAZs': '' }] }, '${az.1}'],
    [{ 'Fn::Select': ['0', { 'Fn::GetAZs': { Ref: 'AWS::Region' } }] }, '${az.0}'],
    [{ 'Fn::Select': [1, ['a', { Ref: 'AWS::Region' }]] }, '${region}'],
  ])('%j is %s', (value, expected) => {
    expect(text(value)).toBe(expected)
  })

  it.each<[value: unknown, expected: string]>([
    [
      {
        'Fn::Sub':
          'https://cognito-idp.${AWS::Region}.${AWS::URLSuffix}/${Pool}/.well-known/jwks.json',
      },
      '${userPool.Pool.issuer}/.well-known/jwks.json',
    ],
    [
      { 'Fn::Sub': 'https://cognito-idp.eu-central-1.amazonaws.com/${Pool}' },
      '${userPool.Pool.issuer}',
    ],
    [
      { 'Fn::Sub': 'https://${Domain}.auth.eu-central-1.amazoncognito.com' },
      '${userPoolDomain.Domain.url}',
    ],
    [
      { 'Fn::Sub': '${Domain}.auth.${AWS::Region}.amazoncognito.com' },
      '${userPoolDomain.Domain.host}',
    ],
    [{ 'Fn::Sub': '${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}' }, '${api.Api.domain}'],
    [
      { 'Fn::Sub': 'arn:aws:execute-api:eu-central-1:111122223333:${Api}/*/*' },
      '${api.Api.arn}/*/*',
    ],
  ])('%j has one spelling, %s', (value, expected) => {
    expect(text(value)).toBe(expected)
  })

  it.each<[reference: string, expected: string]>([
    ['${Secret}:SecretString:basic', '${secret.postern.basic}'],
    ['${Secret}:SecretString:originSecret::', '${secret.postern.originSecret}'],
    ['${Secret}:SecretString:originSecret:AWSCURRENT', '${secret.postern.originSecret}'],
    [
      '${Secret}:SecretString:originSecret::${Keys.secretVersion}',
      '${secret.postern.originSecret}',
    ],
  ])('a dynamic reference to %s is %s', (reference, expected) => {
    const value = { 'Fn::Sub': `Basic {{resolve:secretsmanager:${reference}}}.` }
    expect(text(value)).toBe(`Basic ${expected}.`)
  })

  it('that mean "no value" leave their property out', () => {
    expect(text({ Ref: 'AWS::NoValue' })).toBeUndefined()
  })

  const at = 'Resources.Only.Properties.Environment.Variables.TEXT'
  it.each<[value: unknown, expected: string]>([
    [
      { 'Fn::If': ['A', 'b', 'c'] },
      `${at}.Fn::If: is an intrinsic function that the model cannot express`,
    ],
    [
      { 'Fn::ImportValue': 'a' },
      `${at}.Fn::ImportValue: is an intrinsic function that the model cannot express`,
    ],
    [{ 'Fn::GetAZs': '' }, `${at}.Fn::GetAZs: is understood only inside Fn::Select`],
    [{ Ref: 'Nothing' }, `${at}.Ref: refers to Nothing, which is not in the template`],
    [{ Ref: 1 }, `${at}.Ref: refers to 1, which is not in the template`],
    [{ Ref: {} }, `${at}.Ref: is not a text`],
    [
      { 'Fn::GetAtt': ['Pool', 'Nothing'] },
      `${at}.Fn::GetAtt: refers to Nothing of Pool, which the model does not know`,
    ],
    [
      { 'Fn::GetAtt': ['Pool', 'constructor'] },
      `${at}.Fn::GetAtt: refers to constructor of Pool, which the model does not know`,
    ],
    [{ 'Fn::GetAtt': ['Pool'] }, `${at}.Fn::GetAtt: is not a list of two`],
    [{ 'Fn::GetAtt': 'Pool' }, `${at}.Fn::GetAtt: is not a text`],
    [{ 'Fn::Join': ['a'] }, `${at}.Fn::Join: is not a list of two`],
    [{ 'Fn::Join': ['', 'a'] }, `${at}.Fn::Join: joins something that is no list`],
    [{ 'Fn::Join': ['', [{ a: 'b' }]] }, `${at}.Fn::Join.1.0: is not a text`],
    [{ 'Fn::Select': [-1, ['a']] }, `${at}.Fn::Select: has no whole index`],
    [{ 'Fn::Select': [2, ['a']] }, `${at}.Fn::Select: selects from something that is no such list`],
    [{ 'Fn::Sub': 1.5 }, `${at}.Fn::Sub: is not a list of two`],
    [
      { 'Fn::Sub': '${constructor}' },
      `${at}.Fn::Sub: refers to constructor, which is not in the template`,
    ],
    [null, `${at}: holds null`],
  ])('%j is an error that names its place', (value, expected) => {
    expect(problem(() => text(value))).toBe(expected)
  })
})

describe('names', () => {
  it('are those of the metadata, else the logical ids', () => {
    const topology = load({
      A: { Type: 'AWS::EC2::NatGateway', Metadata: { 'postern:name': 'gate' } },
      B: { Type: 'AWS::EC2::NatGateway' },
      C: { Type: 'AWS::EC2::InternetGateway', Metadata: { 'postern:name': 'gate' } },
    })
    expect(topology.map(({ name }) => name)).toEqual(['gate', 'B', 'gate'])
  })

  it('that two of a kind claim are left to neither', () => {
    const topology = load({
      A: { Type: 'AWS::EC2::NatGateway', Metadata: { 'postern:name': 'gate' } },
      B: { Type: 'AWS::EC2::NatGateway', Metadata: { 'postern:name': 'gate' } },
    })
    expect(topology.map(({ name }) => name)).toEqual(['A', 'B'])
  })
})

describe('resources', () => {
  it('of unknown types are noted, with those that only describe others left out', () => {
    const { resources, ignored } = loadCloudFormation({
      Resources: {
        ...OTHERS,
        Policy: {
          Type: 'AWS::IAM::Policy',
          Properties: { PolicyDocument: { Statement: [] }, Roles: [] },
        },
      },
    })
    expect(ignored).toEqual([
      { type: 'AWS::DynamoDB::Table', id: 'Table' },
      { type: 'constructor', id: 'Odd' },
    ])
    expect(resources).toHaveLength(Object.keys(OTHERS).length - 2)
  })

  it('of a role hold the statements of policies that are attached to it', () => {
    const statement = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }
    const role = only(
      'role',
      'AWS::IAM::Role',
      {
        AssumeRolePolicyDocument: {
          Statement: { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' } },
        },
        ManagedPolicyArns: ['arn:managed'],
        Policies: [{ PolicyName: 'a', PolicyDocument: { Statement: statement } }],
      },
      {
        Policy: {
          Type: 'AWS::IAM::Policy',
          Properties: {
            PolicyDocument: {
              Statement: [
                { ...statement, Action: ['s3:PutObject'] },
                { ...statement, Effect: 'Deny', Action: 's3:DeleteObject' },
              ],
            },
            Roles: [{ Ref: 'Only' }],
          },
        },
      },
    )
    expect(role).toEqual({
      kind: 'role',
      name: 'Only',
      service: 'lambda.amazonaws.com',
      managedPolicies: ['arn:managed'],
      statements: [
        { actions: ['s3:GetObject'], resources: ['*'] },
        { actions: ['s3:PutObject'], resources: ['*'] },
      ],
    })
  })

  it('take numbers and booleans that YAML wrote as texts', () => {
    const found = only('function', 'AWS::Lambda::Function', {
      ...FUNCTION,
      Timeout: '29',
      MemorySize: '512',
    })
    expect(found).toMatchObject({ timeoutSeconds: 29, memoryMb: 512, code: 'asset:abc' })
    expect(
      only('subnet', 'AWS::EC2::Subnet', { VpcId: 'vpc-1', MapPublicIpOnLaunch: 'true' }),
    ).toMatchObject({ publicIps: true, vpc: 'vpc-1' })
  })

  it('show a function outside a VPC, and one whose network is said to be empty, as such', () => {
    expect(only('function', 'AWS::Lambda::Function', FUNCTION).network).toBeNull()
    expect(
      only('function', 'AWS::Lambda::Function', {
        ...FUNCTION,
        VpcConfig: { SubnetIds: [], SecurityGroupIds: [] },
      }).network,
    ).toBeNull()
  })

  it.each<[properties: Json, expected: { egress: string[]; ingress: string[] }]>([
    [{}, { egress: ['all 0.0.0.0/0'], ingress: [] }],
    [{ SecurityGroupEgress: [] }, { egress: [], ingress: [] }],
    [
      {
        SecurityGroupEgress: [
          { IpProtocol: 'icmp', CidrIp: '255.255.255.255/32', FromPort: 252, ToPort: 86 },
        ],
      },
      { egress: [], ingress: [] },
    ],
    [
      {
        SecurityGroupEgress: [{ IpProtocol: 'tcp', FromPort: 443, ToPort: 443, CidrIpv6: '::/0' }],
        SecurityGroupIngress: [
          { IpProtocol: 'udp', FromPort: '1', ToPort: '9', CidrIp: '10.0.0.0/8' },
        ],
      },
      { egress: ['tcp 443 ::/0'], ingress: ['udp 1-9 10.0.0.0/8'] },
    ],
  ])('of the security group %j are read as %j', (properties, expected) => {
    expect(only('securityGroup', 'AWS::EC2::SecurityGroup', properties)).toMatchObject(expected)
  })

  it('of a security group are completed by rules of their own', () => {
    expect(
      only(
        'securityGroup',
        'AWS::EC2::SecurityGroup',
        { SecurityGroupEgress: [] },
        {
          Rule: {
            Type: 'AWS::EC2::SecurityGroupEgress',
            Properties: {
              GroupId: { 'Fn::GetAtt': ['Only', 'GroupId'] },
              IpProtocol: '-1',
              CidrIp: '0.0.0.0/0',
            },
          },
        },
      ).egress,
    ).toEqual(['all 0.0.0.0/0'])
  })

  it('of a network say where routes lead', () => {
    expect(
      only('networkRoute', 'AWS::EC2::Route', {
        RouteTableId: 'rtb-1',
        DestinationCidrBlock: '0.0.0.0/0',
        NatGatewayId: 'nat-1',
      }),
    ).toEqual({
      kind: 'networkRoute',
      name: 'Only',
      routeTable: 'rtb-1',
      destination: '0.0.0.0/0',
      target: 'nat-1',
    })
  })

  it('show what CloudFront and Cognito do where nothing is said', () => {
    const [edge] = load({
      Edge: {
        Type: 'AWS::CloudFront::Distribution',
        Properties: {
          DistributionConfig: {
            Enabled: true,
            Origins: [
              {
                Id: 'a',
                DomainName: 'a.example',
                CustomOriginConfig: { OriginProtocolPolicy: 'http-only', HTTPPort: 8080 },
                OriginCustomHeaders: [{ HeaderName: 'X-Proof', HeaderValue: 'b' }],
              },
            ],
            DefaultCacheBehavior: {
              TargetOriginId: 'a',
              ViewerProtocolPolicy: 'allow-all',
              CachePolicyId: '658327ea-f89d-4fab-a63d-7e88639e58f6',
            },
            Logging: { Bucket: 'logs.s3.amazonaws.com' },
          },
        },
      },
    })
    expect(edge).toMatchObject({
      httpVersion: 'http1.1',
      accessLogs: { destination: 'logs.s3.amazonaws.com' },
      origins: [{ port: 8080, readTimeoutSeconds: 30, headers: [{ name: 'x-proof', value: 'b' }] }],
      behaviors: [
        {
          pattern: '*',
          methods: ['GET', 'HEAD'],
          cachePolicy: 'CachingOptimized',
          originRequestPolicy: null,
        },
      ],
    })
    expect(only('userPool', 'AWS::Cognito::UserPool', {})).toMatchObject({
      adminCreateUserOnly: false,
      tier: null,
      deletionProtection: false,
    })
  })

  it('give token lifetimes in minutes, whatever their units', () => {
    expect(
      only('userPoolClient', 'AWS::Cognito::UserPoolClient', {
        UserPoolId: 'p',
        AccessTokenValidity: 1,
        IdTokenValidity: 1800,
        RefreshTokenValidity: 30,
        TokenValidityUnits: { IdToken: 'seconds' },
      }),
    ).toMatchObject({
      accessTokenMinutes: 60,
      idTokenMinutes: 30,
      refreshTokenMinutes: 30 * 24 * 60,
      refreshTokenRotation: null,
    })
  })

  it('of a web ACL list the rules that only count', () => {
    expect(
      only('webAcl', 'AWS::WAFv2::WebACL', {
        Rules: [
          {
            Statement: {
              ManagedRuleGroupStatement: {
                Name: 'AWSManagedRulesCommonRuleSet',
                RuleActionOverrides: [
                  { Name: 'GenericRFI_QUERYARGUMENTS', ActionToUse: { Count: {} } },
                  { Name: 'NoUserAgent_HEADER', ActionToUse: { Block: {} } },
                ],
              },
            },
          },
          { Statement: { RateBasedStatement: { Limit: 100 } } },
        ],
      }).managedRuleSets,
    ).toEqual([{ name: 'AWSManagedRulesCommonRuleSet', excluded: ['GenericRFI_QUERYARGUMENTS'] }])
  })
})

describe('a malformed template', () => {
  it.each<[source: unknown, expected: RegExp]>([
    [undefined, /^template: /],
    [null, /^template: /],
    ['text', /^template: /],
    [[], /^template/],
    [{}, /^template\.Resources: /],
    [{ Resources: [] }, /^template\.Resources: is a list$/],
    [{ Resources: { A: null } }, /^template\.Resources\.A: /],
    [{ Resources: { A: {} } }, /^template\.Resources\.A\.Type: /],
    [
      { Resources: { A: { Type: 'X', Properties: 'text' } } },
      /^template\.Resources\.A\.Properties: /,
    ],
    [{ Resources: { A: { Type: 'X', DependsOn: 7 } } }, /^template\.Resources\.A\.DependsOn: /],
    [
      { Resources: { A: { Type: 'AWS::Lambda::Function', Properties: { Role: 'r' } } } },
      /^Resources\.A\.Properties\.Code: /,
    ],
    [
      {
        Resources: {
          A: { Type: 'AWS::Lambda::Function', Properties: { ...FUNCTION, Timeout: 'soon' } },
        },
      },
      /^Resources\.A\.Properties\.Timeout: /,
    ],
    [
      {
        Resources: {
          A: {
            Type: 'AWS::ApiGatewayV2::Authorizer',
            Properties: { ApiId: 'a', AuthorizerType: 'Jwt' },
          },
        },
      },
      /^Resources\.A\.Properties\.AuthorizerType: /,
    ],
    [
      { Resources: { A: { Type: 'AWS::ApiGatewayV2::Route', Properties: { ApiId: ['a'] } } } },
      /^Resources\.A\.Properties\.ApiId: /,
    ],
  ])('%j is one error that names the place', (source, expected) => {
    const message = problem(() => loadCloudFormation(source))
    expect(message).toMatch(expected)
    expect(message).not.toContain('\n')
  })

  it('does not mistake the names of objects’ own properties for names of resources', () => {
    const source = JSON.parse(
      '{"Resources":{"__proto__":{"Type":"AWS::EC2::NatGateway"},"toString":{"Type":"constructor"}}}',
    ) as unknown
    const { ignored } = loadCloudFormation(source)
    expect(ignored.map(({ type }) => type)).not.toContain('AWS::EC2::NatGateway')
  })
})
