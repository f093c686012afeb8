import { Duration, type Stack } from 'aws-cdk-lib'
import {
  FeaturePlan,
  ManagedLoginVersion,
  OAuthScope,
  UserPool,
  UserPoolClient,
  UserPoolClientIdentityProvider,
  type UserPoolClientProps,
  UserPoolDomain,
  type UserPoolProps,
  UserPoolResourceServer,
} from 'aws-cdk-lib/aws-cognito'
import { Code } from 'aws-cdk-lib/aws-lambda'
import { describe, expect, it } from 'vitest'
import { PrivateMcpServer, type PrivateMcpServerProps } from '../../../src/aws/cdk/index.ts'
import { callbackUrls } from '../../../src/aws/callback-urls.ts'
import { ConfigError } from '../../../src/config/config-error.ts'
import { loadCloudFormation } from '../../../src/aws/load-cloudformation.ts'
import { findResource, ofKind } from '../../../src/aws/topology.ts'
import { INPUT, inStack, serverFolder } from '../variants.ts'

const COMMON = {
  domainName: INPUT.domainName,
  certificateArn: INPUT.certificateArn,
  access: [{ groups: ['mcp-users'] }],
}

/** As the construct derives them for this URL. */
const RELAY_CALLBACKS = callbackUrls({ url: 'https://mcp.example.com/mcp' })

const SOUND_POOL: UserPoolProps = { featurePlan: FeaturePlan.ESSENTIALS, selfSignUpEnabled: false }

const SOUND_CLIENT: Omit<UserPoolClientProps, 'userPool'> = {
  generateSecret: false,
  authFlows: { userSrp: true },
  refreshTokenRotationGracePeriod: Duration.seconds(60),
  supportedIdentityProviders: [UserPoolClientIdentityProvider.COGNITO],
  oAuth: {
    flows: { authorizationCodeGrant: true },
    scopes: [OAuthScope.OPENID, OAuthScope.EMAIL],
    callbackUrls: ['https://mcp.example.com/idp/callback'],
  },
}

interface Brought {
  pool?: UserPoolProps
  client?: Omit<UserPoolClientProps, 'userPool'> | null
  domain?: { managedLoginVersion?: ManagedLoginVersion }
  props?: Partial<PrivateMcpServerProps>
  before?: (stack: Stack, pool: UserPool) => void
}

function bring(stack: Stack, { pool: poolProps, client, domain, props, before }: Brought): void {
  const pool = new UserPool(stack, 'Own', poolProps ?? SOUND_POOL)
  before?.(stack, pool)
  new PrivateMcpServer(stack, 'Server', {
    mode: 'broker',
    ...COMMON,
    server: { code: Code.fromAsset(serverFolder()) },
    userPool: {
      pool,
      domain: new UserPoolDomain(stack, 'OwnDomain', {
        userPool: pool,
        cognitoDomain: { domainPrefix: 'own' },
        ...(domain ?? { managedLoginVersion: ManagedLoginVersion.NEWER_MANAGED_LOGIN }),
      }),
      ...(client === null
        ? {}
        : {
            client: new UserPoolClient(stack, 'OwnClient', {
              userPool: pool,
              ...(client ?? SOUND_CLIENT),
            }),
          }),
    },
    ...props,
  })
}

function problems(brought: Brought): string[] {
  try {
    inStack((stack) => bring(stack, brought))
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.issues.map(({ path, message }) => `${path}: ${message}`)
  }
}

describe('a brought user pool', () => {
  it('is used as it is, with a client of its own', () => {
    const topology = loadCloudFormation(inStack((stack) => bring(stack, {})).template)
    expect(ofKind(topology, 'userPool')).toHaveLength(1)
    expect(ofKind(topology, 'userPoolClient')).toHaveLength(1)
    const environment = findResource(topology, 'function', 'oauth')?.environment
    expect(environment?.['POSTERN_IDP_ISSUER']).toMatch(/^\$\{userPool\.\w+\.issuer\}$/)
    expect(environment?.['POSTERN_IDP_DOMAIN']).toMatch(/^\$\{userPoolDomain\.\w+\.url\}$/)
  })

  it('gets a client, its resource server and its branding where none was brought', () => {
    const { template } = inStack((stack) =>
      bring(stack, { client: null, props: { mode: 'relay' } }),
    )
    const topology = loadCloudFormation(template)
    expect(ofKind(topology, 'userPoolClient')).toMatchObject([
      { name: 'client', after: ['resourceServer.mcp'] },
    ])
    expect(ofKind(topology, 'userPoolBranding')).toHaveLength(1)
    expect(findResource(topology, 'function', 'front')?.environment).toMatchObject({
      POSTERN_RESOURCE_PARAMETER: 'forward',
    })
  })

  it('of another stack or account is taken on trust', () => {
    const { template } = inStack((stack) => {
      new PrivateMcpServer(stack, 'Server', {
        mode: 'relay',
        ...COMMON,
        server: { code: Code.fromAsset(serverFolder()) },
        userPool: {
          pool: UserPool.fromUserPoolId(stack, 'Own', 'eu-central-1_Abc123'),
          domain: UserPoolDomain.fromDomainName(stack, 'OwnDomain', 'own'),
          client: UserPoolClient.fromUserPoolClientId(stack, 'OwnClient', 'ownclient'),
        },
      })
    })
    expect(
      findResource(loadCloudFormation(template), 'function', 'front')?.environment,
    ).toMatchObject({
      POSTERN_IDP_ISSUER: 'https://cognito-idp.${region}.${urlSuffix}/eu-central-1_Abc123',
      POSTERN_IDP_DOMAIN: 'https://own.auth.${region}.amazoncognito.com',
      POSTERN_IDP_CLIENT_ID: 'ownclient',
      // Whether the pool knows the resource cannot be seen.
      POSTERN_RESOURCE_PARAMETER: 'strip',
    })
  })

  it.each<[name: string, brought: Brought, expected: RegExp]>([
    [
      'the Lite plan',
      { pool: { ...SOUND_POOL, featurePlan: FeaturePlan.LITE } },
      /^userPool\.pool: has the Lite plan/,
    ],
    [
      'open sign-up while access admits everybody',
      {
        pool: { ...SOUND_POOL, selfSignUpEnabled: true },
        props: { access: 'anyoneTheIdpAdmits' },
      },
      /^userPool\.pool: lets everybody sign up/,
    ],
    ['the classic hosted UI', { domain: {} }, /^userPool\.domain: shows the classic hosted UI/],
    [
      'a client with a secret that nobody would send',
      { client: { ...SOUND_CLIENT, generateSecret: true } },
      /^userPool\.client: has a secret/,
    ],
    [
      'a client that names no provider',
      { client: { ...SOUND_CLIENT, supportedIdentityProviders: [] } },
      /^userPool\.client: names no identity provider/,
    ],
    [
      'a client without the code grant',
      {
        client: {
          ...SOUND_CLIENT,
          oAuth: { ...SOUND_CLIENT.oAuth, flows: { implicitCodeGrant: true } },
        },
      },
      /^userPool\.client: does not allow the authorization code grant/,
    ],
    [
      'a client without the scopes',
      {
        client: { ...SOUND_CLIENT, oAuth: { ...SOUND_CLIENT.oAuth, scopes: [OAuthScope.OPENID] } },
      },
      /^userPool\.client: does not allow the scopes email/,
    ],
    [
      'a client with other callbacks',
      {
        client: {
          ...SOUND_CLIENT,
          oAuth: { ...SOUND_CLIENT.oAuth, callbackUrls: ['https://other.example/'] },
        },
      },
      /^userPool\.client: does not know the callback URLs https:\/\/mcp\.example\.com\/idp\/callback/,
    ],
    [
      'a prefix besides its domain',
      { props: { cognitoDomainPrefix: 'example-mcp' } },
      /^cognitoDomainPrefix: is given for a user pool that has a domain already/,
    ],
  ])('is refused with %s', (_, brought, expected) => {
    expect(problems(brought)).toContainEqual(expect.stringMatching(expected))
  })

  it('is refused with refresh tokens that do not rotate', () => {
    const { refreshTokenRotationGracePeriod: _, ...client } = SOUND_CLIENT
    expect(problems({ client })).toEqual([
      'userPool.client: does not rotate refresh tokens',
      'userPool.client: allows ALLOW_REFRESH_TOKEN_AUTH, which goes around the rotation of refresh tokens',
    ])
  })

  it('is refused in relay when it is to be told a resource that it does not know', () => {
    const client: Brought['client'] = {
      ...SOUND_CLIENT,
      oAuth: {
        ...SOUND_CLIENT.oAuth,
        scopes: [OAuthScope.custom('https://mcp.example.com/mcp/tools')],
        callbackUrls: RELAY_CALLBACKS,
      },
    }
    const props: Brought['props'] = { mode: 'relay', resourceParameter: 'forward' }
    expect(problems({ client, props })).toEqual([
      'userPool.client: is to be told the resource https://mcp.example.com/mcp, of which its pool has no resource server',
    ])
    const before: Brought['before'] = (stack, userPool) => {
      new UserPoolResourceServer(stack, 'OwnServer', {
        userPool,
        identifier: 'https://mcp.example.com/mcp',
        userPoolResourceServerName: 'own',
      })
    }
    expect(problems({ client, props, before })).toEqual([])
    expect(problems({ client, props: { mode: 'relay', resourceParameter: 'strip' } })).toEqual([])
  })

  it('is not looked at while other props are impossible', () => {
    const client = { ...SOUND_CLIENT, generateSecret: true }
    const props = { access: undefined, server: undefined } as unknown as Brought['props'] & object
    expect(problems({ client, props })).toEqual(['access: is missing', 'server: is missing'])
  })

  it('is refused with a custom domain, which would be another CloudFront', () => {
    expect(() =>
      inStack((stack) => {
        new PrivateMcpServer(stack, 'Server', {
          mode: 'broker',
          ...COMMON,
          server: { code: Code.fromAsset(serverFolder()) },
          userPool: {
            pool: UserPool.fromUserPoolId(stack, 'Own', 'eu-central-1_Abc123'),
            domain: UserPoolDomain.fromDomainName(stack, 'OwnDomain', 'login.example.com'),
          },
        })
      }),
    ).toThrow(/userPool\.domain: is a custom domain/)
  })
})
