import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type {
  Kind,
  LambdaFunction,
  Resource,
  ResourceOf,
  Role,
  Topology,
} from '../../../src/aws/topology.ts'

export const MCP_URL = 'https://mcp.example.com/mcp'
export const ADA = {
  username: 'ada',
  password: 'correct-Horse1',
  email: 'ada@example.com',
  emailVerified: true,
}

const AWS4FETCH = import.meta.resolve('aws4fetch')

/** Handlers as small as they can be; each does one thing that a deployment has to make possible. */
const HANDLERS = {
  'front.mjs': `
    export const handler = async (event) => ({
      statusCode: 200,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        path: event.rawPath,
        originSecret: event.headers['x-origin-verify'] ?? null,
        publicHost: event.headers['x-mcp-public-host'] ?? null,
        environment: process.env,
      }),
    })`,
  'watch.mjs': `
    export const handler = async () => {
      const response = await fetch(process.env.POSTERN_JWKS_URI)
      if ((await response.text()) !== process.env.POSTERN_JWKS) throw new Error('stale')
    }`,
  'keys.mjs': `
    import { AwsClient } from ${JSON.stringify(AWS4FETCH)}
    const call = async (service, target, action, input) => {
      const client = new AwsClient({
        accessKeyId: process.env.AWS_ACCESS_KEY_ID,
        secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY,
        sessionToken: process.env.AWS_SESSION_TOKEN,
        service, region: process.env.AWS_REGION,
      })
      const response = await client.fetch('https://' + service + '.' + process.env.AWS_REGION + '.amazonaws.com/', {
        method: 'POST',
        headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target + '.' + action },
        body: JSON.stringify(input),
      })
      const body = await response.json()
      if (!response.ok) throw new Error(action + ': ' + body.__type)
      return body
    }
    const make = async (input) => {
      const originSecret = 'secret-of-' + input.rotation
      const basic = input.clientId && await call('cognito-idp', 'AWSCognitoIdentityProviderService',
        'DescribeUserPoolClient', { UserPoolId: input.userPoolId, ClientId: input.clientId })
        .then(({ UserPoolClient: { ClientId, ClientSecret } }) => btoa(ClientId + ':' + ClientSecret))
      const put = await call('secretsmanager', 'secretsmanager', 'PutSecretValue', {
        SecretId: process.env.POSTERN_SECRET_ARN,
        SecretString: JSON.stringify({ originSecret, basic }),
        ClientRequestToken: crypto.randomUUID(),
      })
      const response = await fetch(input.jwksUri)
      return { jwks: await response.text(), originSecretSha256: 'hash-of-' + originSecret, secretVersion: put.VersionId }
    }
    export const handler = async (event) => {
      if (event.RequestType === undefined) return make(event)
      console.log(event.RequestType, event.PhysicalResourceId, JSON.stringify(event.OldResourceProperties))
      const { StackId, RequestId, LogicalResourceId } = event
      const result = await make(event.ResourceProperties).then(
        (Data) => ({ Status: 'SUCCESS', Data }), ({ message }) => ({ Status: 'FAILED', Reason: message }))
      if (event.ResourceProperties.silent) return
      await fetch(event.ResponseURL, {
        method: 'PUT',
        headers: { 'content-type': event.ResourceProperties.mediaType ?? '' },
        body: JSON.stringify({ ...result, PhysicalResourceId: 'the-keys', StackId, RequestId, LogicalResourceId }),
      })
    }`,
}

/** The handlers in a folder of their own. */
export async function writeHandlers(): Promise<{ folder: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-deployment-'))
  for (const [file, source] of Object.entries(HANDLERS)) await writeFile(join(folder, file), source)
  return { folder, remove: () => rm(folder, { recursive: true }) }
}

const fn = (
  name: string,
  handler: string,
  environment: Record<string, string>,
  network: LambdaFunction['network'] = null,
): LambdaFunction => ({
  kind: 'function',
  name,
  code: 'asset:handlers',
  handler,
  runtime: 'nodejs24.x',
  architecture: 'arm64',
  memoryMb: 256,
  timeoutSeconds: 10,
  environment,
  role: name,
  network,
  logGroup: name,
})

const role = (name: string, statements: Role['statements'], ...policies: string[]): Role => ({
  kind: 'role',
  name,
  service: 'lambda.amazonaws.com',
  managedPolicies: policies.map((each) => `arn:\${partition}:iam::aws:policy/service-role/${each}`),
  statements,
})

/** The least that serves a request through the edge: relay with an injected secret. */
export function smallTopology(): Topology {
  const basic = 'AWSLambdaBasicExecutionRole'
  return {
    ignored: [],
    resources: [
      {
        kind: 'distribution',
        name: 'edge',
        aliases: ['mcp.example.com'],
        certificateArn: 'arn:aws:acm:us-east-1:111122223333:certificate/1',
        minimumTls: 'TLSv1.2_2021',
        httpVersion: 'http2',
        enabled: true,
        webAcl: null,
        origins: [
          {
            id: 'api',
            domain: '${api.api.domain}',
            path: '',
            protocol: 'https-only',
            port: 443,
            tlsVersions: ['TLSv1.2'],
            readTimeoutSeconds: 30,
            headers: [
              { name: 'x-mcp-public-host', value: 'mcp.example.com' },
              { name: 'x-origin-verify', value: '${secret.postern.originSecret}' },
            ],
          },
          {
            id: 'cognito',
            domain: '${userPoolDomain.pool.host}',
            path: '/oauth2',
            protocol: 'https-only',
            port: 443,
            tlsVersions: ['TLSv1.2'],
            readTimeoutSeconds: 30,
            headers: [{ name: 'authorization', value: 'Basic ${secret.postern.basic}' }],
          },
        ],
        behaviors: [
          behavior('/token', 'cognito', null),
          behavior('*', 'api', 'AllViewerExceptHostHeader'),
        ],
        errorResponses: [],
        accessLogs: null,
      },
      { kind: 'api', name: 'api', protocol: 'HTTP', executeApiEndpoint: true, cors: false },
      {
        kind: 'stage',
        name: 'default',
        api: 'api',
        stageName: '$default',
        autoDeploy: true,
        accessLogs: null,
      },
      {
        kind: 'route',
        name: 'default',
        api: 'api',
        key: '$default',
        authorizer: null,
        scopes: [],
        integration: 'front',
      },
      {
        kind: 'integration',
        name: 'front',
        api: 'api',
        function: 'front',
        payloadFormat: '2.0',
        timeoutMilliseconds: 29_000,
      },
      {
        kind: 'permission',
        name: 'front',
        function: 'front',
        action: 'lambda:InvokeFunction',
        principal: 'apigateway.amazonaws.com',
        sourceArn: '${api.api.arn}/*',
      },
      fn(
        'front',
        'front.handler',
        {
          POSTERN_MCP_URL: MCP_URL,
          POSTERN_JWKS: '${keys.keys.jwks}',
          POSTERN_ORIGIN_SECRET_SHA256: '${keys.keys.originSecretSha256}',
          POSTERN_IDP_ISSUER: '${userPool.pool.issuer}',
          POSTERN_IDP_CLIENT_ID: '${userPoolClient.client.id}',
        },
        { subnets: ['private0'], securityGroups: ['functions'] },
      ),
      fn('keys', 'keys.handler', { POSTERN_SECRET_ARN: '${secret.postern.arn}' }),
      fn('keyWatch', 'watch.handler', {
        POSTERN_JWKS: '${keys.keys.jwks}',
        POSTERN_JWKS_URI: '${userPool.pool.issuer}/.well-known/jwks.json',
      }),
      role('front', [], 'AWSLambdaVPCAccessExecutionRole'),
      role(
        'keys',
        [
          { actions: ['secretsmanager:PutSecretValue'], resources: ['${secret.postern.arn}'] },
          { actions: ['cognito-idp:DescribeUserPoolClient'], resources: ['${userPool.pool.arn}'] },
        ],
        basic,
      ),
      role('keyWatch', [], basic),
      ...['front', 'keys', 'keyWatch'].map((name): Resource => ({
        kind: 'logGroup',
        name,
        retentionDays: 30,
      })),
      { kind: 'secret', name: 'postern', description: null },
      {
        kind: 'keys',
        name: 'keys',
        function: 'keys',
        input: {
          rotation: '1',
          jwksUri: '${userPool.pool.issuer}/.well-known/jwks.json',
          userPoolId: '${userPool.pool.id}',
          clientId: '${userPoolClient.client.id}',
        },
      },
      {
        kind: 'schedule',
        name: 'keyWatch',
        expression: 'rate(1 hour)',
        enabled: true,
        target: 'keyWatch',
      },
      {
        kind: 'permission',
        name: 'keyWatch',
        function: 'keyWatch',
        action: 'lambda:InvokeFunction',
        principal: 'events.amazonaws.com',
        sourceArn: '${schedule.keyWatch.arn}',
      },
      {
        kind: 'alarm',
        name: 'keyWatch',
        namespace: 'AWS/Lambda',
        metric: 'Errors',
        dimensions: { FunctionName: '${function.keyWatch.name}' },
        statistic: 'Sum',
        periodSeconds: 3600,
        evaluationPeriods: 1,
        threshold: 1,
        comparison: 'GreaterThanOrEqualToThreshold',
        missingData: 'notBreaching',
        description: '',
      },
      { kind: 'vpc', name: 'vpc', cidr: '10.0.0.0/16' },
      {
        kind: 'subnet',
        name: 'private0',
        vpc: 'vpc',
        cidr: '10.0.0.0/24',
        availabilityZone: '${az.0}',
        publicIps: false,
        routeTable: 'private0',
      },
      { kind: 'routeTable', name: 'private0', vpc: 'vpc' },
      { kind: 'securityGroup', name: 'functions', vpc: 'vpc', egress: [], ingress: [] },
      {
        kind: 'userPool',
        name: 'pool',
        poolName: null,
        tier: 'ESSENTIALS',
        adminCreateUserOnly: true,
        mfa: null,
        usernameAttributes: ['email'],
        autoVerified: ['email'],
        passwordMinimumLength: 12,
        deletionProtection: true,
      },
      {
        kind: 'userPoolDomain',
        name: 'pool',
        userPool: 'pool',
        domain: 'notes-${account}',
        managedLoginVersion: 2,
      },
      {
        kind: 'userPoolBranding',
        name: 'client',
        userPool: 'pool',
        client: 'client',
        cognitoProvidedValues: true,
      },
      {
        kind: 'resourceServer',
        name: 'mcp',
        userPool: 'pool',
        identifier: MCP_URL,
        displayName: 'mcp',
        scopes: [{ name: 'tools', description: 'Use it' }],
      },
      {
        kind: 'userPoolClient',
        name: 'client',
        userPool: 'pool',
        generateSecret: true,
        callbackUrls: ['http://localhost:3334/oauth/callback'],
        logoutUrls: [],
        oauthFlows: ['code'],
        oauthEnabled: true,
        oauthScopes: [`${MCP_URL}/tools`],
        identityProviders: ['COGNITO'],
        explicitAuthFlows: ['ALLOW_USER_SRP_AUTH'],
        preventUserExistenceErrors: true,
        tokenRevocation: true,
        refreshTokenRotation: { enabled: true, graceSeconds: 60 },
        accessTokenMinutes: 60,
        idTokenMinutes: 60,
        refreshTokenMinutes: 43_200,
        after: ['resourceServer.mcp'],
      },
    ],
  }
}

function behavior(
  pattern: string,
  origin: string,
  originRequestPolicy: string | null,
): ResourceOf<'distribution'>['behaviors'][number] {
  return {
    pattern,
    origin,
    methods: ['GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'POST', 'DELETE'],
    viewerProtocol: 'https-only',
    compress: false,
    cachePolicy: 'CachingDisabled',
    originRequestPolicy,
    responseHeadersPolicy: null,
    viewerRequest: null,
    viewerResponse: null,
  }
}

/** A copy in which one resource has other members; null leaves it out. */
export function change<K extends Kind>(
  topology: Topology,
  kind: K,
  name: string,
  changes: Partial<ResourceOf<K>> | null,
): Topology {
  return {
    ...topology,
    resources: topology.resources.flatMap((resource) => {
      if (resource.kind !== kind || resource.name !== name) return [resource]
      return changes === null ? [] : [{ ...resource, ...changes }]
    }),
  }
}
