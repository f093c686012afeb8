import * as v from 'valibot'
import { Flag, type Load, nameOf, Numeric, read, Text, Texts } from './input.ts'

const ApiSchema = v.object({
  ProtocolType: Text,
  DisableExecuteApiEndpoint: v.optional(Flag, false),
  CorsConfiguration: v.optional(v.record(v.string(), v.unknown())),
})

const loadApi: Load = (input) => {
  const api = read(ApiSchema, input)
  return {
    kind: 'api',
    name: input.name,
    protocol: api.ProtocolType,
    executeApiEndpoint: !api.DisableExecuteApiEndpoint,
    cors: api.CorsConfiguration !== undefined,
  }
}

const StageSchema = v.object({
  ApiId: Text,
  StageName: Text,
  AutoDeploy: v.optional(Flag, false),
  AccessLogSettings: v.optional(v.object({ DestinationArn: Text, Format: Text })),
})

const loadStage: Load = (input) => {
  const stage = read(StageSchema, input)
  const logs = stage.AccessLogSettings
  return {
    kind: 'stage',
    name: input.name,
    api: nameOf('api', stage.ApiId),
    stageName: stage.StageName,
    autoDeploy: stage.AutoDeploy,
    accessLogs:
      logs === undefined
        ? null
        : { destination: logs.DestinationArn.replace(/:\*$/, ''), format: logs.Format },
  }
}

const RouteSchema = v.object({
  ApiId: Text,
  RouteKey: Text,
  Target: v.optional(Text, ''),
  AuthorizerId: v.optional(Text),
  AuthorizationScopes: v.optional(Texts, []),
})

const loadRoute: Load = (input) => {
  const route = read(RouteSchema, input)
  return {
    kind: 'route',
    name: input.name,
    api: nameOf('api', route.ApiId),
    key: route.RouteKey,
    authorizer: route.AuthorizerId === undefined ? null : nameOf('authorizer', route.AuthorizerId),
    scopes: route.AuthorizationScopes,
    integration: nameOf('integration', route.Target.replace(/^integrations\//, '')),
  }
}

const IntegrationSchema = v.object({
  ApiId: Text,
  IntegrationUri: v.optional(Text, ''),
  PayloadFormatVersion: v.optional(Text, '1.0'),
  TimeoutInMillis: v.optional(Numeric, 30_000),
})

const loadIntegration: Load = (input) => {
  const integration = read(IntegrationSchema, input)
  return {
    kind: 'integration',
    name: input.name,
    api: nameOf('api', integration.ApiId),
    function: invokedFunction(integration.IntegrationUri),
    payloadFormat: integration.PayloadFormatVersion,
    timeoutMilliseconds: integration.TimeoutInMillis,
  }
}

const AuthorizerSchema = v.object({
  ApiId: Text,
  AuthorizerType: v.picklist(['JWT', 'REQUEST']),
  IdentitySource: v.optional(Texts, []),
  JwtConfiguration: v.optional(
    v.object({ Issuer: v.optional(Text), Audience: v.optional(Texts, []) }),
    {},
  ),
  AuthorizerUri: v.optional(Text),
  AuthorizerPayloadFormatVersion: v.optional(Text),
  EnableSimpleResponses: v.optional(Flag, false),
  AuthorizerResultTtlInSeconds: v.optional(Numeric),
})

const loadAuthorizer: Load = (input) => {
  const authorizer = read(AuthorizerSchema, input)
  return {
    kind: 'authorizer',
    name: input.name,
    api: nameOf('api', authorizer.ApiId),
    type: authorizer.AuthorizerType,
    identitySources: authorizer.IdentitySource,
    issuer: authorizer.JwtConfiguration.Issuer ?? null,
    audience: authorizer.JwtConfiguration.Audience,
    function:
      authorizer.AuthorizerUri === undefined ? null : invokedFunction(authorizer.AuthorizerUri),
    payloadFormat: authorizer.AuthorizerPayloadFormatVersion ?? null,
    simpleResponses: authorizer.EnableSimpleResponses,
    resultTtlSeconds: authorizer.AuthorizerResultTtlInSeconds ?? null,
  }
}

/** From an ARN, or from the URI by which API Gateway invokes it. */
function invokedFunction(uri: string): string {
  const [, inner] = /:lambda:path\/[^/]+\/functions\/(.+)\/invocations$/.exec(uri) ?? []
  return nameOf('function', inner ?? uri)
}

export const HTTP_API: Readonly<Record<string, Load>> = {
  'AWS::ApiGatewayV2::Api': loadApi,
  'AWS::ApiGatewayV2::Stage': loadStage,
  'AWS::ApiGatewayV2::Route': loadRoute,
  'AWS::ApiGatewayV2::Integration': loadIntegration,
  'AWS::ApiGatewayV2::Authorizer': loadAuthorizer,
}
