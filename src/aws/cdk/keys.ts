import { CustomResource, Duration, Stack } from 'aws-cdk-lib'
import { Alarm, ComparisonOperator, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch'
import { CfnRule } from 'aws-cdk-lib/aws-events'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { CfnPermission, Code, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager'
import type { Construct } from 'constructs'
import { createFunction, permit } from './functions.ts'
import { named } from './named.ts'
import type { Settings } from './settings.ts'
import type { SignIn } from './user-pool.ts'

/** The deployment's secret and what everything else gets of it. */
export interface Keys {
  secret: CfnSecret
  function: LambdaFunction
  resource: CustomResource
  /** Public keys that tokens are verified with. */
  jwks: string
  /** Hashes of the accepted origin secrets. */
  originSecretSha256: string
  /** Resolved by CloudFormation; no template, environment or state of ours holds the value. */
  readSecret: (member: 'originSecret' | 'basic' | 'clientSecret') => string
}

export function createKeys(scope: Construct, code: Code, settings: Settings, signIn: SignIn): Keys {
  // No version: the keys function writes the first one.
  const secret = named(
    'postern',
    new CfnSecret(scope, 'Secret', { description: `Secrets of ${settings.mcpUrl}` }),
  )
  const readsClient = settings.clientSecret
  const keysFunction = createFunction(scope, 'keys', settings.logRetention, {
    code,
    handler: 'keys.handler',
    environment: { ...sourceOfKeys(settings, signIn), POSTERN_SECRET_ARN: secret.ref },
    statements: [
      new PolicyStatement({
        actions: ['secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue'],
        resources: [secret.ref],
      }),
      ...(readsClient
        ? [
            new PolicyStatement({
              actions: ['cognito-idp:DescribeUserPoolClient'],
              resources: [signIn.pool.userPoolArn],
            }),
          ]
        : []),
    ],
    memorySize: 256,
    timeoutSeconds: 60,
  })
  const resource = named(
    'keys',
    new CustomResource(scope, 'KeysResource', {
      serviceToken: keysFunction.functionArn,
      resourceType: 'Custom::PosternKeys',
      serviceTimeout: Duration.minutes(5),
      properties: keysInput(scope, settings, signIn),
    }),
  )
  const version = resource.getAttString('secretVersion')
  return {
    secret,
    function: keysFunction,
    resource,
    jwks: resource.getAttString('jwks'),
    originSecretSha256: resource.getAttString('originSecretSha256'),
    // The version is what tells CloudFormation that the value has changed.
    readSecret: (member) =>
      `{{resolve:secretsmanager:${secret.ref}:SecretString:${member}::${version}}}`,
  }
}

function sourceOfKeys(settings: Settings, signIn: SignIn): Record<string, string> {
  return {
    POSTERN_MODE: settings.mode,
    POSTERN_MCP_URL: settings.mcpUrl,
    ...(settings.mode === 'relay' ? { POSTERN_JWKS_URI: jwksUri(signIn) } : {}),
  }
}

function jwksUri(signIn: SignIn): string {
  return `${signIn.issuer}/.well-known/jwks.json`
}

function keysInput(scope: Construct, settings: Settings, signIn: SignIn): Record<string, string> {
  // A new text alone makes CloudFormation call the function again, which then rotates nothing.
  const refresh: unknown = scope.node.tryGetContext('postern:refresh')
  return {
    mode: settings.mode,
    issuer: settings.origin,
    ...(settings.mode === 'relay' ? { jwksUri: jwksUri(signIn) } : {}),
    ...(settings.clientSecret
      ? {
          userPoolId: signIn.pool.userPoolId,
          clientId: signIn.client.userPoolClientId,
          ...(settings.clientAuthentication === 'edge' ? { wantsBasic: 'true' } : {}),
          ...(settings.shareClientSecret ? { wantsClientSecret: 'true' } : {}),
        }
      : {}),
    rotation: settings.rotation,
    ...(typeof refresh === 'string' ? { refresh } : {}),
  }
}

export interface KeyWatch {
  function: LambdaFunction
  schedule: CfnRule
  permission: CfnPermission
  alarm: Alarm
}

/** Pinned keys go stale; whoever operates this hears of it, with the command that renews them. */
export function createKeyWatch(
  scope: Construct,
  code: Code,
  settings: Settings,
  signIn: SignIn,
  keys: Keys,
): KeyWatch {
  const redeploy = `npx cdk deploy ${Stack.of(scope).node.path} --context postern:refresh=<any new text>`
  const signsItself = settings.mode === 'broker'
  const watch = createFunction(scope, 'keyWatch', settings.logRetention, {
    code,
    handler: 'keyWatch.handler',
    environment: {
      ...sourceOfKeys(settings, signIn),
      POSTERN_JWKS: keys.jwks,
      POSTERN_REDEPLOY_COMMAND: redeploy,
      ...(signsItself && { POSTERN_SECRET_ARN: keys.secret.ref }),
    },
    statements: signsItself
      ? [
          new PolicyStatement({
            actions: ['secretsmanager:GetSecretValue'],
            resources: [keys.secret.ref],
          }),
        ]
      : [],
    memorySize: 256,
    timeoutSeconds: 30,
  })
  const schedule = named(
    'keyWatch',
    new CfnRule(scope, 'KeyWatchSchedule', {
      description: `Compares the pinned keys of ${settings.mcpUrl} with the live ones`,
      scheduleExpression: 'rate(1 hour)',
      state: 'ENABLED',
      targets: [{ id: 'keyWatch', arn: watch.functionArn }],
    }),
  )
  const permission = permit(scope, 'keyWatch', {
    functionArn: watch.functionArn,
    principal: 'events.amazonaws.com',
    sourceArn: schedule.attrArn,
  })
  const alarm = named(
    'keyWatch',
    new Alarm(scope, 'KeyWatchAlarm', {
      alarmDescription: `The pinned keys of ${settings.mcpUrl} are out of date: people will be refused. Run: ${redeploy}`,
      metric: new Metric({
        namespace: 'AWS/Lambda',
        metricName: 'Errors',
        dimensionsMap: { FunctionName: watch.functionName },
        statistic: 'Sum',
        period: Duration.hours(1),
      }),
      evaluationPeriods: 1,
      threshold: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    }),
  )
  return { function: watch, schedule, permission, alarm }
}
