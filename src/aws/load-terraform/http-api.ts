import * as v from 'valibot'
import { block, blocks, type Load, nameOf, read, Text, Texts } from './input.ts'

const ApiSchema = v.object({
  protocol_type: Text,
  disable_execute_api_endpoint: v.nullish(v.boolean(), false),
  cors_configuration: blocks(v.unknown()),
})

const loadApi: Load = (input) => {
  const api = read(ApiSchema, input)
  return {
    kind: 'api',
    name: input.name,
    protocol: api.protocol_type,
    executeApiEndpoint: !api.disable_execute_api_endpoint,
    cors: api.cors_configuration.length > 0,
  }
}

const StageSchema = v.object({
  api_id: Text,
  name: Text,
  auto_deploy: v.nullish(v.boolean(), false),
  access_log_settings: block(v.object({ destination_arn: Text, format: Text })),
})

const loadStage: Load = (input) => {
  const stage = read(StageSchema, input)
  const logs = stage.access_log_settings
  return {
    kind: 'stage',
    name: input.name,
    api: nameOf('api', stage.api_id),
    stageName: stage.name,
    autoDeploy: stage.auto_deploy,
    accessLogs:
      logs === undefined
        ? null
        : { destination: logs.destination_arn.replace(/:\*$/, ''), format: logs.format },
  }
}

const RouteSchema = v.object({
  api_id: Text,
  route_key: Text,
  target: v.nullish(Text, ''),
  authorizer_id: v.nullish(Text, ''),
  authorization_scopes: Texts,
})

const loadRoute: Load = (input) => {
  const route = read(RouteSchema, input)
  return {
    kind: 'route',
    name: input.name,
    api: nameOf('api', route.api_id),
    key: route.route_key,
    authorizer: route.authorizer_id === '' ? null : nameOf('authorizer', route.authorizer_id),
    scopes: route.authorization_scopes,
    integration: nameOf('integration', route.target.replace(/^integrations\//, '')),
  }
}

const IntegrationSchema = v.object({
  api_id: Text,
  integration_uri: v.nullish(Text, ''),
  payload_format_version: v.nullish(Text, '1.0'),
  timeout_milliseconds: v.nullish(v.number(), 30_000),
})

const loadIntegration: Load = (input) => {
  const integration = read(IntegrationSchema, input)
  return {
    kind: 'integration',
    name: input.name,
    api: nameOf('api', integration.api_id),
    function: invokedFunction(integration.integration_uri),
    payloadFormat: integration.payload_format_version,
    timeoutMilliseconds: integration.timeout_milliseconds,
  }
}

const AuthorizerSchema = v.object({
  api_id: Text,
  authorizer_type: v.picklist(['JWT', 'REQUEST']),
  identity_sources: Texts,
  jwt_configuration: block(v.object({ issuer: v.nullish(Text), audience: Texts })),
  authorizer_uri: v.nullish(Text, ''),
  authorizer_payload_format_version: v.nullish(Text, ''),
  enable_simple_responses: v.nullish(v.boolean(), false),
  authorizer_result_ttl_in_seconds: v.nullish(v.number()),
})

const loadAuthorizer: Load = (input) => {
  const authorizer = read(AuthorizerSchema, input)
  const lambda = authorizer.authorizer_type === 'REQUEST'
  return {
    kind: 'authorizer',
    name: input.name,
    api: nameOf('api', authorizer.api_id),
    type: authorizer.authorizer_type,
    identitySources: authorizer.identity_sources,
    issuer: authorizer.jwt_configuration?.issuer ?? null,
    audience: authorizer.jwt_configuration?.audience ?? [],
    function: lambda ? invokedFunction(authorizer.authorizer_uri) : null,
    payloadFormat: lambda ? authorizer.authorizer_payload_format_version : null,
    simpleResponses: authorizer.enable_simple_responses,
    resultTtlSeconds: lambda ? (authorizer.authorizer_result_ttl_in_seconds ?? null) : null,
  }
}

/** From an ARN, or from the URI by which API Gateway invokes it. */
function invokedFunction(uri: string): string {
  const [, inner] = /:lambda:path\/[^/]+\/functions\/(.+)\/invocations$/.exec(uri) ?? []
  return nameOf('function', inner ?? uri)
}

export const HTTP_API: Readonly<Record<string, Load>> = {
  aws_apigatewayv2_api: loadApi,
  aws_apigatewayv2_stage: loadStage,
  aws_apigatewayv2_route: loadRoute,
  aws_apigatewayv2_integration: loadIntegration,
  aws_apigatewayv2_authorizer: loadAuthorizer,
}
