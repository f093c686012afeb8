import { runInNewContext } from 'node:vm'
import { Match, Template } from 'aws-cdk-lib/assertions'
import { Code, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { describe, expect, it } from 'vitest'
import { PrivateMcpServer } from '../../../src/aws/cdk/index.ts'
import { loadCloudFormation } from '../../../src/aws/load-cloudformation.ts'
import { findResource, ofKind, type Topology } from '../../../src/aws/topology.ts'
import {
  createVariant,
  INPUT,
  LONG_DOMAIN_NAME,
  inStack,
  serverFolder,
  synthesize,
  type Variant,
  VARIANTS,
} from '../variants.ts'

const load = (variant: Variant): Topology => loadCloudFormation(synthesize(variant))
const template = (variant: Variant): Template =>
  Template.fromJSON(synthesize(variant) as Parameters<typeof Template.fromJSON>[0])

interface Shape {
  functions: string[]
  routes: string[]
  behaviors: string[]
}

const ALWAYS = ['keys: keys.handler, internet', 'keyWatch: keyWatch.handler, internet']
const TOKEN_AT_EDGE = [
  '/token → cognito, no policy, response policy token',
  '/revoke → cognito, no policy, response policy token',
]
const TO_API = '* → api, AllViewerExceptHostHeader'
const CHALLENGED = [
  '/mcp → api, AllViewerExceptHostHeader, response policy challenge',
  '/mcp/ → api, AllViewerExceptHostHeader, response policy challenge',
]
const guarded = (mcp: string, others: string): string[] => [
  `ANY /mcp → ${mcp} behind an authorizer`,
  `OPTIONS /mcp → ${others}`,
  `$default → ${others}`,
]
const RELAY: Shape = {
  functions: [...ALWAYS, 'front: index.handler, isolated'],
  routes: ['$default → front'],
  behaviors: [...TOKEN_AT_EDGE, TO_API],
}

const SHAPES: Record<Variant, Shape> = {
  'relay-public': RELAY,
  'relay-edge-secret': RELAY,
  'relay-shared-secret': RELAY,
  'relay-token-function': {
    functions: [...RELAY.functions, 'token: token.handler, internet'],
    routes: ['ANY /token → token', 'ANY /revoke → token', '$default → front'],
    behaviors: [TO_API],
  },
  'relay-both': {
    functions: RELAY.functions,
    routes: guarded('front', 'front'),
    behaviors: [...TOKEN_AT_EDGE, ...CHALLENGED, TO_API],
  },
  'relay-existing': {
    functions: [...ALWAYS, 'facade: facade.handler, isolated'],
    routes: guarded(INPUT.existingFunctionArn, 'facade'),
    behaviors: [...TOKEN_AT_EDGE, ...CHALLENGED, TO_API],
  },
  broker: {
    functions: [...ALWAYS, 'oauth: oauth.handler, internet', 'mcp: index.handler, isolated'],
    routes: ['ANY /mcp → mcp', '$default → oauth'],
    behaviors: [
      '/mcp → api, AllViewerExceptHostHeader',
      '/mcp/ → api, AllViewerExceptHostHeader',
      TO_API,
    ],
  },
  'broker-existing': {
    functions: [
      ...ALWAYS,
      'oauth: oauth.handler, internet',
      'authorizer: authorizer.handler, isolated',
    ],
    routes: guarded(INPUT.existingFunctionArn, 'oauth'),
    behaviors: [...CHALLENGED, TO_API],
  },
}

function shapeOf(topology: Topology): Shape {
  return {
    functions: ofKind(topology, 'function').map(
      ({ name, handler, network }) =>
        `${name}: ${handler}, ${network === null ? 'internet' : 'isolated'}`,
    ),
    routes: ofKind(topology, 'route').map(({ key, integration, authorizer }) => {
      const target = findResource(topology, 'integration', integration)?.function
      return `${key} → ${target}${authorizer === null ? '' : ' behind an authorizer'}`
    }),
    behaviors: ofKind(topology, 'distribution').flatMap(({ behaviors }) =>
      behaviors.map(
        ({ pattern, origin, originRequestPolicy, responseHeadersPolicy }) =>
          `${pattern} → ${origin}, ${originRequestPolicy ?? 'no policy'}${
            responseHeadersPolicy === null ? '' : `, response policy ${responseHeadersPolicy}`
          }`,
      ),
    ),
  }
}

/** Only what a function writes, reads and is by Lambda itself. */
function permissionsOf(topology: Topology, role: string): string[] {
  return (findResource(topology, 'role', role)?.statements ?? []).map(
    ({ actions, resources }) => `${actions.join(' ')} on ${resources.join(' ')}`,
  )
}

const READ_SECRET = 'secretsmanager:GetSecretValue on ${secret.postern.arn}'
const WRITE_SECRET =
  'secretsmanager:GetSecretValue secretsmanager:PutSecretValue on ${secret.postern.arn}'
const READ_CLIENT = 'cognito-idp:DescribeUserPoolClient on ${userPool.pool.arn}'
const INTERFACES =
  'ec2:CreateNetworkInterface ec2:DescribeNetworkInterfaces ec2:DescribeSubnets ec2:DeleteNetworkInterface ec2:AssignPrivateIpAddresses ec2:UnassignPrivateIpAddresses on *'

function allowedTo(variant: Variant, name: string): string[] {
  if (name === 'keys')
    return [
      WRITE_SECRET,
      ...(['relay-edge-secret', 'relay-shared-secret'].includes(variant) ? [READ_CLIENT] : []),
    ]
  if (name === 'oauth') return [READ_SECRET]
  // In relay it compares public keys with public keys.
  if (name === 'keyWatch') return variant.startsWith('broker') ? [READ_SECRET] : []
  return name === 'token' ? [] : [INTERFACES]
}

describe.each(VARIANTS)('%s', (variant) => {
  it('has the functions, routes and behaviours that the documentation draws', () => {
    const found = shapeOf(load(variant))
    expect({ ...found, functions: found.functions.toSorted() }).toEqual({
      ...SHAPES[variant],
      functions: SHAPES[variant].functions.toSorted(),
    })
  })

  it('has no way out of its VPC', () => {
    const topology = load(variant)
    for (const kind of ['natGateway', 'internetGateway', 'networkRoute'] as const)
      expect(ofKind(topology, kind)).toEqual([])
    expect(ofKind(topology, 'securityGroup')).toEqual([
      { kind: 'securityGroup', name: 'functions', vpc: 'vpc', egress: [], ingress: [] },
    ])
    expect(ofKind(topology, 'subnet')).toMatchObject([
      { name: 'private0', routeTable: 'private0', publicIps: false, availabilityZone: '${az.0}' },
      { name: 'private1', routeTable: 'private1', publicIps: false, availabilityZone: '${az.1}' },
    ])
  })

  it('has no custom resource but its own, and nothing that the model does not know', () => {
    const { Resources: resources } = synthesize(variant) as {
      Resources: Record<string, { Type: string }>
    }
    const custom = Object.values(resources).filter(({ Type }) =>
      /^Custom|CustomResource$/.test(Type),
    )
    expect(custom.map(({ Type }) => Type)).toEqual(['Custom::PosternKeys'])
    expect(load(variant).ignored).toEqual([])
  })

  it('lets every function do what it needs and nothing else', () => {
    const topology = load(variant)
    for (const { name, role } of ofKind(topology, 'function')) {
      expect(role).toBe(name)
      expect(findResource(topology, 'role', role)).toMatchObject({
        service: 'lambda.amazonaws.com',
        managedPolicies: [],
      })
      expect(permissionsOf(topology, role)).toEqual([
        `logs:CreateLogStream logs:PutLogEvents on \${logGroup.${name}.arn}:*`,
        ...allowedTo(variant, name),
      ])
    }
    expect(ofKind(topology, 'role')).toHaveLength(ofKind(topology, 'function').length)
  })

  it('lets only this API, this authorizer and this schedule call functions', () => {
    const permissions = ofKind(load(variant), 'permission')
    for (const { name, action, principal, sourceArn } of permissions) {
      expect(action).toBe('lambda:InvokeFunction')
      expect([principal, sourceArn]).toEqual(
        name === 'keyWatch'
          ? ['events.amazonaws.com', '${schedule.keyWatch.arn}']
          : [
              'apigateway.amazonaws.com',
              name === 'authorizer'
                ? '${api.api.arn}/authorizers/${authorizer.mcp.id}'
                : '${api.api.arn}/*/*',
            ],
      )
    }
    const called = new Set(ofKind(load(variant), 'integration').map((found) => found.function))
    const integrated = [...called].map((name) => (name.startsWith('arn:') ? 'existing' : name))
    expect(permissions.map(({ name }) => name).toSorted()).toEqual(
      [
        'keyWatch',
        ...integrated,
        ...(variant === 'broker-existing' ? ['authorizer'] : []),
      ].toSorted(),
    )
  })

  it('puts no secret into an environment, but for the one that is to be shared', () => {
    const secret = /\$\{secret\.[^.]+\.(?!arn\})/
    const found = ofKind(load(variant), 'function').flatMap(({ name, environment }) =>
      Object.entries(environment).flatMap(([key, value]) =>
        secret.test(value) ? [`${name} ${key}`] : [],
      ),
    )
    expect(found).toEqual(
      variant === 'relay-shared-secret' ? ['front POSTERN_DANGEROUSLY_SHARED_CLIENT_SECRET'] : [],
    )
  })

  it('gives every log group an end', () => {
    const topology = load(variant)
    const groups = ofKind(topology, 'logGroup')
    for (const { retentionDays } of groups) expect(retentionDays).toBe(30)
    const named = ofKind(topology, 'function').map(({ logGroup }) => logGroup)
    expect(groups.map(({ name }) => name).toSorted()).toEqual(
      [...named.map(String), 'api'].toSorted(),
    )
  })

  it('logs requests without their query strings', () => {
    const [stage] = ofKind(load(variant), 'stage')
    expect(stage).toMatchObject({
      stageName: '$default',
      accessLogs: { destination: '${logGroup.api.arn}' },
    })
    expect(stage?.accessLogs?.format).not.toMatch(/path|query|http/i)
    expect(ofKind(load(variant), 'distribution')[0]?.accessLogs).toBeNull()
  })

  it('updates CloudFront after the functions, and only with the secret’s new version', () => {
    const [distribution] = Object.values(
      template(variant).findResources('AWS::CloudFront::Distribution'),
    )
    const { Resources: resources } = synthesize(variant) as {
      Resources: Record<string, { Type: string; Metadata: Record<string, string> }>
    }
    const before = (distribution!['DependsOn'] as string[]).filter(
      (id) => resources[id]?.Type === 'AWS::Lambda::Function',
    )
    const serving = ofKind(load(variant), 'function').filter(({ name }) => !name.startsWith('key'))
    expect(before.map((id) => String(resources[id]?.Metadata['postern:name'])).toSorted()).toEqual(
      serving.map(({ name }) => name).toSorted(),
    )
    expect(JSON.stringify(distribution)).toMatch(
      /:SecretString:originSecret::",\{"Fn::GetAtt":\["\w+","secretVersion"\]\},"\}\}/,
    )
  })

  it('tells the origin its public name, with proof, and keeps no errors', () => {
    const [edge] = ofKind(load(variant), 'distribution')
    expect(edge?.aliases).toEqual(['mcp.example.com'])
    expect(edge?.origins.find(({ id }) => id === 'api')).toMatchObject({
      domain: '${api.api.domain}',
      protocol: 'https-only',
      tlsVersions: ['TLSv1.2'],
      headers: [
        { name: 'x-mcp-public-host', value: 'mcp.example.com' },
        { name: 'x-origin-verify', value: '${secret.postern.originSecret}' },
      ],
    })
    expect(edge?.errorResponses.map(({ status }) => status)).toEqual([
      400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504,
    ])
    for (const { cachingSeconds, responsePagePath } of edge?.errorResponses ?? [])
      expect([cachingSeconds, responsePagePath]).toEqual([0, null])
    for (const behavior of edge?.behaviors ?? [])
      expect(behavior).toMatchObject({
        cachePolicy: 'CachingDisabled',
        viewerProtocol: 'https-only',
        compress: false,
        viewerResponse: null,
      })
  })

  it('says everything about the user pool that deployment or sign-in needs', () => {
    const relay = variant.startsWith('relay')
    template(variant).hasResourceProperties('AWS::Cognito::UserPool', {
      UserPoolTier: 'ESSENTIALS',
      AdminCreateUserConfig: { AllowAdminCreateUserOnly: true },
      DeletionProtection: 'ACTIVE',
    })
    template(variant).hasResourceProperties('AWS::Cognito::UserPoolDomain', {
      Domain: 'example-mcp',
      ManagedLoginVersion: 2,
    })
    template(variant).hasResourceProperties('AWS::Cognito::ManagedLoginBranding', {
      UseCognitoProvidedValues: true,
    })
    template(variant).hasResource('AWS::Cognito::UserPoolClient', {
      Properties: {
        GenerateSecret: ['relay-edge-secret', 'relay-shared-secret'].includes(variant),
        AllowedOAuthFlows: ['code'],
        AllowedOAuthScopes: relay ? ['https://mcp.example.com/mcp/tools'] : ['openid', 'email'],
        ExplicitAuthFlows: ['ALLOW_USER_SRP_AUTH'],
        RefreshTokenRotation: { Feature: 'ENABLED', RetryGracePeriodSeconds: 60 },
        SupportedIdentityProviders: ['COGNITO'],
        EnableTokenRevocation: true,
        PreventUserExistenceErrors: 'ENABLED',
      },
      DependsOn: relay ? [Match.stringLikeRegexp('ResourceServer')] : Match.absent(),
    })
    template(variant).resourceCountIs('AWS::Cognito::UserPoolResourceServer', relay ? 1 : 0)
    expect(ofKind(load(variant), 'userPoolClient')[0]?.after).toEqual(
      relay ? ['resourceServer.mcp'] : [],
    )
  })

  it('raises an alarm with the command that renews the pinned keys', () => {
    const topology = load(variant)
    expect(ofKind(topology, 'schedule')).toEqual([
      {
        kind: 'schedule',
        name: 'keyWatch',
        expression: 'rate(1 hour)',
        enabled: true,
        target: 'keyWatch',
      },
    ])
    const command = findResource(topology, 'function', 'keyWatch')?.environment[
      'POSTERN_REDEPLOY_COMMAND'
    ]
    expect(command).toBe('npx cdk deploy Notes --context postern:refresh=<any new text>')
    expect(ofKind(topology, 'alarm')).toMatchObject([
      {
        metric: 'Errors',
        dimensions: { FunctionName: '${function.keyWatch.name}' },
        threshold: 1,
        comparison: 'GreaterThanOrEqualToThreshold',
        description: expect.stringContaining(command!) as string,
      },
    ])
  })
})

describe('the relay’s token path', () => {
  it('takes POST and OPTIONS only, and keeps Cognito’s cookie from this host', () => {
    const topology = load('relay-public')
    const [edge] = ofKind(topology, 'distribution')
    expect(edge?.origins.find(({ id }) => id === 'cognito')).toMatchObject({
      domain: '${userPoolDomain.pool.host}',
      path: '/oauth2',
      headers: [],
    })
    expect(edge?.behaviors.map(({ viewerRequest }) => viewerRequest)).toEqual([
      'tokenPost',
      'tokenPost',
      null,
    ])
    expect(findResource(topology, 'responseHeadersPolicy', 'token')?.remove).toEqual([
      'Set-Cookie',
      'x-amz-cognito-request-id',
    ])
    const { code } = findResource(topology, 'edgeFunction', 'tokenPost')!
    const answer = (method: string): object =>
      runInNewContext(
        `${code}; handler({ request: { method: '${method}', uri: '/token' } })`,
      ) as object
    expect(answer('POST')).toEqual({ method: 'POST', uri: '/token' })
    expect(answer('OPTIONS')).toEqual({ method: 'OPTIONS', uri: '/token' })
    for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'])
      expect(answer(method)).toMatchObject({
        statusCode: 405,
        headers: { allow: { value: 'POST, OPTIONS' } },
      })
  })

  it('sends the secret from the edge, and asks the keys function for it', () => {
    const topology = load('relay-edge-secret')
    const [edge] = ofKind(topology, 'distribution')
    expect(edge?.origins.find(({ id }) => id === 'cognito')?.headers).toEqual([
      { name: 'authorization', value: 'Basic ${secret.postern.basic}' },
    ])
    expect(ofKind(topology, 'keys')[0]?.input).toEqual({
      mode: 'relay',
      issuer: 'https://mcp.example.com',
      jwksUri: '${userPool.pool.issuer}/.well-known/jwks.json',
      userPoolId: '${userPool.pool.id}',
      clientId: '${userPoolClient.client.id}',
      wantsBasic: 'true',
      rotation: '1',
    })
  })

  it('shares the secret only when told to', () => {
    expect(ofKind(load('relay-shared-secret'), 'keys')[0]?.input).toMatchObject({
      wantsClientSecret: 'true',
    })
    expect(ofKind(load('relay-public'), 'keys')[0]?.input).toEqual({
      mode: 'relay',
      issuer: 'https://mcp.example.com',
      jwksUri: '${userPool.pool.issuer}/.well-known/jwks.json',
      rotation: '1',
    })
  })
})

describe('authorizers', () => {
  it('of relay ask for Cognito’s issuer, the resource or the client, and the scopes', () => {
    for (const variant of ['relay-both', 'relay-existing'] as const) {
      const topology = load(variant)
      expect(ofKind(topology, 'authorizer')).toMatchObject([
        {
          type: 'JWT',
          issuer: '${userPool.pool.issuer}',
          audience: ['https://mcp.example.com/mcp', '${userPoolClient.client.id}'],
          identitySources: ['$request.header.Authorization'],
        },
      ])
      expect(findResource(topology, 'route', 'mcp')?.scopes).toEqual([
        'https://mcp.example.com/mcp/tools',
      ])
    }
  })

  it('of broker are Postern, whose answers API Gateway does not remember', () => {
    expect(ofKind(load('broker-existing'), 'authorizer')).toMatchObject([
      {
        type: 'REQUEST',
        function: 'authorizer',
        payloadFormat: '2.0',
        simpleResponses: true,
        resultTtlSeconds: 0,
      },
    ])
  })

  it('leave the challenge to the edge', () => {
    expect(
      findResource(load('broker-existing'), 'responseHeadersPolicy', 'challenge')?.set,
    ).toEqual([
      {
        name: 'WWW-Authenticate',
        value:
          'Bearer resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/mcp", scope="mcp"',
        override: true,
      },
    ])
  })
})

describe('synthesis', () => {
  it('asks the account nothing', () => {
    for (const variant of ['relay-both', 'broker-existing'] as const)
      expect(inStack((stack) => createVariant(stack, variant)).missing).toBeUndefined()
  })

  it('calls the keys function again for a text in the context', () => {
    const { template: found } = inStack((stack) => {
      stack.node.setContext('postern:refresh', 'today')
      createVariant(stack, 'broker')
    })
    expect(ofKind(loadCloudFormation(found), 'keys')[0]?.input['refresh']).toBe('today')
  })

  it.each<[string[] | undefined, string | undefined]>([
    [undefined, undefined],
    [[], 'none'],
    [['app.example.com', '*.example.org'], 'app.example.com *.example.org'],
  ])('tells the OAuth function that clients may come from %j', (clientDomains, variable) => {
    const { template } = inStack(
      (stack) =>
        new PrivateMcpServer(stack, 'Server', {
          mode: 'broker',
          domainName: INPUT.domainName,
          certificateArn: INPUT.certificateArn,
          cognitoDomainPrefix: INPUT.cognitoDomainPrefix,
          access: INPUT.access,
          server: { code: Code.fromAsset(serverFolder()) },
          ...(clientDomains === undefined ? {} : { clientDomains }),
        }),
    )
    const oauth = ofKind(loadCloudFormation(template), 'function').find(
      ({ handler }) => handler === 'oauth.handler',
    )
    expect(oauth?.environment['POSTERN_CLIENT_DOMAINS']).toBe(variable)
  })

  it('keeps comments to the 128 characters that CloudFront takes', () => {
    const { template } = inStack(
      (stack) =>
        new PrivateMcpServer(stack, 'Server', {
          mode: 'relay',
          domainName: LONG_DOMAIN_NAME,
          certificateArn: INPUT.certificateArn,
          cognitoDomainPrefix: INPUT.cognitoDomainPrefix,
          access: INPUT.access,
          server: { code: Code.fromAsset(serverFolder()) },
        }),
    )
    const comments = [...JSON.stringify(template).matchAll(/"Comment":"([^"]*)"/g)]

    expect(comments).toHaveLength(3)
    for (const [, comment = ''] of comments) expect(comment.length).toBeLessThanOrEqual(128)
  })

  it('takes two servers in one stack, told apart by their logical ids', () => {
    const { template: found } = inStack((stack) => {
      const { vpc } = createVariant(stack, 'broker')
      new PrivateMcpServer(stack, 'Second', {
        mode: 'broker',
        domainName: 'second.example.com',
        certificateArn: INPUT.certificateArn,
        cognitoDomainPrefix: 'second-mcp',
        access: 'anyoneTheIdpAdmits',
        server: { existing: new PrivateMcpServer(stack, 'Third', third(vpc)).functions['mcp']! },
      })
    })
    const topology = loadCloudFormation(found)
    const names = ofKind(topology, 'function').map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(ofKind(topology, 'distribution')).toHaveLength(3)
  })

  it('prints the MCP URL, the entry for Claude Desktop and the callback', () => {
    const outputs = (variant: Variant): string[] =>
      Object.values(template(variant).findOutputs('*')).map(({ Value }) => Value as string)
    for (const variant of ['relay-public', 'broker'] as const) {
      expect(outputs(variant)).toContain('https://mcp.example.com/mcp')
      expect(outputs(variant)).toContain(
        '{"mcpServers":{"Example notes":{"command":"npx","args":["mcp-remote","https://mcp.example.com/mcp"]}}}',
      )
    }
    expect(outputs('broker')).toContain('https://mcp.example.com/idp/callback')
    expect(outputs('relay-public').join()).toContain('http://localhost:41409/oauth/callback')
  })

  it('exposes everything that it makes', () => {
    for (const variant of ['relay-both', 'broker-existing'] as const)
      inStack((stack) => {
        const server = createVariant(stack, variant)
        const { node, ...members } = server
        const exposed = new Set(Object.values(members).flatMap(withMembers))
        const hidden = node.children
          .filter((child) => !exposed.has(child))
          .map((child) => child.node.id)
        // The network is the exposed VPC’s; the others make nothing.
        expect(hidden.filter((id) => !/^(?:Vpc|Private\d)/.test(id)).toSorted()).toEqual(
          [
            'CallbackUrls',
            'Certificate',
            'ClaudeDesktop',
            'DistributionDomain',
            'McpUrl',
            'UserPoolId',
          ]
            .map((id) =>
              variant === 'broker-existing' && id === 'CallbackUrls' ? 'IdpCallback' : id,
            )
            .toSorted(),
        )
      })
  })
})

/** A member, and what stands in it as a list, by name, or as a function’s own parts. */
function withMembers(member: unknown): unknown[] {
  if (member instanceof LambdaFunction) return [member, member.role, member.logGroup]
  if (typeof member !== 'object' || member === null || 'node' in member) return [member]
  return Object.values(member).flatMap(withMembers)
}

function third(vpc: PrivateMcpServer['vpc']): ConstructorParameters<typeof PrivateMcpServer>[2] {
  return {
    mode: 'broker',
    domainName: 'third.example.com',
    certificateArn: INPUT.certificateArn,
    cognitoDomainPrefix: 'third-mcp',
    access: 'anyoneTheIdpAdmits',
    server: { code: Code.fromAsset(serverFolder()) },
    vpc,
  }
}
