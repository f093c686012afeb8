import { AwsClient } from 'aws4fetch'
import { describe, expect, it } from 'vitest'
import type { Role } from '../../src/aws/topology.ts'
import { credentialsOf } from './aws-apis/credentials.ts'
import { toIdentity } from './aws-apis/identities.ts'
import { createSecretsManager } from './aws-apis/secrets-manager.ts'
import { createUserPoolsApi } from './aws-apis/user-pools-api.ts'
import type { Host } from './http.ts'

const SECRET = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:postern-AbCdEf'
const OTHER = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:other-AbCdEf'
const POOL = 'arn:aws:cognito-idp:eu-central-1:111122223333:userpool/eu-central-1_abc'
const ROLE = 'arn:aws:iam::111122223333:role/keys'
const STRANGER = 'arn:aws:iam::111122223333:role/stranger'
const NOW = Date.UTC(2026, 10, 25, 12)
const TOKEN = '6f1ed002-ab5f-4f0c-8d3c-0d7f3f5c2f5a'

const role = (statements: Role['statements']): Role => ({
  kind: 'role',
  name: 'keys',
  service: 'lambda.amazonaws.com',
  managedPolicies: [],
  statements,
})

const SERVICES = {
  secretsmanager: 'secretsmanager',
  'cognito-idp': 'AWSCognitoIdentityProviderService',
} as const

interface Caller {
  roleArn?: string
  at?: number
  region?: string
  signedService?: string
  sessionToken?: string
  change?: (request: Request) => Request | Promise<Request>
}

type Answer = { status: number; body: Record<string, unknown> }

function caller(host: Host, service: keyof typeof SERVICES) {
  return async (action: string, input: object, options: Caller = {}): Promise<Answer> => {
    const { roleArn = ROLE, at = NOW, region = 'eu-central-1', change } = options
    const credentials = credentialsOf(roleArn)
    const client = new AwsClient({
      ...credentials,
      sessionToken: options.sessionToken ?? credentials.sessionToken,
      service: options.signedService ?? service,
      region,
    })
    const signed = await client.sign(`https://${service}.eu-central-1.amazonaws.com/`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': `${SERVICES[service]}.${action}`,
      },
      body: JSON.stringify(input),
      aws: { datetime: new Date(at).toISOString().replaceAll(/[-:]|\.\d+/g, '') },
    })
    const sent = (await change?.(signed)) ?? signed
    const response = await host({
      method: sent.method,
      target: '/',
      headers: [['host', new URL(sent.url).host], ...sent.headers],
      body: new Uint8Array(await sent.arrayBuffer()),
      clientAddress: '127.0.0.1',
    })
    return {
      status: response.status,
      body: JSON.parse(Buffer.from(response.body).toString()) as Record<string, unknown>,
    }
  }
}

function open(
  statements: Role['statements'] = [{ actions: ['secretsmanager:*'], resources: [SECRET] }],
) {
  const identity = toIdentity(ROLE, role(statements))
  const manager = createSecretsManager({
    region: 'eu-central-1',
    now: () => NOW,
    identify: (id) => (id === identity.credentials.accessKeyId ? identity : undefined),
  })
  manager.create(SECRET, 'postern')
  manager.create(OTHER, 'other')
  return { manager, call: caller(manager.host, 'secretsmanager') }
}

describe('Secrets Manager', () => {
  it('has no value in a secret that was made without one', async () => {
    const { call, manager } = open()
    expect(await call('GetSecretValue', { SecretId: SECRET })).toMatchObject({
      status: 400,
      body: { __type: 'ResourceNotFoundException' },
    })
    expect(await call('DescribeSecret', { SecretId: SECRET })).toMatchObject({
      status: 200,
      body: { ARN: SECRET, VersionIdsToStages: {} },
    })
    expect(manager.current(SECRET)).toBeUndefined()
  })

  it('returns what was put last, and what was before under its label', async () => {
    const { call, manager } = open()
    const second = TOKEN.replace('6f', '7f')
    await call('PutSecretValue', { SecretId: SECRET, SecretString: 'a', ClientRequestToken: TOKEN })
    const put = { SecretId: 'postern', SecretString: 'b', ClientRequestToken: second }
    expect(await call('PutSecretValue', put)).toMatchObject({
      status: 200,
      body: { VersionId: second, VersionStages: ['AWSCURRENT'] },
    })
    const read = (more: object) => call('GetSecretValue', { SecretId: SECRET, ...more })
    expect((await read({})).body).toMatchObject({ SecretString: 'b', VersionId: second })
    expect((await read({ VersionStage: 'AWSPREVIOUS' })).body).toMatchObject({ SecretString: 'a' })
    expect((await read({ VersionId: TOKEN })).body).toMatchObject({ SecretString: 'a' })
    expect((await call('DescribeSecret', { SecretId: SECRET })).body).toMatchObject({
      VersionIdsToStages: { [TOKEN]: ['AWSPREVIOUS'], [second]: ['AWSCURRENT'] },
    })
    expect(manager.current(SECRET)).toBe('b')
    expect(manager.counters.get('PutSecretValue')).toBe(2)

    const third = TOKEN.replace('6f', '8f')
    await call('PutSecretValue', { ...put, SecretString: 'c', ClientRequestToken: third })
    expect((await call('DescribeSecret', { SecretId: SECRET })).body).toMatchObject({
      VersionIdsToStages: { [second]: ['AWSPREVIOUS'], [third]: ['AWSCURRENT'] },
    })
    expect((await read({ VersionStage: 'AWSPREVIOUS' })).body).toMatchObject({ SecretString: 'b' })
  })

  it('takes a repeated ClientRequestToken once, and never for another value', async () => {
    const { call } = open()
    const put = (text: string) =>
      call('PutSecretValue', { SecretId: SECRET, SecretString: text, ClientRequestToken: TOKEN })
    expect((await put('a')).status).toBe(200)
    expect((await put('a')).status).toBe(200)
    expect(await put('b')).toMatchObject({
      status: 400,
      body: { __type: 'ResourceExistsException' },
    })
  })

  it('requires a ClientRequestToken from those who write requests themselves', async () => {
    const { call } = open()
    expect(await call('PutSecretValue', { SecretId: SECRET, SecretString: 'a' })).toMatchObject({
      status: 400,
      body: { __type: 'InvalidParameterException' },
    })
  })
})

describe('signatures', () => {
  const withHeader = (name: string, value: string) => (request: Request) => {
    request.headers.set(name, value)
    return request
  }
  it.each<[string, Caller, number, string]>([
    [
      'no signature',
      {
        change: (request) => {
          request.headers.delete('authorization')
          return request
        },
      },
      403,
      'MissingAuthenticationTokenException',
    ],
    [
      'half a signature',
      { change: withHeader('authorization', 'AWS4-HMAC-SHA256 Credential=x') },
      400,
      'IncompleteSignatureException',
    ],
    ['credentials of nobody', { roleArn: STRANGER }, 400, 'UnrecognizedClientException'],
    [
      'a session token of another role',
      { sessionToken: credentialsOf(STRANGER).sessionToken },
      400,
      'UnrecognizedClientException',
    ],
    [
      'a changed body',
      {
        change: (request) =>
          new Request(request, {
            method: 'POST',
            body: JSON.stringify({ SecretId: SECRET, VersionId: 'x' }),
          }),
      },
      403,
      'InvalidSignatureException',
    ],
    [
      'a changed header that was signed',
      { change: withHeader('x-amz-target', 'secretsmanager.DescribeSecret') },
      403,
      'InvalidSignatureException',
    ],
    [
      'an added header that was not signed',
      { change: withHeader('x-amz-more', 'x') },
      403,
      'InvalidSignatureException',
    ],
    ['another region', { region: 'us-east-1' }, 403, 'InvalidSignatureException'],
    ['another service', { signedService: 'ssm' }, 403, 'InvalidSignatureException'],
    ['an old signature', { at: NOW - 6 * 60_000 }, 403, 'InvalidSignatureException'],
    ['one of the future', { at: NOW + 6 * 60_000 }, 403, 'InvalidSignatureException'],
  ])('refuses %s', async (_, options, status, type) => {
    const { call } = open()
    const answer = await call('GetSecretValue', { SecretId: SECRET }, options)
    expect(answer).toMatchObject({ status, body: { __type: type } })
  })

  it('lets a clock be four minutes off', async () => {
    const { call } = open()
    const answer = await call('DescribeSecret', { SecretId: SECRET }, { at: NOW - 4 * 60_000 })
    expect(answer.status).toBe(200)
  })
})

describe('permissions', () => {
  const denied = { status: 400, body: { __type: 'AccessDeniedException' } }

  it('allows exactly the actions and resources of a statement', async () => {
    const { call } = open([
      { actions: ['secretsmanager:DescribeSecret'], resources: [SECRET] },
      { actions: ['secretsmanager:GetSecretValue'], resources: [OTHER] },
    ])
    expect((await call('DescribeSecret', { SecretId: SECRET })).status).toBe(200)
    expect(await call('GetSecretValue', { SecretId: SECRET })).toMatchObject(denied)
    expect(await call('DescribeSecret', { SecretId: OTHER })).toMatchObject(denied)
  })

  it('reads wildcards as IAM does, and dots as dots', async () => {
    const { call } = open([
      { actions: ['SecretsManager:describe*'], resources: ['arn:aws:*:secret:postern-??????'] },
    ])
    expect((await call('DescribeSecret', { SecretId: SECRET })).status).toBe(200)
    expect(await call('DescribeSecret', { SecretId: OTHER })).toMatchObject(denied)
    const dotted = open([{ actions: ['secretsmanager.DescribeSecret'], resources: ['*'] }])
    expect(await dotted.call('DescribeSecret', { SecretId: SECRET })).toMatchObject(denied)
  })
})

describe('user pools API', () => {
  it('describes a client, with its secret, to whom its role lets', async () => {
    const identity = toIdentity(
      ROLE,
      role([{ actions: ['cognito-idp:DescribeUserPoolClient'], resources: [POOL] }]),
    )
    const host = createUserPoolsApi(
      {
        region: 'eu-central-1',
        now: () => NOW,
        identify: () => identity,
        counters: new Map(),
      },
      () => [
        {
          id: 'eu-central-1_abc',
          arn: POOL,
          clients: [
            {
              clientId: 'client1',
              clientSecret: 'secret1',
              client: {
                kind: 'userPoolClient',
                name: 'client',
                userPool: 'pool',
                generateSecret: true,
                callbackUrls: ['https://mcp.example.com/idp/callback'],
                logoutUrls: [],
                oauthFlows: ['code'],
                oauthEnabled: true,
                oauthScopes: ['openid'],
                identityProviders: ['COGNITO'],
                explicitAuthFlows: ['ALLOW_USER_SRP_AUTH'],
                preventUserExistenceErrors: true,
                tokenRevocation: true,
                refreshTokenRotation: { enabled: true, graceSeconds: 60 },
                accessTokenMinutes: 60,
                idTokenMinutes: 60,
                refreshTokenMinutes: 43_200,
                after: [],
              },
            },
          ],
        },
      ],
    )
    const call = caller(host, 'cognito-idp')
    const describeClient = (clientId: string, poolId = 'eu-central-1_abc') =>
      call('DescribeUserPoolClient', { UserPoolId: poolId, ClientId: clientId })
    expect(await describeClient('client1')).toMatchObject({
      status: 200,
      body: {
        UserPoolClient: {
          ClientSecret: 'secret1',
          RefreshTokenRotation: { Feature: 'ENABLED', RetryGracePeriodSeconds: 60 },
        },
      },
    })
    const missing = { status: 400, body: { __type: 'ResourceNotFoundException' } }
    expect(await describeClient('client2')).toMatchObject(missing)
    expect(await describeClient('client1', 'eu-central-1_other')).toMatchObject(missing)
    expect(await call('ListUsers', {})).toMatchObject({
      status: 400,
      body: { __type: 'UnknownOperationException' },
    })
  })
})
