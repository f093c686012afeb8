import type { Behavior, Origin } from '../../../src/aws/topology.ts'
import { type Draft, type Mutable, remove, the } from './healthy.ts'
import type { Variant } from '../variants.ts'

/** One break of a healthy topology, and the code that must name it. */
export interface FaultCase {
  code: string
  title: string
  variant: Variant
  break: (topology: Draft) => void
  /** What else is then wrong, and said. */
  also?: string[]
}

const edge = (topology: Draft) => the(topology, 'distribution', 'edge')
const client = (topology: Draft) => the(topology, 'userPoolClient', 'client')
const pool = (topology: Draft) => the(topology, 'userPool', 'pool')
const front = (topology: Draft) => the(topology, 'function', 'front')
const authorizer = (topology: Draft) => the(topology, 'authorizer', 'mcp')
const challenge = (topology: Draft) => the(topology, 'responseHeadersPolicy', 'challenge').set[0]!

function behavior(topology: Draft, pattern: string): Mutable<Behavior> {
  return edge(topology).behaviors.find((each) => each.pattern === pattern)!
}

function origin(topology: Draft, id: string): Mutable<Origin> {
  return edge(topology).origins.find((each) => each.id === id)!
}

const WEB_ACL = {
  kind: 'webAcl' as const,
  name: 'waf',
  managedRuleSets: [
    {
      name: 'AWSManagedRulesCommonRuleSet',
      excluded: [
        'EC2MetaDataSSRF_QUERYARGUMENTS',
        'EC2MetaDataSSRF_BODY',
        'GenericRFI_QUERYARGUMENTS',
        'GenericRFI_BODY',
        'SizeRestrictions_QUERYSTRING',
        'SizeRestrictions_BODY',
      ],
    },
  ],
}

function withoutExclusions(topology: Draft, pattern: RegExp): void {
  const acl = structuredClone(WEB_ACL)
  const [rules] = acl.managedRuleSets
  rules!.excluded = rules!.excluded.filter((name) => !pattern.test(name))
  topology.resources.push(acl)
}

export const FAULTS: FaultCase[] = [
  // References
  {
    code: 'REFERENCE_MISSING',
    title: 'a route leads to an integration that is not there',
    variant: 'broker',
    break: (t) => (the(t, 'route', 'mcp').integration = 'gone'),
    also: ['ROUTE_UNGUARDED'],
  },
  {
    code: 'REFERENCE_MISSING',
    title: 'a placeholder names a resource that is not there',
    variant: 'relay-public',
    break: (t) => (front(t).environment['POSTERN_NAME'] = '${userPool.gone.id}'),
  },
  {
    code: 'REFERENCE_MISSING',
    title: 'a behaviour names an edge function that is not there',
    variant: 'relay-public',
    break: (t) => (behavior(t, '*').viewerRequest = 'gone'),
  },
  {
    code: 'CYCLE',
    title: 'a function is told the host of the distribution that leads to it',
    variant: 'relay-public',
    break: (t) => {
      front(t).environment['POSTERN_NAME'] = '${distribution.edge.domain}'
      origin(t, 'api').headers.push({ name: 'x-arn', value: '${function.front.arn}' })
    },
  },

  // Origins
  {
    code: 'ORIGIN_MISSING',
    title: 'a behaviour leads to an origin that is not there',
    variant: 'broker',
    break: (t) => (behavior(t, '*').origin = 'gone'),
  },
  {
    code: 'ORIGIN_POLICY_MISSING',
    title: 'the API is reached without an origin request policy',
    variant: 'relay-public',
    break: (t) => (behavior(t, '*').originRequestPolicy = null),
  },
  {
    code: 'HOST_FORWARDED',
    title: 'the API is sent the public host',
    variant: 'relay-public',
    break: (t) => (behavior(t, '*').originRequestPolicy = 'AllViewer'),
  },
  {
    code: 'HOST_FORWARDED',
    title: 'Cognito is sent the public host',
    variant: 'relay-public',
    break: (t) => (behavior(t, '/token').originRequestPolicy = 'AllViewer'),
    also: ['TOKEN_ORIGIN_POLICY'],
  },
  {
    code: 'ORIGIN_PATH_INVALID',
    title: 'an origin path ends with /',
    variant: 'broker',
    break: (t) => (origin(t, 'api').path = '/prod/'),
  },
  {
    code: 'ORIGIN_PATH_INVALID',
    title: 'an origin path lacks its first /',
    variant: 'relay-public',
    break: (t) => (origin(t, 'cognito').path = 'oauth2'),
    also: ['TOKEN_ORIGIN_PATH', 'TOKEN_ORIGIN_PATH'],
  },
  {
    code: 'ORIGIN_NOT_HTTPS',
    title: 'an origin is spoken to by http',
    variant: 'broker',
    break: (t) => (origin(t, 'api').protocol = 'http-only'),
  },
  {
    code: 'ORIGIN_TLS_OLD',
    title: 'an origin may be spoken to by TLS 1.0',
    variant: 'broker',
    break: (t) => origin(t, 'api').tlsVersions.push('TLSv1'),
  },
  {
    code: 'ORIGIN_TIMEOUT_SHORT',
    title: 'the edge waits for the API less long than the API for the function',
    variant: 'broker',
    break: (t) => (origin(t, 'api').readTimeoutSeconds = 29),
  },
  {
    code: 'COGNITO_CUSTOM_DOMAIN_ORIGIN',
    title: 'the token path leads to a custom domain of the pool',
    variant: 'relay-public',
    break: (t) => (the(t, 'userPoolDomain', 'pool').domain = 'auth.example.com'),
  },
  {
    code: 'PUBLIC_HOST_MISSING',
    title: 'the origin does not say the public host',
    variant: 'relay-public',
    break: (t) => (origin(t, 'api').headers = origin(t, 'api').headers.slice(1)),
  },
  {
    code: 'PUBLIC_HOST_MISSING',
    title: 'the origin says another host',
    variant: 'broker',
    break: (t) => (origin(t, 'api').headers[0]!.value = 'other.example.com'),
  },

  // Answers
  {
    code: 'VIEWER_RESPONSE_ON_ERRORS',
    title: 'a viewer-response function would restore WWW-Authenticate',
    variant: 'relay-public',
    break: (t) => {
      t.resources.push({
        kind: 'edgeFunction',
        name: 'restore',
        runtime: 'cloudfront-js-2.0',
        code: "function handler(event) { event.response.headers['www-authenticate'] = {} }",
      })
      behavior(t, '*').viewerResponse = 'restore'
    },
  },
  {
    code: 'ANSWERS_CACHED',
    title: 'answers of the API are cached',
    variant: 'broker',
    break: (t) => (behavior(t, '*').cachePolicy = 'CachingOptimized'),
  },
  {
    code: 'ANSWERS_CACHED',
    title: 'nobody says that tokens are not cached',
    variant: 'relay-public',
    break: (t) => (behavior(t, '/token').cachePolicy = null),
  },
  {
    code: 'ERRORS_CACHED',
    title: 'one error is kept for the default of 10 s',
    variant: 'broker',
    break: (t) => edge(t).errorResponses.pop(),
  },
  {
    code: 'ERRORS_CACHED',
    title: 'one error is kept for a second',
    variant: 'broker',
    break: (t) => (edge(t).errorResponses[0]!.cachingSeconds = 1),
  },
  {
    code: 'ERROR_PAGE',
    title: 'a page stands in for 403',
    variant: 'broker',
    break: (t) => (edge(t).errorResponses[1]!.responsePagePath = '/index.html'),
  },
  {
    code: 'ERROR_PAGE',
    title: '404 becomes 200',
    variant: 'broker',
    break: (t) => (edge(t).errorResponses[2]!.responseStatus = 200),
  },
  {
    code: 'METHODS_REFUSED',
    title: 'the API gets no DELETE',
    variant: 'broker',
    break: (t) => behavior(t, '*').methods.pop(),
  },
  {
    code: 'VIEWER_HTTP_ALLOWED',
    title: 'http is redirected after the token was sent',
    variant: 'broker',
    break: (t) => (behavior(t, '*').viewerProtocol = 'redirect-to-https'),
  },
  {
    code: 'VIEWER_TLS_OLD',
    title: 'viewers may come by TLS 1.0',
    variant: 'broker',
    break: (t) => (edge(t).minimumTls = 'TLSv1_2016'),
  },
  {
    code: 'CERTIFICATE_MISSING',
    title: 'an alias has no certificate',
    variant: 'broker',
    break: (t) => (edge(t).certificateArn = null),
  },
  {
    code: 'CERTIFICATE_REGION',
    title: 'the certificate is of another region',
    variant: 'broker',
    break: (t) =>
      (edge(t).certificateArn = edge(t).certificateArn!.replace('us-east-1', 'eu-central-1')),
  },
  {
    code: 'EDGE_LOGS_QUERY_STRINGS',
    title: 'CloudFront writes standard logs',
    variant: 'broker',
    break: (t) => (edge(t).accessLogs = { destination: 'logs.s3.amazonaws.com' }),
  },
  {
    code: 'API_LOGS_QUERY_STRINGS',
    title: 'the stage logs query strings',
    variant: 'broker',
    break: (t) =>
      (the(t, 'stage', 'api').accessLogs!.format += ' $context.requestOverride.querystring.code'),
  },

  // Challenge
  {
    code: 'CHALLENGE_MISSING',
    title: 'the authorizer refuses without metadata',
    variant: 'relay-both',
    break: (t) => (behavior(t, '/mcp').responseHeadersPolicy = null),
  },
  {
    code: 'CHALLENGE_INVALID',
    title: 'the challenge names no metadata',
    variant: 'relay-existing',
    break: (t) => (challenge(t).value = 'Bearer scope="tools"'),
  },
  {
    code: 'CHALLENGE_INVALID',
    title: 'the challenge names metadata of another host',
    variant: 'relay-both',
    break: (t) =>
      (challenge(t).value = challenge(t).value.replace('mcp.example.com', 'evil.example')),
  },
  {
    code: 'CHALLENGE_INVALID',
    title: 'the challenge names metadata of another path',
    variant: 'relay-both',
    break: (t) => (challenge(t).value = challenge(t).value.replace('resource/mcp', 'resource/sse')),
  },
  {
    code: 'CHALLENGE_INVALID',
    title: 'the challenge gives way to the bare one of the gateway',
    variant: 'relay-both',
    break: (t) => (challenge(t).override = false),
  },

  // Guards
  {
    code: 'ROUTE_UNGUARDED',
    title: 'a server of any kind stands behind a route without an authorizer',
    variant: 'relay-existing',
    break: (t) => (the(t, 'route', 'mcp').authorizer = null),
  },
  {
    code: 'ROUTE_UNGUARDED',
    title: 'paths that no route names fall through to the server',
    variant: 'relay-existing',
    break: (t) => {
      // Every spelling of the path with a slash behind it is guarded; //mcp is not.
      t.resources.push({ ...the(t, 'route', 'mcp'), name: 'rest', key: 'ANY /mcp/{proxy+}' })
      the(t, 'route', 'default').integration = 'mcp'
    },
  },
  {
    code: 'ORIGIN_BYPASSABLE',
    title: 'the edge does not prove itself',
    variant: 'relay-public',
    break: (t) => origin(t, 'api').headers.pop(),
  },
  {
    code: 'ORIGIN_BYPASSABLE',
    title: 'a function does not ask for the proof',
    variant: 'broker',
    break: (t) => delete the(t, 'function', 'mcp').environment['POSTERN_ORIGIN_SECRET_SHA256'],
  },
  {
    code: 'AUTHORIZER_WITHOUT_SCOPES',
    title: 'ID tokens pass the authorizer',
    variant: 'relay-existing',
    break: (t) => (the(t, 'route', 'mcp').scopes = []),
  },
  {
    code: 'AUTHORIZER_AUDIENCE',
    title: 'tokens are bound to the MCP URL, which the authorizer does not know',
    variant: 'relay-both',
    break: (t) => (authorizer(t).audience = ['${userPoolClient.client.id}']),
  },
  {
    code: 'AUTHORIZER_AUDIENCE',
    title: 'tokens name their client only, which the authorizer does not know',
    variant: 'relay-both',
    break: (t) => {
      front(t).environment['POSTERN_RESOURCE_PARAMETER'] = 'strip'
      authorizer(t).audience = ['https://mcp.example.com/mcp']
    },
  },
  {
    code: 'AUTHORIZER_ISSUER',
    title: 'the authorizer trusts another issuer',
    variant: 'relay-both',
    break: (t) => (authorizer(t).issuer = 'https://mcp.example.com'),
  },
  {
    code: 'AUTHORIZER_CACHES',
    title: 'the authorizer remembers its answers',
    variant: 'broker-existing',
    break: (t) => (authorizer(t).resultTtlSeconds = 300),
  },

  // Token path
  {
    code: 'TOKEN_ORIGIN_PATH',
    title: 'Cognito is asked for /token instead of /oauth2/token',
    variant: 'relay-public',
    break: (t) => (origin(t, 'cognito').path = ''),
    also: ['TOKEN_ORIGIN_PATH'],
  },
  {
    code: 'TOKEN_ORIGIN_POLICY',
    title: 'Cognito is sent the cookies of the domain',
    variant: 'relay-public',
    break: (t) => (behavior(t, '/token').originRequestPolicy = 'AllViewerExceptHostHeader'),
  },
  {
    code: 'TOKEN_METHODS',
    title: 'Cognito is sent every method',
    variant: 'relay-public',
    break: (t) => (behavior(t, '/revoke').viewerRequest = null),
  },
  {
    code: 'TOKEN_COOKIES',
    title: 'Cognito sets cookies on the domain',
    variant: 'relay-public',
    break: (t) => (behavior(t, '/token').responseHeadersPolicy = null),
  },
  {
    code: 'REVOKE_NOT_ROUTED',
    title: 'tokens cannot be revoked',
    variant: 'relay-public',
    break: (t) =>
      (edge(t).behaviors = edge(t).behaviors.filter(({ pattern }) => pattern !== '/revoke')),
  },
  {
    code: 'EDGE_AUTHORIZATION_ON_PUBLIC_CLIENT',
    title: 'the edge authenticates a public client',
    variant: 'relay-public',
    break: (t) => origin(t, 'cognito').headers.push({ name: 'authorization', value: 'Basic eDp5' }),
    also: ['EDGE_AUTHORIZATION_ON_PUBLIC_CLIENT'],
  },
  {
    code: 'EDGE_AUTHORIZATION_MISSING',
    title: 'nobody sends the secret of a confidential client',
    variant: 'relay-edge-secret',
    break: (t) => (origin(t, 'cognito').headers = []),
    also: ['EDGE_AUTHORIZATION_MISSING'],
  },

  // Invocation
  {
    code: 'PERMISSION_MISSING',
    title: 'the API may not call a function',
    variant: 'broker',
    break: (t) => remove(t, 'permission', 'mcp'),
  },
  {
    code: 'PERMISSION_MISSING',
    title: 'the API may not call a function that was brought',
    variant: 'relay-existing',
    break: (t) => remove(t, 'permission', 'existing'),
  },
  {
    code: 'PERMISSION_MISSING',
    title: 'the API may not call its authorizer',
    variant: 'broker-existing',
    break: (t) => remove(t, 'permission', 'authorizer'),
  },
  {
    code: 'PERMISSION_MISSING',
    title: 'the schedule may not call its function',
    variant: 'relay-public',
    break: (t) => (the(t, 'permission', 'keyWatch').principal = 'apigateway.amazonaws.com'),
  },
  {
    code: 'PERMISSION_TOO_WIDE',
    title: 'every API of every account may call a function',
    variant: 'relay-public',
    break: (t) => (the(t, 'permission', 'front').sourceArn = null),
  },
  {
    code: 'PERMISSION_TOO_WIDE',
    title: 'anybody may call a function',
    variant: 'relay-public',
    break: (t) => (the(t, 'permission', 'front').principal = '*'),
  },
  {
    code: 'PERMISSION_TOO_WIDE',
    title: 'every API of the account may call a function',
    variant: 'relay-public',
    break: (t) =>
      (the(t, 'permission', 'front').sourceArn = 'arn:aws:execute-api:eu-central-1:111122223333:*'),
  },
  {
    code: 'PERMISSION_TOO_WIDE',
    title: 'more than a call is allowed',
    variant: 'relay-public',
    break: (t) => (the(t, 'permission', 'front').action = 'lambda:*'),
  },
  {
    code: 'PAYLOAD_FORMAT',
    title: 'an integration sends payload 1.0',
    variant: 'relay-public',
    break: (t) => (the(t, 'integration', 'default').payloadFormat = '1.0'),
  },
  {
    code: 'PAYLOAD_FORMAT',
    title: 'the authorizer is sent payload 1.0',
    variant: 'broker-existing',
    break: (t) => (authorizer(t).payloadFormat = '1.0'),
  },
  {
    code: 'TIMEOUT_TOO_LONG',
    title: 'a function outlives the request',
    variant: 'relay-public',
    break: (t) => (front(t).timeoutSeconds = 31),
  },
  {
    code: 'TIMEOUT_TOO_LONG',
    title: 'a function outlives its integration',
    variant: 'relay-public',
    break: (t) => (the(t, 'integration', 'default').timeoutMilliseconds = 10_000),
  },
  {
    code: 'CORS_BY_GATEWAY',
    title: 'the gateway answers preflights',
    variant: 'relay-public',
    break: (t) => (the(t, 'api', 'api').cors = true),
  },
  {
    code: 'STAGE_NOT_DEPLOYED',
    title: 'routes are not deployed',
    variant: 'relay-public',
    break: (t) => (the(t, 'stage', 'api').autoDeploy = false),
  },

  // Environment
  {
    code: 'SECRET_IN_ENVIRONMENT',
    title: 'a variable is called a secret',
    variant: 'relay-public',
    break: (t) => (front(t).environment['CLIENT_SECRET'] = 'x'),
  },
  {
    code: 'SECRET_IN_ENVIRONMENT',
    title: 'a variable takes part of the secret',
    variant: 'relay-public',
    break: (t) => (front(t).environment['PROOF'] = '${secret.postern.originSecret}'),
  },
  {
    code: 'SECRET_IN_ENVIRONMENT',
    title: 'a dynamic reference resolves to a secret',
    variant: 'relay-public',
    break: (t) => (front(t).environment['PROOF'] = '{{resolve:secretsmanager:x:SecretString:y}}'),
  },
  {
    code: 'SECRET_IN_ENVIRONMENT',
    title: 'a JWKS is a private one',
    variant: 'relay-public',
    break: (t) => (front(t).environment['OTHER_JWKS'] = '{"keys":[{"kty":"OKP","d":"nWGx"}]}'),
  },
  {
    code: 'CLIENT_SECRET_SHARED',
    title: 'everybody who registers is given the secret',
    variant: 'relay-public',
    break: (t) => (front(t).environment['POSTERN_DANGEROUSLY_SHARED_CLIENT_SECRET'] = 'x'),
  },
  {
    code: 'ENVIRONMENT_TOO_LARGE',
    title: 'the environment is over 4 KB',
    variant: 'relay-public',
    break: (t) => (front(t).environment['POSTERN_FORWARD_GROUPS'] = 'g'.repeat(3000)),
  },

  // Functions
  {
    code: 'RUNTIME_DEPRECATED',
    title: 'a runtime is on its way out',
    variant: 'relay-public',
    break: (t) => (front(t).runtime = 'nodejs20.x'),
  },
  {
    code: 'LOG_GROUP_MISSING',
    title: 'Lambda makes a log group that never expires',
    variant: 'relay-public',
    break: (t) => (front(t).logGroup = null),
  },
  {
    code: 'LOG_RETENTION_MISSING',
    title: 'a log group never expires',
    variant: 'relay-public',
    break: (t) => (the(t, 'logGroup', 'front').retentionDays = null),
  },
  {
    code: 'ROLE_TOO_WIDE',
    title: 'a role may do anything with secrets',
    variant: 'broker',
    break: (t) => (the(t, 'role', 'oauth').statements[1]!.actions = ['secretsmanager:*']),
  },
  {
    code: 'ROLE_TOO_WIDE',
    title: 'a role may read every secret',
    variant: 'broker',
    break: (t) => (the(t, 'role', 'oauth').statements[1]!.resources = ['*']),
  },
  {
    code: 'ROLE_TOO_WIDE',
    title: 'a role is an administrator’s',
    variant: 'broker',
    break: (t) => the(t, 'role', 'oauth').managedPolicies.push('AdministratorAccess'),
  },
  {
    code: 'SECRET_WITHIN_REACH',
    title: 'the gate may read the secret',
    variant: 'broker',
    break: (t) =>
      the(t, 'role', 'mcp').statements.push({
        actions: ['secretsmanager:GetSecretValue'],
        resources: ['${secret.postern.arn}'],
      }),
  },

  // Network
  {
    code: 'FUNCTION_CUT_OFF',
    title: 'the authorization server cannot reach Cognito',
    variant: 'broker',
    break: (t) =>
      (the(t, 'function', 'oauth').network = {
        subnets: ['private0', 'private1'],
        securityGroups: ['functions'],
      }),
  },
  {
    code: 'VPC_WAY_OUT',
    title: 'a subnet has a default route',
    variant: 'relay-public',
    break: (t) =>
      t.resources.push({
        kind: 'networkRoute',
        name: 'out',
        routeTable: 'private0',
        destination: '0.0.0.0/0',
        target: 'igw-1',
      }),
  },
  {
    code: 'NAT_GATEWAY',
    title: 'a NAT gateway is paid for',
    variant: 'relay-public',
    break: (t) => t.resources.push({ kind: 'natGateway', name: 'nat' }),
  },
  {
    code: 'SECURITY_GROUP_OPEN',
    title: 'the security group lets requests out',
    variant: 'relay-public',
    break: (t) => the(t, 'securityGroup', 'functions').egress.push('tcp 443 0.0.0.0/0'),
  },

  // User pool
  {
    code: 'SELF_SIGN_UP_OPEN',
    title: 'anybody may make an account',
    variant: 'relay-public',
    break: (t) => (pool(t).adminCreateUserOnly = false),
  },
  {
    code: 'POOL_TIER_LOW',
    title: 'the tier has no managed login',
    variant: 'relay-public',
    break: (t) => (pool(t).tier = 'LITE'),
  },
  {
    code: 'MANAGED_LOGIN_OFF',
    title: 'the domain shows the classic hosted UI',
    variant: 'relay-public',
    break: (t) => (the(t, 'userPoolDomain', 'pool').managedLoginVersion = null),
  },
  {
    code: 'BRANDING_MISSING',
    title: 'managed login has no page for the client',
    variant: 'relay-public',
    break: (t) => remove(t, 'userPoolBranding', 'client'),
  },
  {
    code: 'DOMAIN_PREFIX_INVALID',
    title: 'the prefix has a reserved word',
    variant: 'relay-public',
    break: (t) => (the(t, 'userPoolDomain', 'pool').domain = 'notes-cognito'),
  },
  {
    code: 'DOMAIN_PREFIX_INVALID',
    title: 'the prefix is too long',
    variant: 'relay-public',
    break: (t) => (the(t, 'userPoolDomain', 'pool').domain = 'n'.repeat(64)),
  },
  {
    code: 'DOMAIN_MISSING',
    title: 'the pool has no domain',
    variant: 'relay-token-function',
    break: (t) => {
      remove(t, 'userPoolDomain', 'pool')
      const text = JSON.stringify(t.resources).replaceAll(
        '${userPoolDomain.pool.url}',
        'https://auth.example.com',
      )
      t.resources = JSON.parse(text) as typeof t.resources
    },
  },
  {
    code: 'RESOURCE_SERVER_NAME',
    title: 'the resource server is called by its URL',
    variant: 'relay-public',
    break: (t) => {
      const server = the(t, 'resourceServer', 'mcp')
      server.displayName = server.identifier
    },
  },
  {
    code: 'RESOURCE_SERVER_MISMATCH',
    title: 'the identifier has a trailing slash that the MCP URL lacks',
    variant: 'relay-public',
    break: (t) => (the(t, 'resourceServer', 'mcp').identifier += '/'),
    also: ['SCOPE_UNDEFINED'],
  },
  {
    code: 'RESOURCE_SERVER_MISMATCH',
    title: 'no resource server bears the MCP URL',
    variant: 'relay-token-function',
    break: (t) => {
      remove(t, 'resourceServer', 'mcp')
      client(t).oauthScopes = ['openid']
      client(t).after = []
    },
  },

  // Client
  {
    code: 'ROTATION_OFF',
    title: 'refresh tokens do not rotate',
    variant: 'relay-public',
    break: (t) => (client(t).refreshTokenRotation = null),
  },
  {
    code: 'ROTATION_GRACE_SHORT',
    title: 'parallel refreshes are not forgiven',
    variant: 'relay-public',
    break: (t) => (client(t).refreshTokenRotation!.graceSeconds = 0),
  },
  {
    code: 'ROTATION_EXCLUDED',
    title: 'a flow excludes rotation',
    variant: 'relay-public',
    break: (t) => client(t).explicitAuthFlows.push('ALLOW_REFRESH_TOKEN_AUTH'),
  },
  {
    code: 'ROTATION_EXCLUDED',
    title: 'the default flows exclude rotation',
    variant: 'relay-public',
    break: (t) => (client(t).explicitAuthFlows = []),
  },
  {
    code: 'IMPLICIT_FLOW',
    title: 'tokens may be had without PKCE',
    variant: 'relay-public',
    break: (t) => client(t).oauthFlows.push('implicit'),
  },
  {
    code: 'CODE_FLOW_OFF',
    title: 'OAuth is off',
    variant: 'broker',
    break: (t) => (client(t).oauthEnabled = false),
  },
  {
    code: 'CODE_FLOW_OFF',
    title: 'the code flow is off',
    variant: 'broker',
    break: (t) => (client(t).oauthFlows = ['client_credentials']),
  },
  {
    code: 'IDENTITY_PROVIDERS_MISSING',
    title: 'nobody can be signed in with',
    variant: 'broker',
    break: (t) => (client(t).identityProviders = []),
  },
  {
    code: 'OFFLINE_ACCESS',
    title: 'the client has offline_access',
    variant: 'broker',
    break: (t) => client(t).oauthScopes.push('offline_access'),
  },
  {
    code: 'SCOPE_UNDEFINED',
    title: 'the client has a scope that no server defines',
    variant: 'relay-public',
    break: (t) => client(t).oauthScopes.push('https://mcp.example.com/mcp/admin'),
  },
  {
    code: 'ADMIN_SCOPE',
    title: 'tokens open the account of the person',
    variant: 'broker',
    break: (t) => client(t).oauthScopes.push('aws.cognito.signin.user.admin'),
  },
  {
    code: 'CLIENT_BEFORE_RESOURCE_SERVER',
    title: 'the client may be made before its scopes',
    variant: 'relay-public',
    break: (t) => (client(t).after = []),
  },
  {
    code: 'TOKEN_REVOCATION_OFF',
    title: 'revoked tokens live on',
    variant: 'broker',
    break: (t) => (client(t).tokenRevocation = false),
  },
  {
    code: 'USER_EXISTENCE_REVEALED',
    title: 'strangers learn who has an account',
    variant: 'broker',
    break: (t) => (client(t).preventUserExistenceErrors = false),
  },

  // Callbacks
  {
    code: 'CALLBACK_DRIFT',
    title: 'the port of mcp-remote is missing everywhere',
    variant: 'relay-public',
    break: (t) => {
      const drop = (urls: string[]): string[] => urls.filter((url) => !url.includes(':41409/'))
      client(t).callbackUrls = drop(client(t).callbackUrls)
      const { environment } = front(t)
      environment['POSTERN_REDIRECT_URIS'] = drop(
        environment['POSTERN_REDIRECT_URIS']!.split(' '),
      ).join(' ')
    },
  },
  {
    code: 'REDIRECT_URIS_DIFFER',
    title: 'the front door admits what the client does not know',
    variant: 'relay-public',
    break: (t) => (front(t).environment['POSTERN_REDIRECT_URIS'] += ' https://app.example.com/cb'),
  },
  {
    code: 'BROKER_CALLBACK_MISSING',
    title: 'the client does not know Postern’s callback',
    variant: 'broker',
    break: (t) => (client(t).callbackUrls = ['https://mcp.example.com/callback']),
  },
  {
    code: 'CALLBACK_HTTP',
    title: 'a callback comes by http',
    variant: 'broker',
    break: (t) => client(t).callbackUrls.push('http://localhost.example.com/cb'),
  },
  {
    code: 'CALLBACKS_TOO_MANY',
    title: 'there are more than 100 callbacks',
    variant: 'broker',
    break: (t) =>
      client(t).callbackUrls.push(
        ...Array.from({ length: 100 }, (_, n) => `https://app.example.com/${n}`),
      ),
  },

  // WAF
  {
    code: 'WAF_BLOCKS_LOOPBACK',
    title: 'a managed rule takes loopback redirect URIs for an attack',
    variant: 'broker',
    break: (t) => withoutExclusions(t, /^EC2MetaDataSSRF_QUERYARGUMENTS$/),
  },
  {
    code: 'WAF_LIMITS_SIZE',
    title: 'a managed rule refuses long queries',
    variant: 'broker',
    break: (t) => withoutExclusions(t, /^SizeRestrictions_QUERYSTRING$/),
  },

  // Keys
  {
    code: 'KEY_WATCH_MISSING',
    title: 'nothing compares pinned keys',
    variant: 'relay-public',
    break: (t) => remove(t, 'schedule', 'keyWatch'),
    also: ['REFERENCE_MISSING'],
  },
  {
    code: 'KEY_WATCH_MISSING',
    title: 'the comparison is turned off',
    variant: 'relay-public',
    break: (t) => (the(t, 'schedule', 'keyWatch').enabled = false),
  },
  {
    code: 'KEY_WATCH_SILENT',
    title: 'nobody hears of stale keys',
    variant: 'relay-public',
    break: (t) => remove(t, 'alarm', 'keyWatch'),
  },
]
