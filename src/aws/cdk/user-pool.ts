import { Aws, Duration, RemovalPolicy } from 'aws-cdk-lib'
import {
  AccountRecovery,
  CfnManagedLoginBranding,
  FeaturePlan,
  type IUserPool,
  type IUserPoolClient,
  type IUserPoolDomain,
  ManagedLoginVersion,
  Mfa,
  OAuthScope,
  ResourceServerScope,
  UserPool,
  UserPoolClient,
  UserPoolClientIdentityProvider,
  UserPoolDomain,
  UserPoolResourceServer,
} from 'aws-cdk-lib/aws-cognito'
import type { Construct } from 'constructs'
import { named } from './named.ts'
import type { Settings } from './settings.ts'

/** Where people sign in. Of a brought pool only what was missing is made. */
export interface SignIn {
  pool: IUserPool
  domain: IUserPoolDomain
  client: IUserPoolClient
  resourceServer: UserPoolResourceServer | undefined
  branding: CfnManagedLoginBranding | undefined
  /** `iss` of the pool's tokens. */
  issuer: string
  /** `<prefix>.auth.<region>.amazoncognito.com` */
  host: string
}

export function createSignIn(scope: Construct, settings: Settings): SignIn {
  const brought = settings.userPool
  const pool = brought?.pool ?? createPool(scope)
  const domain = brought?.domain ?? createDomain(scope, pool, settings.cognitoDomainPrefix)
  const made = brought?.client === undefined ? createClient(scope, pool, settings) : undefined
  return {
    pool,
    domain,
    client: made?.client ?? (brought?.client as IUserPoolClient),
    resourceServer: made?.resourceServer,
    branding: made?.branding,
    issuer: `https://cognito-idp.${Aws.REGION}.${Aws.URL_SUFFIX}/${pool.userPoolId}`,
    host: `${domain.domainName}.auth.${Aws.REGION}.amazoncognito.com`,
  }
}

function createPool(scope: Construct): UserPool {
  return named(
    'pool',
    new UserPool(scope, 'UserPool', {
      // Managed login and resource binding need this plan or a dearer one.
      featurePlan: FeaturePlan.ESSENTIALS,
      selfSignUpEnabled: false,
      signInAliases: { email: true },
      autoVerify: { email: true },
      signInCaseSensitive: false,
      mfa: Mfa.OFF,
      accountRecovery: AccountRecovery.EMAIL_ONLY,
      passwordPolicy: { minLength: 12 },
      // People are not part of a stack that is torn down.
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    }),
  )
}

function createDomain(scope: Construct, userPool: IUserPool, domainPrefix: string): UserPoolDomain {
  return named(
    'pool',
    new UserPoolDomain(scope, 'UserPoolDomain', {
      userPool,
      cognitoDomain: { domainPrefix },
      managedLoginVersion: ManagedLoginVersion.NEWER_MANAGED_LOGIN,
    }),
  )
}

function createClient(
  scope: Construct,
  userPool: IUserPool,
  settings: Settings,
): {
  client: UserPoolClient
  resourceServer: UserPoolResourceServer | undefined
  branding: CfnManagedLoginBranding
} {
  const resourceServer =
    settings.mode === 'relay' ? createResourceServer(scope, userPool, settings) : undefined
  const client = named(
    'client',
    new UserPoolClient(scope, 'UserPoolClient', {
      userPool,
      generateSecret: settings.clientSecret,
      // Refresh tokens rotate, which excludes ALLOW_REFRESH_TOKEN_AUTH (Cognito, "Refresh tokens").
      authFlows: { userSrp: true },
      refreshTokenRotationGracePeriod: Duration.seconds(60),
      oAuth: {
        flows: { authorizationCodeGrant: true },
        scopes: settings.identityProviderScopes.map((scopeName) => OAuthScope.custom(scopeName)),
        callbackUrls: [...settings.identityProviderCallbackUrls],
      },
      supportedIdentityProviders: [UserPoolClientIdentityProvider.COGNITO],
      preventUserExistenceErrors: true,
      enableTokenRevocation: true,
      accessTokenValidity: Duration.minutes(60),
      idTokenValidity: Duration.minutes(60),
      refreshTokenValidity: Duration.days(30),
    }),
  )
  // The scopes are texts, so that nothing else tells CloudFormation this order.
  if (resourceServer !== undefined) client.node.addDependency(resourceServer)
  // Managed login shows nothing at all to a client without branding (CreateManagedLoginBranding).
  const branding = named(
    'client',
    new CfnManagedLoginBranding(scope, 'Branding', {
      userPoolId: userPool.userPoolId,
      clientId: client.userPoolClientId,
      useCognitoProvidedValues: true,
    }),
  )
  return { client, resourceServer, branding }
}

function createResourceServer(
  scope: Construct,
  userPool: IUserPool,
  settings: Settings,
): UserPoolResourceServer {
  return named(
    'mcp',
    new UserPoolResourceServer(scope, 'ResourceServer', {
      userPool,
      // Byte for byte the `resource` that clients send, so that tokens are bound to it.
      identifier: settings.mcpUrl,
      // The name would default to the identifier, whose characters names cannot have.
      userPoolResourceServerName: 'mcp',
      scopes: settings.scopes.map(
        (scopeName) =>
          new ResourceServerScope({
            scopeName: scopeName.slice(settings.mcpUrl.length + 1),
            scopeDescription: `Use ${settings.name}`,
          }),
      ),
    }),
  )
}
