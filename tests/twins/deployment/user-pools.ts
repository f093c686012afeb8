import {
  ofKind,
  type Topology,
  type UserPool,
  type UserPoolClient,
} from '../../../src/aws/topology.ts'
import type { TwinClientOptions, TwinUserOptions } from '../../../src/demo/cognito-twin/options.ts'
import { createCognitoTwin, type CognitoTwin } from '../../../src/demo/cognito-twin/twin.ts'
import type { DeployedClient, DeployedUserPool } from '../aws-apis/user-pools-api.ts'
import type { Switches } from '../switches.ts'
import { letters } from './identifiers.ts'

export interface RunningUserPool extends DeployedUserPool {
  twin: CognitoTwin
  issuer: string
  /** Undefined without a domain: then there are no pages and no token endpoint. */
  domainHost: string | undefined
}

export interface UserPoolOptions {
  users: readonly TwinUserOptions[]
  switches: Switches
  now: () => number
  /** Value of a placeholder, as `userPool.pool.id`. */
  valueOf: (placeholder: string) => string
}

/** A pool of the template with everything in it; what `checkUserPools` has let through. */
export async function createUserPool(
  pool: UserPool,
  topology: Topology,
  { users, switches, now, valueOf }: UserPoolOptions,
): Promise<RunningUserPool> {
  const inPool = <R extends { userPool: string }>(resources: R[]): R[] =>
    resources.filter(({ userPool }) => userPool === pool.name)
  const id = valueOf(`userPool.${pool.name}.id`)
  const issuer = valueOf(`userPool.${pool.name}.issuer`)
  const [domain] = inPool(ofKind(topology, 'userPoolDomain'))
  const domainHost = domain && valueOf(`userPoolDomain.${domain.name}.host`)
  const isManagedLogin = domain?.managedLoginVersion === 2
  const branded = inPool(ofKind(topology, 'userPoolBranding')).map(({ client }) => client)
  const clients = inPool(ofKind(topology, 'userPoolClient')).map((client): DeployedClient => {
    const secret = letters(`secret of ${client.name} in ${id}`, 51, SECRET_LETTERS)
    return {
      client,
      clientId: valueOf(`userPoolClient.${client.name}.id`),
      clientSecret: client.generateSecret ? secret : undefined,
    }
  })
  const twin = await createCognitoTwin({
    origin: `https://${domainHost ?? 'no-domain.invalid'}`,
    issuer,
    clients: clients.map((each) =>
      toTwinClient(each, !isManagedLogin || branded.includes(each.client.name)),
    ),
    users: [...users],
    resourceServers: inPool(ofKind(topology, 'resourceServer')).map((server) => ({
      identifier: server.identifier,
      scopes: server.scopes.map(({ name }) => name),
    })),
    signInWith: pool.usernameAttributes.includes('email') ? 'email' : 'username',
    selfSignUp: !pool.adminCreateUserOnly,
    now,
    resourceAtToken: switches.resourceAtToken,
    // Developer guide, Resource binding: Essentials or Plus, and managed login.
    resourceBinding: isManagedLogin && pool.tier !== 'LITE' ? switches.resourceBinding : 'ignored',
    scopeOmitted: switches.scopeOmitted,
    invalidScope: switches.invalidScope,
    basicAndBodySecret: switches.basicAndBodySecret,
  })
  return { id, arn: valueOf(`userPool.${pool.name}.arn`), issuer, domainHost, clients, twin }
}

const SECRET_LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789'

function toTwinClient(
  { client, clientId, clientSecret }: DeployedClient,
  hasStyle: boolean,
): TwinClientOptions {
  return {
    clientId,
    ...(clientSecret === undefined ? {} : { clientSecret }),
    callbackUrls: [...client.callbackUrls],
    logoutUrls: [...client.logoutUrls],
    scopes: [...client.oauthScopes],
    codeGrant: client.oauthEnabled && client.oauthFlows.includes('code'),
    loginPage: hasStyle
      ? client.identityProviders.includes('COGNITO')
        ? 'form'
        : 'no-identity-provider'
      : 'no-branding',
    preventUserExistenceErrors: client.preventUserExistenceErrors,
    settings: {
      refreshTokenRotation: client.refreshTokenRotation?.enabled ?? false,
      retryGracePeriodSeconds: client.refreshTokenRotation?.graceSeconds ?? 60,
      tokenRevocation: client.tokenRevocation,
      ...lifetimes(client),
    },
  }
}

/** API reference, CreateUserPoolClient: what an absent validity means. */
function lifetimes(client: UserPoolClient): {
  accessTokenSeconds: number
  idTokenSeconds: number
  refreshTokenSeconds: number
} {
  return {
    accessTokenSeconds: (client.accessTokenMinutes ?? 60) * 60,
    idTokenSeconds: (client.idTokenMinutes ?? 60) * 60,
    refreshTokenSeconds: (client.refreshTokenMinutes ?? 30 * 24 * 60) * 60,
  }
}
