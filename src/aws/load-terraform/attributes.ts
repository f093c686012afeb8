import type { Kind } from '../topology.ts'

interface Type {
  kind: Kind
  /** Attributes that others refer to, by the model's name for them. */
  attributes: Readonly<Record<string, string>>
  /** Attribute by whose value others refer to it, where that is a name that people chose. */
  givenName?: string
}

/** Types of the AWS provider that have a kind in the model. */
export const TYPES: Readonly<Record<string, Type>> = {
  aws_cloudfront_distribution: {
    kind: 'distribution',
    attributes: { id: 'id', arn: 'arn', domain_name: 'domain' },
  },
  aws_cloudfront_response_headers_policy: {
    kind: 'responseHeadersPolicy',
    attributes: { id: 'id' },
  },
  aws_cloudfront_function: { kind: 'edgeFunction', attributes: { arn: 'arn' } },
  aws_apigatewayv2_api: { kind: 'api', attributes: { id: 'id', execution_arn: 'arn' } },
  aws_apigatewayv2_stage: { kind: 'stage', attributes: {} },
  aws_apigatewayv2_route: { kind: 'route', attributes: { id: 'id' } },
  aws_apigatewayv2_integration: { kind: 'integration', attributes: { id: 'id' } },
  aws_apigatewayv2_authorizer: { kind: 'authorizer', attributes: { id: 'id' } },
  aws_lambda_function: {
    kind: 'function',
    // Whoever is told one of them is told which function.
    attributes: { arn: 'arn', invoke_arn: 'arn' },
    givenName: 'function_name',
  },
  aws_lambda_permission: { kind: 'permission', attributes: {} },
  aws_lambda_invocation: { kind: 'keys', attributes: {} },
  aws_iam_role: { kind: 'role', attributes: { arn: 'arn' }, givenName: 'name' },
  aws_cloudwatch_log_group: { kind: 'logGroup', attributes: { arn: 'arn' }, givenName: 'name' },
  aws_vpc: { kind: 'vpc', attributes: { id: 'id' } },
  aws_subnet: { kind: 'subnet', attributes: { id: 'id' } },
  aws_route_table: { kind: 'routeTable', attributes: { id: 'id' } },
  aws_route: { kind: 'networkRoute', attributes: {} },
  aws_security_group: { kind: 'securityGroup', attributes: { id: 'id' } },
  aws_nat_gateway: { kind: 'natGateway', attributes: { id: 'id' } },
  aws_internet_gateway: { kind: 'internetGateway', attributes: { id: 'id' } },
  aws_egress_only_internet_gateway: { kind: 'internetGateway', attributes: { id: 'id' } },
  aws_cognito_user_pool: { kind: 'userPool', attributes: { id: 'id', arn: 'arn' } },
  aws_cognito_user_pool_domain: { kind: 'userPoolDomain', attributes: {} },
  aws_cognito_user_pool_client: { kind: 'userPoolClient', attributes: { id: 'id' } },
  aws_cognito_managed_login_branding: { kind: 'userPoolBranding', attributes: {} },
  aws_cognito_resource_server: { kind: 'resourceServer', attributes: {} },
  aws_secretsmanager_secret: { kind: 'secret', attributes: { arn: 'arn', id: 'arn' } },
  aws_cloudwatch_event_rule: { kind: 'schedule', attributes: { arn: 'arn' }, givenName: 'name' },
  aws_cloudwatch_metric_alarm: { kind: 'alarm', attributes: { arn: 'arn' } },
  aws_wafv2_web_acl: { kind: 'webAcl', attributes: { arn: 'arn' } },
}
