import { Aws, RemovalPolicy } from 'aws-cdk-lib'
import {
  CfnAuthorizer,
  CfnIntegration,
  CfnRoute,
  CfnStage,
  HttpApi,
} from 'aws-cdk-lib/aws-apigatewayv2'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import type { Construct } from 'constructs'
import { executeApiArn, permit } from './functions.ts'
import { idOf, named } from './named.ts'
import type { Serving, Target } from './serving.ts'
import type { Settings } from './settings.ts'
import type { SignIn } from './user-pool.ts'

export interface HttpApiParts {
  api: HttpApi
  stage: CfnStage
  accessLogs: LogGroup
  authorizer: CfnAuthorizer | undefined
  routes: CfnRoute[]
  /** `<id>.execute-api.<region>.amazonaws.com` */
  host: string
}

interface PlannedRoute {
  name: string
  key: string
  target: Target
  guarded?: boolean
}

/** Without query strings: they hold authorization codes. */
const ACCESS_LOG_FORMAT =
  '$context.requestId $context.requestTime $context.routeKey $context.status $context.responseLatency $context.integrationErrorMessage $context.authorizer.error'

export function createHttpApi(
  scope: Construct,
  settings: Settings,
  signIn: SignIn,
  serving: Serving,
): HttpApiParts {
  const api = named(
    'api',
    new HttpApi(scope, 'Api', { createDefaultStage: false, description: settings.mcpUrl }),
  )
  const accessLogs = named(
    'api',
    new LogGroup(scope, 'ApiLogs', {
      retention: settings.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    }),
  )
  const stage = named(
    'api',
    new CfnStage(scope, 'Stage', {
      apiId: api.apiId,
      stageName: '$default',
      autoDeploy: true,
      accessLogSettings: { destinationArn: accessLogs.logGroupArn, format: ACCESS_LOG_FORMAT },
    }),
  )
  const planned = planRoutes(settings, serving)
  const integrations = new Map(
    [...new Set(planned.map(({ target }) => target))].map((target) => {
      const { name } = target
      const { functionArn } = target.function
      const integration = named(
        name,
        new CfnIntegration(scope, `${idOf(name)}Integration`, {
          apiId: api.apiId,
          integrationType: 'AWS_PROXY',
          integrationUri: functionArn,
          payloadFormatVersion: '2.0',
          timeoutInMillis: 30_000,
        }),
      )
      permit(scope, name, {
        functionArn,
        principal: 'apigateway.amazonaws.com',
        sourceArn: executeApiArn(api.apiId, '*/*'),
      })
      return [target, integration] as const
    }),
  )
  const authorizer = settings.authorizer
    ? createAuthorizer(scope, api, settings, signIn, serving.authorizer)
    : undefined
  const routes = planned.map(({ name, key, target, guarded }) =>
    named(
      name,
      new CfnRoute(scope, `${idOf(name)}Route`, {
        apiId: api.apiId,
        routeKey: key,
        target: `integrations/${integrations.get(target)?.ref}`,
        ...(guarded === true && authorizer !== undefined
          ? {
              authorizerId: authorizer.ref,
              authorizationType: serving.authorizer === undefined ? 'JWT' : 'CUSTOM',
              ...(serving.authorizer === undefined
                ? { authorizationScopes: [...settings.scopes] }
                : {}),
            }
          : { authorizationType: 'NONE' }),
      }),
    ),
  )
  const host = `${api.apiId}.execute-api.${Aws.REGION}.${Aws.URL_SUFFIX}`
  return { api, stage, accessLogs, authorizer, routes, host }
}

function planRoutes(settings: Settings, serving: Serving): PlannedRoute[] {
  const { path, authorizer: guarded } = settings
  const mcp = { target: serving.mcp, guarded }
  const preflight = { target: serving.others }
  return [
    ...(serving.mcp !== serving.others || guarded
      ? [
          { name: 'mcp', key: `ANY ${path}`, ...mcp },
          { name: 'mcpSlash', key: `ANY ${path}/`, ...mcp },
        ]
      : []),
    // A preflight carries no token, so that an authorizer would refuse it.
    ...(guarded
      ? [
          { name: 'mcpOptions', key: `OPTIONS ${path}`, ...preflight },
          { name: 'mcpSlashOptions', key: `OPTIONS ${path}/`, ...preflight },
        ]
      : []),
    ...(serving.token === undefined
      ? []
      : [
          { name: 'token', key: 'ANY /token', target: serving.token },
          { name: 'revoke', key: 'ANY /revoke', target: serving.token },
        ]),
    { name: 'default', key: '$default', target: serving.others },
  ]
}

function createAuthorizer(
  scope: Construct,
  api: HttpApi,
  settings: Settings,
  signIn: SignIn,
  lambda: IFunction | undefined,
): CfnAuthorizer {
  const common = { apiId: api.apiId, identitySource: ['$request.header.Authorization'] }
  if (lambda === undefined)
    return named(
      'mcp',
      new CfnAuthorizer(scope, 'ApiAuthorizer', {
        ...common,
        name: 'mcp',
        authorizerType: 'JWT',
        jwtConfiguration: {
          issuer: signIn.issuer,
          // API Gateway looks at client_id where a token has no aud, so that both are listed.
          audience: [settings.mcpUrl, signIn.client.userPoolClientId],
        },
      }),
    )
  const authorizer = named(
    'mcp',
    new CfnAuthorizer(scope, 'ApiAuthorizer', {
      ...common,
      name: 'mcp',
      authorizerType: 'REQUEST',
      authorizerUri: `arn:${Aws.PARTITION}:apigateway:${Aws.REGION}:lambda:path/2015-03-31/functions/${lambda.functionArn}/invocations`,
      authorizerPayloadFormatVersion: '2.0',
      enableSimpleResponses: true,
      // A remembered answer would outlive the token.
      authorizerResultTtlInSeconds: 0,
    }),
  )
  permit(scope, 'authorizer', {
    functionArn: lambda.functionArn,
    principal: 'apigateway.amazonaws.com',
    sourceArn: executeApiArn(api.apiId, `authorizers/${authorizer.ref}`),
  })
  return authorizer
}
