import { CfnOutput, type CustomResource } from 'aws-cdk-lib'
import type {
  CfnAuthorizer,
  CfnIntegration,
  CfnRoute,
  CfnStage,
  HttpApi,
} from 'aws-cdk-lib/aws-apigatewayv2'
import type {
  Distribution,
  Function as EdgeFunction,
  ResponseHeadersPolicy,
} from 'aws-cdk-lib/aws-cloudfront'
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch'
import type {
  CfnManagedLoginBranding,
  IUserPool,
  IUserPoolClient,
  IUserPoolDomain,
  UserPoolResourceServer,
} from 'aws-cdk-lib/aws-cognito'
import type { ISecurityGroup, IVpc } from 'aws-cdk-lib/aws-ec2'
import type { CfnRule } from 'aws-cdk-lib/aws-events'
import type { CfnPermission, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import type { LogGroup } from 'aws-cdk-lib/aws-logs'
import type { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager'
import { Construct } from 'constructs'
import { checkProps } from './check-props.ts'
import { createEdge } from './edge.ts'
import { posternCode } from './functions.ts'
import { createHttpApi } from './http-api.ts'
import { createKeys, createKeyWatch } from './keys.ts'
import { createNetwork } from './network.ts'
import type { PrivateMcpServerProps } from './props.ts'
import { createServing } from './serving.ts'
import { fillIn, type Settings } from './settings.ts'
import { createSignIn } from './user-pool.ts'

/**
 * A private MCP server behind its own OAuth front door: CloudFront, HTTP API, Lambda in a VPC
 * without a way out, sign-in through a Cognito user pool.
 */
export class PrivateMcpServer extends Construct {
  /** What people paste into their client. */
  readonly mcpUrl: string
  readonly vpc: IVpc
  readonly securityGroup: ISecurityGroup
  readonly userPool: IUserPool
  readonly userPoolDomain: IUserPoolDomain
  readonly userPoolClient: IUserPoolClient
  /** Undefined in broker, and with a client of your own. */
  readonly resourceServer: UserPoolResourceServer | undefined
  readonly branding: CfnManagedLoginBranding | undefined
  readonly secret: CfnSecret
  readonly keys: CustomResource
  /** By name, each with its `role` and `logGroup`: `front`, `mcp`, `oauth`, `facade`, `token`, `authorizer`, `keys`, `keyWatch`. */
  readonly functions: Readonly<Record<string, LambdaFunction>>
  readonly permissions: readonly CfnPermission[]
  readonly api: HttpApi
  readonly stage: CfnStage
  readonly accessLogs: LogGroup
  readonly authorizer: CfnAuthorizer | undefined
  readonly routes: readonly CfnRoute[]
  readonly integrations: readonly CfnIntegration[]
  readonly distribution: Distribution
  readonly challengePolicy: ResponseHeadersPolicy | undefined
  readonly tokenPolicy: ResponseHeadersPolicy | undefined
  readonly tokenFunction: EdgeFunction | undefined
  readonly mcpPathFunction: EdgeFunction | undefined
  readonly keyWatchSchedule: CfnRule
  /** Add an action to it: it says when the pinned keys are out of date. */
  readonly keyWatchAlarm: Alarm

  /** @throws ConfigError listing every problem of the props. */
  constructor(scope: Construct, id: string, props: PrivateMcpServerProps) {
    super(scope, id)
    checkProps(props)
    const settings = fillIn(props)
    const code = posternCode()
    const network = createNetwork(this, settings.vpc)
    const signIn = createSignIn(this, settings)
    const keys = createKeys(this, code, settings, signIn)
    const watch = createKeyWatch(this, code, settings, signIn, keys)
    const serving = createServing(this, code, settings, { network, signIn, keys })
    const http = createHttpApi(this, settings, signIn, serving)
    const edge = createEdge(this, settings, signIn, keys, http.host)
    // The functions must accept a new origin secret before CloudFront sends it.
    edge.distribution.node.addDependency(...Object.values(serving.functions))

    this.mcpUrl = settings.mcpUrl
    this.vpc = network.vpc
    this.securityGroup = network.securityGroup
    this.userPool = signIn.pool
    this.userPoolDomain = signIn.domain
    this.userPoolClient = signIn.client
    this.resourceServer = signIn.resourceServer
    this.branding = signIn.branding
    this.secret = keys.secret
    this.keys = keys.resource
    this.functions = { ...serving.functions, keys: keys.function, keyWatch: watch.function }
    this.api = http.api
    this.stage = http.stage
    this.accessLogs = http.accessLogs
    this.authorizer = http.authorizer
    this.routes = http.routes
    this.integrations = http.integrations
    this.permissions = [...http.permissions, watch.permission]
    this.distribution = edge.distribution
    this.challengePolicy = edge.challengePolicy
    this.tokenPolicy = edge.tokenPolicy
    this.tokenFunction = edge.tokenFunction
    this.mcpPathFunction = edge.mcpPathFunction
    this.keyWatchSchedule = watch.schedule
    this.keyWatchAlarm = watch.alarm
    this.addOutputs(settings)
  }

  private addOutputs(settings: Settings): void {
    const { mcpUrl, name, mcpRemoteArguments } = settings
    const output = (id: string, description: string, value: string): void => {
      new CfnOutput(this, id, { description, value })
    }
    output('McpUrl', 'What people paste into their client', mcpUrl)
    output(
      'ClaudeDesktop',
      'claude_desktop_config.json',
      JSON.stringify({
        mcpServers: {
          [name]: { command: 'npx', args: ['mcp-remote', mcpUrl, ...mcpRemoteArguments] },
        },
      }),
    )
    output(
      settings.mode === 'broker' ? 'IdpCallback' : 'CallbackUrls',
      'Callback URLs that the app client must know',
      settings.identityProviderCallbackUrls.join(' '),
    )
    output('UserPoolId', 'Where people are added', this.userPool.userPoolId)
    output(
      'DistributionDomain',
      `Point ${settings.domainName} at it (CNAME or alias record)`,
      this.distribution.distributionDomainName,
    )
  }
}
