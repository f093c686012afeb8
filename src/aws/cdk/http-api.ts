import { Aws, RemovalPolicy } from 'aws-cdk-lib'
import {
  CfnAuthorizer as ApiAuthorizer,
  type CfnAuthorizerProps,
  CfnIntegration,
  CfnRoute,
  type CfnRouteProps,
  CfnStage,
  HttpApi,
} from 'aws-cdk-lib/aws-apigatewayv2'
import type { CfnPermission, IFunction } from 'aws-cdk-lib/aws-lambda'
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
  authorizer: ApiAuthorizer | undefined
  integrations: CfnIntegration[]
  permissions: CfnPermission[]
  routes: CfnRoute[]
  /** `<id>.execute-api.<region>.amazonaws.com` */
  host: string
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
    new HttpApi(scope, 'Api', {
      apiName: settings.domainName,
      description: settings.mcpUrl,
      createDefaultStage: false,
    }),
  )
  const authorizer = settings.authorizer
    ? createAuthorizer(scope, api, settings, signIn, serving.authorizer)
    : undefined
  const planned = planRoutes(settings, serving)
  const served = new Map(planned.map(({ integration, target }) => [integration, target]))
  const integrations = new Map(
    [...served].map(([name, target]) => [name, integrate(scope, api, name, target)]),
  )
  return {
    api,
    ...createStage(scope, api, settings),
    authorizer: authorizer?.resource,
    integrations: [...integrations.values()],
    permissions: [
      ...[...new Set(served.values())].map((target) => letCall(scope, api, target)),
      ...(authorizer?.permission === undefined ? [] : [authorizer.permission]),
    ],
    routes: planned.map(({ name, key, integration, guarded }) =>
      named(
        name,
        new CfnRoute(scope, `${idOf(name)}Route`, {
          apiId: api.apiId,
          routeKey: key,
          target: `integrations/${integrations.get(integration)?.ref}`,
          ...(guarded === true && authorizer !== undefined
            ? authorizer.onRoute
            : { authorizationType: 'NONE' }),
        }),
      ),
    ),
    host: `${api.apiId}.execute-api.${Aws.REGION}.${Aws.URL_SUFFIX}`,
  }
}

function createStage(
  scope: Construct,
  api: HttpApi,
  settings: Settings,
): { stage: CfnStage; accessLogs: LogGroup } {
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
  return { stage, accessLogs }
}

/**
 * Named by what it serves and not by whom it calls, so that a change of mode or server changes it
 * where it is: API Gateway refuses to delete an integration that a route still names.
 */
function integrate(
  scope: Construct,
  api: HttpApi,
  name: IntegrationName,
  target: Target,
): CfnIntegration {
  return named(
    name,
    new CfnIntegration(scope, `${idOf(name)}Integration`, {
      apiId: api.apiId,
      integrationType: 'AWS_PROXY',
      integrationUri: target.function.functionArn,
      payloadFormatVersion: '2.0',
      timeoutInMillis: 30_000,
    }),
  )
}

function letCall(scope: Construct, api: HttpApi, target: Target): CfnPermission {
  return permit(scope, target.name, {
    functionArn: target.function.functionArn,
    principal: 'apigateway.amazonaws.com',
    sourceArn: executeApiArn(api.apiId, '*/*'),
  })
}

type IntegrationName = 'default' | 'mcp' | 'token'

interface PlannedRoute {
  name: string
  key: string
  integration: IntegrationName
  target: Target
  guarded?: boolean
}

function planRoutes(settings: Settings, serving: Serving): PlannedRoute[] {
  const { path, authorizer: guarded, mcpRoute } = settings
  const others = { integration: 'default', target: serving.others } as const
  const mcp = { integration: 'mcp', target: serving.mcp } as const
  const token = serving.token && ({ integration: 'token', target: serving.token } as const)
  return [
    ...(mcpRoute ? [{ name: 'mcp', key: `ANY ${path}`, ...mcp, guarded }] : []),
    // A preflight carries no token, so that an authorizer would refuse it.
    ...(guarded ? [{ name: 'mcpOptions', key: `OPTIONS ${path}`, ...others }] : []),
    ...(token === undefined
      ? []
      : [
          { name: 'token', key: 'ANY /token', ...token },
          { name: 'revoke', key: 'ANY /revoke', ...token },
        ]),
    { name: 'default', key: '$default', ...others },
  ]
}

interface Guard {
  resource: ApiAuthorizer
  permission: CfnPermission | undefined
  /** What a guarded route says. */
  onRoute: Pick<CfnRouteProps, 'authorizerId' | 'authorizationType' | 'authorizationScopes'>
}

function createAuthorizer(
  scope: Construct,
  api: HttpApi,
  settings: Settings,
  signIn: SignIn,
  lambda: IFunction | undefined,
): Guard {
  const create = (props: Omit<CfnAuthorizerProps, 'apiId' | 'name'>): ApiAuthorizer =>
    named(
      'mcp',
      new ApiAuthorizer(scope, 'ApiAuthorizer', {
        apiId: api.apiId,
        name: 'mcp',
        identitySource: ['$request.header.Authorization'],
        ...props,
      }),
    )
  if (lambda === undefined) {
    const resource = create({
      authorizerType: 'JWT',
      jwtConfiguration: {
        issuer: signIn.issuer,
        // API Gateway looks at client_id where a token has no aud, so that both are listed.
        audience: [settings.mcpUrl, signIn.client.userPoolClientId],
      },
    })
    const authorizationScopes = [...settings.scopes]
    const onRoute = { authorizerId: resource.ref, authorizationType: 'JWT', authorizationScopes }
    return { resource, permission: undefined, onRoute }
  }
  const resource = create({
    authorizerType: 'REQUEST',
    authorizerUri: `arn:${Aws.PARTITION}:apigateway:${Aws.REGION}:lambda:path/2015-03-31/functions/${lambda.functionArn}/invocations`,
    authorizerPayloadFormatVersion: '2.0',
    enableSimpleResponses: true,
    // A remembered answer would outlive the token.
    authorizerResultTtlInSeconds: 0,
  })
  const permission = permit(scope, 'authorizer', {
    functionArn: lambda.functionArn,
    principal: 'apigateway.amazonaws.com',
    sourceArn: executeApiArn(api.apiId, `authorizers/${resource.ref}`),
  })
  const onRoute = { authorizerId: resource.ref, authorizationType: 'CUSTOM' }
  return { resource, permission, onRoute }
}
