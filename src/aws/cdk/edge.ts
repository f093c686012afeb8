import { Duration } from 'aws-cdk-lib'
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager'
import {
  AllowedMethods,
  type BehaviorOptions,
  CachePolicy,
  Distribution,
  Function as EdgeFunction,
  FunctionCode,
  FunctionEventType,
  FunctionRuntime,
  HttpVersion,
  OriginRequestPolicy,
  OriginSslPolicy,
  ResponseHeadersPolicy,
  SecurityPolicyProtocol,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront'
import { HttpOrigin } from 'aws-cdk-lib/aws-cloudfront-origins'
import type { Construct } from 'constructs'
import { PATHS } from '../../protocol/metadata.ts'
import type { Keys } from './keys.ts'
import { mcpPathCode } from './mcp-path.ts'
import { named } from './named.ts'
import type { Settings } from './settings.ts'
import type { SignIn } from './user-pool.ts'

export interface Edge {
  distribution: Distribution
  challengePolicy: ResponseHeadersPolicy | undefined
  tokenPolicy: ResponseHeadersPolicy | undefined
  tokenFunction: EdgeFunction | undefined
  mcpPathFunction: EdgeFunction | undefined
}

/** Every status for which CloudFront keeps errors, 10 s unless told otherwise. */
const ERROR_STATUSES = [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504]

/** JavaScript runtime 2.0 of CloudFront Functions. */
const TOKEN_POST = `function handler(event) {
  const method = event.request.method
  if (method === 'POST' || method === 'OPTIONS') return event.request
  return {
    statusCode: 405,
    statusDescription: 'Method Not Allowed',
    headers: { allow: { value: 'POST, OPTIONS' } },
  }
}
`

const UNCACHED = {
  allowedMethods: AllowedMethods.ALLOW_ALL,
  cachePolicy: CachePolicy.CACHING_DISABLED,
  viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY,
  compress: false,
}

export function createEdge(
  scope: Construct,
  settings: Settings,
  signIn: SignIn,
  keys: Keys,
  apiHost: string,
): Edge {
  const api: BehaviorOptions = {
    ...UNCACHED,
    origin: new HttpOrigin(apiHost, {
      originId: 'api',
      originSslProtocols: [OriginSslPolicy.TLS_V1_2],
      customHeaders: {
        'x-mcp-public-host': settings.domainName,
        'x-origin-verify': keys.readSecret('originSecret'),
      },
    }),
    originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
  }
  const challengePolicy = settings.authorizer ? createChallenge(scope, settings) : undefined
  const token =
    settings.mode === 'relay' && settings.tokenPath === 'edge'
      ? createTokenPath(scope, settings, signIn, keys)
      : undefined
  const mcpPath = settings.mcpRoute ? createMcpPath(scope, settings) : undefined
  const mcp = mcpPath && {
    ...api,
    ...(challengePolicy && { responseHeadersPolicy: challengePolicy }),
    functionAssociations: [{ function: mcpPath, eventType: FunctionEventType.VIEWER_REQUEST }],
  }
  const distribution = named(
    'edge',
    new Distribution(scope, 'Distribution', {
      comment: commentOf(settings.mcpUrl),
      domainNames: [settings.domainName],
      certificate: Certificate.fromCertificateArn(scope, 'Certificate', settings.certificateArn),
      minimumProtocolVersion: SecurityPolicyProtocol.TLS_V1_2_2021,
      httpVersion: HttpVersion.HTTP2_AND_3,
      defaultBehavior: api,
      additionalBehaviors: {
        ...(token && { [PATHS.token]: token.behavior, [PATHS.revoke]: token.behavior }),
        ...(mcp && { [settings.path]: mcp, [`${settings.path}/`]: mcp }),
      },
      errorResponses: ERROR_STATUSES.map((httpStatus) => ({
        httpStatus,
        ttl: Duration.seconds(0),
      })),
    }),
  )
  return {
    distribution,
    challengePolicy,
    tokenPolicy: token?.policy,
    tokenFunction: token?.function,
    mcpPathFunction: mcpPath,
  }
}

/** CloudFront takes 128 characters. */
function commentOf(text: string): string {
  return text.slice(0, 128)
}

/** What an authorizer of API Gateway cannot say (RFC 9728 §5.1). */
function challengeOf(settings: Settings): string {
  const metadata = `${settings.origin}${PATHS.protectedResourceMetadata}${settings.path}`
  return `Bearer resource_metadata="${metadata}", scope="${settings.scopes.join(' ')}"`
}

function createMcpPath(scope: Construct, settings: Settings): EdgeFunction {
  const challenge = settings.authorizer ? challengeOf(settings) : undefined
  return named(
    'mcpPath',
    new EdgeFunction(scope, 'McpPath', {
      comment: commentOf(`One spelling of ${settings.mcpUrl}`),
      code: FunctionCode.fromInline(mcpPathCode(settings.path, challenge)),
      runtime: FunctionRuntime.JS_2_0,
    }),
  )
}

function createChallenge(scope: Construct, settings: Settings): ResponseHeadersPolicy {
  return named(
    'challenge',
    new ResponseHeadersPolicy(scope, 'ChallengePolicy', {
      comment: commentOf(`Challenge of ${settings.mcpUrl}`),
      customHeadersBehavior: {
        customHeaders: [
          {
            header: 'WWW-Authenticate',
            value: challengeOf(settings),
            override: true,
          },
        ],
      },
    }),
  )
}

/** `/token` becomes Cognito's `/oauth2/token`, `/revoke` its `/oauth2/revoke`. */
function createTokenPath(
  scope: Construct,
  settings: Settings,
  signIn: SignIn,
  keys: Keys,
): { behavior: BehaviorOptions; policy: ResponseHeadersPolicy; function: EdgeFunction } {
  const policy = named(
    'token',
    new ResponseHeadersPolicy(scope, 'TokenPolicy', {
      comment: commentOf(`Token endpoint of ${settings.mcpUrl}`),
      // Cognito's XSRF cookie would be set for this host.
      removeHeaders: ['Set-Cookie', 'x-amz-cognito-request-id'],
    }),
  )
  const tokenPost = named(
    'tokenPost',
    new EdgeFunction(scope, 'TokenPost', {
      comment: commentOf(`Only POST at the token endpoint of ${settings.mcpUrl}`),
      code: FunctionCode.fromInline(TOKEN_POST),
      runtime: FunctionRuntime.JS_2_0,
    }),
  )
  const behavior: BehaviorOptions = {
    ...UNCACHED,
    // No origin request policy: without one CloudFront drops cookies and sends Cognito's own Host.
    origin: new HttpOrigin(signIn.host, {
      originId: 'cognito',
      originPath: '/oauth2',
      originSslProtocols: [OriginSslPolicy.TLS_V1_2],
      ...(settings.clientAuthentication === 'edge'
        ? { customHeaders: { authorization: `Basic ${keys.readSecret('basic')}` } }
        : {}),
    }),
    responseHeadersPolicy: policy,
    functionAssociations: [{ function: tokenPost, eventType: FunctionEventType.VIEWER_REQUEST }],
  }
  return { behavior, policy, function: tokenPost }
}
