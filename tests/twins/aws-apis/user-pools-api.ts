import * as v from 'valibot'
import type { UserPoolClient } from '../../../src/aws/topology.ts'
import type { Host } from '../http.ts'
import { createJsonApi, type Action, type JsonApiOptions } from './json-api.ts'
import { ServiceError } from './service-error.ts'

/** An app client as deployed, with what only the service knows. */
export interface DeployedClient {
  client: UserPoolClient
  clientId: string
  clientSecret: string | undefined
}

export interface DeployedUserPool {
  id: string
  arn: string
  clients: readonly DeployedClient[]
}

const Describe = v.object({ UserPoolId: v.string(), ClientId: v.string() })

/** The part of the Amazon Cognito user pools API that deployments call. */
export function createUserPoolsApi(
  options: Omit<JsonApiOptions, 'service' | 'target' | 'actions'>,
  pools: () => readonly DeployedUserPool[],
): Host {
  /** API reference, DescribeUserPoolClient. */
  const describe: Action = (input, may) => {
    const parsed = v.safeParse(Describe, input)
    if (!parsed.success)
      throw new ServiceError(
        400,
        'InvalidParameterException',
        'UserPoolId and ClientId are required.',
      )
    const { UserPoolId, ClientId } = parsed.output
    const pool = pools().find(({ id }) => id === UserPoolId)
    if (pool === undefined)
      throw new ServiceError(
        400,
        'ResourceNotFoundException',
        `User pool ${UserPoolId} does not exist.`,
      )
    may(pool.arn)
    const found = pool.clients.find(({ clientId }) => clientId === ClientId)
    if (found === undefined)
      throw new ServiceError(
        400,
        'ResourceNotFoundException',
        `User pool client ${ClientId} does not exist.`,
      )
    return { UserPoolClient: toDescription(pool, found) }
  }
  return createJsonApi({
    ...options,
    service: 'cognito-idp',
    target: 'AWSCognitoIdentityProviderService',
    actions: { DescribeUserPoolClient: describe },
  })
}

/** API reference, UserPoolClientType. */
function toDescription(
  pool: DeployedUserPool,
  { client, clientId, clientSecret }: DeployedClient,
): object {
  const { refreshTokenRotation: rotation } = client
  return {
    UserPoolId: pool.id,
    ClientId: clientId,
    ClientName: client.name,
    ...(clientSecret === undefined ? {} : { ClientSecret: clientSecret }),
    CallbackURLs: client.callbackUrls,
    LogoutURLs: client.logoutUrls,
    AllowedOAuthFlows: client.oauthFlows,
    AllowedOAuthFlowsUserPoolClient: client.oauthEnabled,
    AllowedOAuthScopes: client.oauthScopes,
    SupportedIdentityProviders: client.identityProviders,
    ExplicitAuthFlows: client.explicitAuthFlows,
    PreventUserExistenceErrors: client.preventUserExistenceErrors ? 'ENABLED' : 'LEGACY',
    EnableTokenRevocation: client.tokenRevocation,
    ...(rotation === null
      ? {}
      : {
          RefreshTokenRotation: {
            Feature: rotation.enabled ? 'ENABLED' : 'DISABLED',
            RetryGracePeriodSeconds: rotation.graceSeconds,
          },
        }),
  }
}
