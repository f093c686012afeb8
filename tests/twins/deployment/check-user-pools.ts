import {
  findResource,
  ofKind,
  type ResourceServer,
  type Topology,
  type UserPoolClient,
  type UserPoolDomain,
} from '../../../src/aws/topology.ts'

/** Developer guide, Scopes, M2M, and resource servers: scopes that need no resource server. */
const RESERVED_SCOPES = ['openid', 'email', 'phone', 'profile', 'aws.cognito.signin.user.admin']

/** API reference, CreateUserPoolClient, ExplicitAuthFlows: what an empty list means. */
const DEFAULT_AUTH_FLOWS = ['ALLOW_REFRESH_TOKEN_AUTH', 'ALLOW_USER_SRP_AUTH', 'ALLOW_CUSTOM_AUTH']

/** What Amazon Cognito would refuse to create, in its own terms; the twin checks callback URLs. */
export function checkUserPools(topology: Topology): string[] {
  return [
    ...ofKind(topology, 'userPool').flatMap((pool) =>
      pool.mfa === 'ON' ? [`userPool.${pool.name}: the twin has no second factor`] : [],
    ),
    ...ofKind(topology, 'userPoolDomain').flatMap((domain) => checkDomain(domain, topology)),
    ...ofKind(topology, 'resourceServer').flatMap(checkResourceServer),
    ...ofKind(topology, 'userPoolClient').flatMap((client) => checkClient(client, topology)),
  ]
}

/** API reference, CreateUserPoolDomain; developer guide, Configuring a user pool domain. */
function checkDomain(
  { name, domain, managedLoginVersion, userPool }: UserPoolDomain,
  topology: Topology,
): string[] {
  const problems: string[] = []
  const path = `userPoolDomain.${name}`
  if (!domain.includes('.')) {
    if (!/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(domain))
      problems.push(`${path}: "${domain}" is no domain prefix`)
    const reserved = ['aws', 'amazon', 'cognito'].find((word) => domain.includes(word))
    if (reserved !== undefined)
      problems.push(`${path}: Domain cannot contain reserved word: ${reserved}`)
  }
  // Developer guide, User pool feature plans: managed login from Essentials on.
  const isLite = findResource(topology, 'userPool', userPool)?.tier === 'LITE'
  if (managedLoginVersion === 2 && isLite)
    problems.push(`${path}: managed login is unavailable in tier LITE`)
  return problems
}

/** API reference, CreateResourceServer. */
function checkResourceServer({ name, identifier, displayName, scopes }: ResourceServer): string[] {
  const problems: string[] = []
  const path = `resourceServer.${name}`
  if (!/^[\x21\x23-\x5B\x5D-\x7E]{1,256}$/.test(identifier))
    problems.push(`${path}: Identifier has characters that are not allowed`)
  if (!/^[\w\s+=,.@-]{1,256}$/.test(displayName))
    problems.push(`${path}: Name "${displayName}" does not match [\\w\\s+=,.@-]+`)
  for (const scope of scopes)
    if (!/^[\x21\x23-\x2E\x30-\x5B\x5D-\x7E]{1,256}$/.test(scope.name))
      problems.push(`${path}: scope "${scope.name}" has characters that are not allowed`)
  return problems
}

/** API reference, CreateUserPoolClient. */
function checkClient(client: UserPoolClient, topology: Topology): string[] {
  const problems: string[] = []
  const report = (problem: string) => problems.push(`userPoolClient.${client.name}: ${problem}`)

  const flows = client.explicitAuthFlows.length > 0 ? client.explicitAuthFlows : DEFAULT_AUTH_FLOWS
  // Developer guide, Refresh tokens: rotation and that flow exclude each other.
  if (client.refreshTokenRotation?.enabled === true && flows.includes('ALLOW_REFRESH_TOKEN_AUTH'))
    report('refresh token rotation excludes ALLOW_REFRESH_TOKEN_AUTH')
  if (client.oauthEnabled && (client.oauthFlows.length === 0 || client.oauthScopes.length === 0))
    report('AllowedOAuthFlows and AllowedOAuthScopes are required for OAuth')
  if (client.oauthFlows.includes('client_credentials') && client.oauthFlows.length > 1)
    report('client_credentials excludes the other flows')
  if (client.callbackUrls.length > 100) report('more than 100 callback URLs')
  for (const [what, minutes, least, most] of [
    ['access', client.accessTokenMinutes, 5, 24 * 60],
    ['ID', client.idTokenMinutes, 5, 24 * 60],
    ['refresh', client.refreshTokenMinutes, 60, 3650 * 24 * 60],
  ] as const)
    if (minutes !== null && (minutes < least || minutes > most))
      report(`validity of the ${what} token is not between ${least} and ${most} minutes`)

  const servers = ofKind(topology, 'resourceServer').filter(
    ({ userPool }) => userPool === client.userPool,
  )
  for (const scope of client.oauthScopes) {
    if (RESERVED_SCOPES.includes(scope)) continue
    const server = servers.find(({ identifier, scopes }) =>
      scopes.some(({ name }) => `${identifier}/${name}` === scope),
    )
    if (server === undefined) report(`scope ${scope} is of no resource server`)
    // Without an order the client is created first now and then, and refused then.
    else if (!client.after.includes(`resourceServer.${server.name}`))
      report(`scope ${scope}: nothing makes the client wait for its resource server`)
  }
  return problems
}
