import { describe, expect, test } from 'vitest'
import { loadTerraform } from '../../../src/aws/load-terraform.ts'
import { findResource, type Topology } from '../../../src/aws/topology.ts'

type Values = Record<string, unknown>
interface Resource {
  address: string
  mode: string
  type: string
  name: string
  index?: string | number
  values: Values
  depends_on?: string[]
}

function resource(address: string, values: Values, dependsOn: string[] = []): Resource {
  const [, data, type = '', name = '', index] =
    /(data\.)?(aws_\w+)\.(\w+)(?:\[(.+)\])?$/.exec(address) ?? []
  return {
    address,
    mode: data === undefined ? 'managed' : 'data',
    type,
    name,
    ...(index !== undefined && { index: JSON.parse(index) as string | number }),
    values,
    depends_on: dependsOn,
  }
}

const state = (...resources: Resource[]): unknown => ({
  format_version: '1.0',
  values: { root_module: { resources } },
})

const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: {
    Effect: 'Allow',
    Action: 'sts:AssumeRole',
    Principal: { Service: 'lambda.amazonaws.com' },
  },
})

describe('loadTerraform, of a state that AWS filled', () => {
  const ROLE = 'arn:aws:iam::111122223333:role/mine'
  const FUNCTION = 'arn:aws:lambda:eu-central-1:111122223333:function:mine'
  const API = 'a1b2c3d4e5'
  const POOL = 'eu-central-1_AbCdEfGhI'
  const topology: Topology = loadTerraform(
    state(
      resource('data.aws_availability_zones.all', { names: ['eu-central-1a', 'eu-central-1b'] }),
      resource('aws_vpc.net', { id: 'vpc-0aa', cidr_block: '10.1.0.0/16' }),
      resource('aws_subnet.a', {
        id: 'subnet-0aa',
        vpc_id: 'vpc-0aa',
        cidr_block: '10.1.0.0/24',
        availability_zone: 'eu-central-1b',
        map_public_ip_on_launch: true,
      }),
      resource('aws_route_table.public', {
        id: 'rtb-0aa',
        vpc_id: 'vpc-0aa',
        route: [{ cidr_block: '0.0.0.0/0', gateway_id: 'igw-0aa', nat_gateway_id: '' }],
      }),
      resource('aws_route.out', {
        route_table_id: 'rtb-0aa',
        destination_ipv6_cidr_block: '::/0',
        nat_gateway_id: 'nat-0aa',
      }),
      resource('aws_internet_gateway.out', { id: 'igw-0aa' }),
      resource('aws_nat_gateway.out', { id: 'nat-0aa' }),
      resource('aws_route_table_association.a', {
        subnet_id: 'subnet-0aa',
        route_table_id: 'rtb-0aa',
      }),
      resource('aws_security_group.open', {
        id: 'sg-0aa',
        vpc_id: 'vpc-0aa',
        egress: [
          { protocol: '-1', from_port: 0, to_port: 0, cidr_blocks: ['0.0.0.0/0', '10.0.0.0/8'] },
        ],
        ingress: [{ protocol: 'tcp', from_port: 443, to_port: 443, self: true }],
      }),
      resource('aws_security_group_rule.more', {
        security_group_id: 'sg-0aa',
        type: 'egress',
        protocol: 'udp',
        from_port: 53,
        to_port: 54,
        cidr_blocks: ['10.1.0.2/32'],
      }),
      resource('aws_vpc_security_group_ingress_rule.more', {
        security_group_id: 'sg-0aa',
        ip_protocol: 'tcp',
        from_port: 80,
        to_port: 80,
        cidr_ipv4: '10.1.0.0/16',
      }),
      resource('aws_iam_role.mine', { arn: ROLE, name: 'mine', assume_role_policy: trust }),
      resource('aws_iam_role_policy_attachment.basic', {
        role: 'mine',
        policy_arn: 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole',
      }),
      resource('aws_iam_role_policy.more', {
        role: 'mine',
        policy: JSON.stringify({
          Statement: [
            { Effect: 'Allow', Action: 's3:GetObject', Resource: `${FUNCTION}:*` },
            { Effect: 'Deny', Action: '*', Resource: '*' },
          ],
        }),
      }),
      resource('aws_lambda_function.mine', {
        arn: FUNCTION,
        invoke_arn: `arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/${FUNCTION}/invocations`,
        function_name: 'mine',
        role: ROLE,
        s3_bucket: 'code',
        s3_key: 'mine.zip',
        handler: 'app.handler',
        runtime: 'python3.13',
        architectures: ['x86_64'],
        vpc_config: [{ subnet_ids: ['subnet-0aa'], security_group_ids: ['sg-0aa'] }],
        environment: [
          { variables: { ISSUER: `https://cognito-idp.eu-central-1.amazonaws.com/${POOL}` } },
        ],
        logging_config: [{ log_format: 'Text', log_group: '/aws/lambda/mine' }],
      }),
      resource('aws_apigatewayv2_api.http', { id: API, protocol_type: 'HTTP' }),
      resource('aws_apigatewayv2_integration.mine', {
        id: 'abc1234',
        api_id: API,
        integration_uri: `arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/${FUNCTION}/invocations`,
      }),
      resource('aws_apigatewayv2_route.all', {
        api_id: API,
        route_key: '$default',
        target: 'integrations/abc1234',
      }),
      resource('aws_lambda_permission.api', {
        function_name: 'mine',
        action: 'lambda:InvokeFunction',
        principal: 'apigateway.amazonaws.com',
        source_arn: `arn:aws:execute-api:eu-central-1:111122223333:${API}/*/*`,
      }),
      resource('aws_cognito_user_pool.people', {
        id: POOL,
        name: 'people',
        mfa_configuration: 'OFF',
      }),
      resource('aws_cognito_user_pool_domain.people', { user_pool_id: POOL, domain: 'people' }),
      resource('aws_cloudfront_distribution.cdn', {
        enabled: true,
        web_acl_id: '',
        origin: [
          {
            origin_id: 'api',
            domain_name: `${API}.execute-api.eu-central-1.amazonaws.com`,
            origin_path: '',
            custom_origin_config: [
              {
                origin_protocol_policy: 'https-only',
                http_port: 80,
                https_port: 443,
                origin_ssl_protocols: ['TLSv1.2'],
              },
            ],
          },
          { origin_id: 'idp', domain_name: 'people.auth.eu-central-1.amazoncognito.com' },
        ],
        default_cache_behavior: [
          {
            target_origin_id: 'api',
            viewer_protocol_policy: 'redirect-to-https',
            allowed_methods: ['GET', 'HEAD'],
            response_headers_policy_id: '',
          },
        ],
        custom_error_response: [
          { error_code: 404, error_caching_min_ttl: 5, response_code: 0, response_page_path: '' },
        ],
      }),
      resource('aws_wafv2_web_acl.cdn', {
        rule: [
          {
            statement: [
              {
                managed_rule_group_statement: [
                  {
                    name: 'AWSManagedRulesCommonRuleSet',
                    rule_action_override: [
                      {
                        name: 'SizeRestrictions_BODY',
                        action_to_use: [{ block: [], count: [{}] }],
                      },
                      { name: 'NoUserAgent_HEADER', action_to_use: [{ block: [{}] }] },
                    ],
                  },
                ],
              },
            ],
          },
          { statement: [{ geo_match_statement: [] }] },
        ],
      }),
      resource('aws_sns_topic.alarms', { arn: 'arn:aws:sns:eu-central-1:111122223333:alarms' }),
    ),
  )

  test('turns what AWS made up into references', () => {
    expect(findResource(topology, 'function', 'mine')).toEqual({
      kind: 'function',
      name: 'mine',
      code: 'asset:code/mine.zip',
      handler: 'app.handler',
      runtime: 'python3.13',
      architecture: 'x86_64',
      memoryMb: 128,
      timeoutSeconds: 3,
      environment: { ISSUER: '${userPool.people.issuer}' },
      role: 'mine',
      network: { subnets: ['a'], securityGroups: ['open'] },
      // Lambda's own group, which nothing in the state gave a retention.
      logGroup: null,
    })
    expect(findResource(topology, 'integration', 'mine')).toMatchObject({ function: 'mine' })
    expect(findResource(topology, 'route', 'all')).toMatchObject({ integration: 'mine' })
    expect(findResource(topology, 'permission', 'api')).toMatchObject({
      function: 'mine',
      sourceArn: '${api.http.arn}/*/*',
    })
  })

  test('finds the ways out of a VPC wherever they are written', () => {
    expect(findResource(topology, 'subnet', 'a')).toMatchObject({
      availabilityZone: '${az.1}',
      publicIps: true,
      routeTable: 'public',
    })
    expect(findResource(topology, 'networkRoute', 'public-0')).toEqual({
      kind: 'networkRoute',
      name: 'public-0',
      routeTable: 'public',
      destination: '0.0.0.0/0',
      target: '${internetGateway.out.id}',
    })
    expect(findResource(topology, 'networkRoute', 'out')).toMatchObject({
      destination: '::/0',
      target: '${natGateway.out.id}',
    })
    expect(findResource(topology, 'securityGroup', 'open')).toMatchObject({
      egress: ['all 0.0.0.0/0', 'all 10.0.0.0/8', 'udp 53-54 10.1.0.2/32'],
      ingress: ['tcp 443 self', 'tcp 80 10.1.0.0/16'],
    })
  })

  test('collects the policies of a role, allowing statements only', () => {
    expect(findResource(topology, 'role', 'mine')).toEqual({
      kind: 'role',
      name: 'mine',
      service: 'lambda.amazonaws.com',
      managedPolicies: ['arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole'],
      statements: [{ actions: ['s3:GetObject'], resources: ['${function.mine.arn}:*'] }],
    })
  })

  test('reads what the provider writes for "none" as none', () => {
    const [, ...others] = findResource(topology, 'distribution', 'cdn')?.origins ?? []

    expect(findResource(topology, 'distribution', 'cdn')).toMatchObject({
      certificateArn: null,
      webAcl: null,
      accessLogs: null,
      origins: [{ domain: '${api.http.domain}' }, { domain: '${userPoolDomain.people.host}' }],
      behaviors: [{ pattern: '*', cachePolicy: null, responseHeadersPolicy: null }],
      errorResponses: [{ status: 404, responseStatus: null, responsePagePath: null }],
    })
    expect(others).toHaveLength(1)
  })

  test('reads which rules of a managed rule set do not block', () => {
    expect(findResource(topology, 'webAcl', 'cdn')?.managedRuleSets).toEqual([
      { name: 'AWSManagedRulesCommonRuleSet', excluded: ['SizeRestrictions_BODY'] },
    ])
  })

  test('notes resources of types that the model does not know', () => {
    expect(topology.ignored).toEqual([{ type: 'aws_sns_topic', id: 'aws_sns_topic.alarms' }])
  })
})

describe('loadTerraform, of names', () => {
  const logGroup = (address: string): Resource =>
    resource(address, { name: address, retention_in_days: 1 })
  const namesOf = (...resources: Resource[]): string[] =>
    loadTerraform(state(...resources)).resources.map(({ name }) => name)

  test('calls a resource by its label, one of several by its key or number', () => {
    expect(
      namesOf(
        logGroup('aws_cloudwatch_log_group.one'),
        logGroup('aws_cloudwatch_log_group.many["front"]'),
        logGroup('aws_cloudwatch_log_group.counted[0]'),
        logGroup('aws_cloudwatch_log_group.counted[1]'),
      ),
    ).toEqual(['one', 'front', 'counted', 'counted-1'])
  })

  test('calls two of one kind that would have the same name by their addresses', () => {
    expect(
      namesOf(
        logGroup('aws_cloudwatch_log_group.logs'),
        logGroup('module.other.aws_cloudwatch_log_group.logs'),
      ),
    ).toEqual(['aws_cloudwatch_log_group/logs', 'module/other/aws_cloudwatch_log_group/logs'])
  })

  test('finds resources of modules inside modules', () => {
    const inner = { resources: [logGroup('module.a.module.b.aws_cloudwatch_log_group.deep')] }
    const source = { values: { root_module: { child_modules: [{ child_modules: [inner] }] } } }

    expect(loadTerraform(source).resources.map(({ name }) => name)).toEqual(['deep'])
  })
})

describe('loadTerraform, of a plan', () => {
  const planned = (
    address: string,
    values: Values,
    unknown: Values,
  ): { resource: Resource; change: unknown } => ({
    resource: resource(address, values),
    change: { address, change: { after_unknown: unknown } },
  })

  test('refers to what the configuration refers to, through variables and outputs', () => {
    const resources = [
      planned('aws_cognito_user_pool.people', { name: 'people' }, { id: true, arn: true }),
      planned(
        'module.app.aws_cognito_user_pool_domain.people',
        { domain: 'people' },
        { user_pool_id: true },
      ),
      planned(
        'module.app.aws_cognito_resource_server.mcp[0]',
        { name: 'mcp', identifier: 'https://mcp.example.com/mcp' },
        { user_pool_id: true },
      ),
      planned(
        'aws_cognito_user_pool_client.app',
        { name: 'app' },
        { id: true, user_pool_id: true },
      ),
      planned('aws_apigatewayv2_api.http', { protocol_type: 'HTTP' }, { id: true }),
      planned(
        'aws_apigatewayv2_authorizer.jwt',
        { authorizer_type: 'JWT', jwt_configuration: [{ audience: null }] },
        { api_id: true, id: true, jwt_configuration: [{ issuer: true, audience: true }] },
      ),
    ]
    const topology = loadTerraform({
      planned_values: {
        root_module: {
          resources: resources
            .filter(({ resource: { address } }) => !address.startsWith('module'))
            .map((found) => found.resource),
          child_modules: [
            {
              resources: resources
                .filter(({ resource: { address } }) => address.startsWith('module'))
                .map((found) => found.resource),
            },
          ],
        },
      },
      resource_changes: resources.map(({ change }) => change),
      configuration: {
        root_module: {
          resources: [
            {
              mode: 'managed',
              type: 'aws_cognito_user_pool_client',
              name: 'app',
              expressions: { user_pool_id: { references: ['module.app.pool', 'module.app'] } },
              depends_on: ['module.app'],
            },
            {
              mode: 'managed',
              type: 'aws_apigatewayv2_authorizer',
              name: 'jwt',
              expressions: {
                api_id: {
                  references: ['aws_apigatewayv2_api.http.id', 'aws_apigatewayv2_api.http'],
                },
                jwt_configuration: [
                  {
                    issuer: { references: ['local.issuer'] },
                    audience: {
                      references: [
                        'aws_cognito_user_pool_client.app.id',
                        'aws_cognito_user_pool_client.app',
                      ],
                    },
                  },
                ],
              },
            },
          ],
          module_calls: {
            app: {
              expressions: {
                pool: {
                  references: ['aws_cognito_user_pool.people.id', 'aws_cognito_user_pool.people'],
                },
              },
              module: {
                outputs: { pool: { expression: { references: ['var.pool'] } } },
                resources: [
                  {
                    mode: 'managed',
                    type: 'aws_cognito_user_pool_domain',
                    name: 'people',
                    expressions: { user_pool_id: { references: ['var.pool'] } },
                  },
                  {
                    mode: 'managed',
                    type: 'aws_cognito_resource_server',
                    name: 'mcp',
                    expressions: { user_pool_id: { references: ['var.pool'] } },
                  },
                ],
              },
            },
          },
        },
      },
    })

    expect(findResource(topology, 'userPoolDomain', 'people')?.userPool).toBe('people')
    expect(findResource(topology, 'resourceServer', 'mcp')?.userPool).toBe('people')
    expect(findResource(topology, 'userPoolClient', 'app')?.userPool).toBe('people')
    expect(findResource(topology, 'authorizer', 'jwt')).toMatchObject({
      api: 'http',
      issuer: '${unknown}',
      audience: ['${userPoolClient.app.id}'],
    })
  })
})

describe('loadTerraform, of what is malformed', () => {
  const lambda = (values: Values): unknown =>
    state(resource('aws_lambda_function.f', { role: 'r', ...values }))

  test.each<[string, unknown, string]>([
    ['nothing', undefined, 'show: is not the output of terraform show -json'],
    ['a list', [], 'show: is not the output of terraform show -json'],
    ['a CloudFormation template', { Resources: {} }, 'show: has neither values'],
    ['a state without resources', { values: 1 }, 'show.values: Invalid type'],
    [
      'a resource without an address',
      { values: { root_module: { resources: [{ mode: 'managed' }] } } },
      'show.values.root_module.resources.0.address: Invalid key',
    ],
    ['a plan with wrong values', { planned_values: 1 }, 'show.planned_values'],
    ['a function without a role', lambda({ role: null }), 'aws_lambda_function.f.role: Invalid'],
    [
      'a wrong number',
      lambda({ memory_size: 'big' }),
      'aws_lambda_function.f.memory_size: Invalid',
    ],
    [
      'a policy that is no JSON',
      state(resource('aws_iam_role.r', { arn: 'a', assume_role_policy: '{' })),
      'aws_iam_role.r.assume_role_policy: is not JSON',
    ],
    [
      'a policy without statements',
      state(resource('aws_iam_role.r', { arn: 'a', assume_role_policy: '{}' })),
      'aws_iam_role.r.assume_role_policy.Statement: Invalid',
    ],
  ])('names the place in %s', (_, source, message) => {
    expect(() => loadTerraform(source)).toThrow(message)
  })

  test('takes a state in which nothing is deployed', () => {
    expect(loadTerraform({ format_version: '1.0', values: {} })).toEqual({
      resources: [],
      ignored: [],
    })
  })
})
