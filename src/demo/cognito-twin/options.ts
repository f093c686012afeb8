import { createHash } from 'node:crypto'

export interface TwinClientOptions {
  clientId: string
  /** Absent for a public client. */
  clientSecret?: string
  callbackUrls: string[]
  /** Where `/logout` may send people. */
  logoutUrls?: string[]
  scopes: string[]
  /** What this client has otherwise than the pool's `Settings`. */
  settings?: Partial<ClientSettings>
  /** Whether the code grant is among its OAuth flows. Default true. */
  codeGrant?: boolean
  /**
   * What people find at the domain. `no-identity-provider`: SupportedIdentityProviders is empty, so
   * there is nothing to sign in with. `no-branding`: managed login has no style for the client
   * (developer guide, Apply branding to managed login pages). Default `form`.
   */
  loginPage?: 'form' | 'no-identity-provider' | 'no-branding'
  /** API reference, PreventUserExistenceErrors. Default true (`ENABLED`). */
  preventUserExistenceErrors?: boolean
}

export interface TwinUserOptions {
  username: string
  password: string
  email?: string
  emailVerified?: boolean
  groups?: string[]
  /** Default: a UUID derived from the username, so that it survives a restart. */
  sub?: string
}

export interface CognitoTwinOptions {
  /** Where the domain answers. */
  origin: string
  /** Where discovery and keys are; its last segment is the pool id. Default `${origin}/us-east-1_Demo`. */
  issuer?: string
  clients: TwinClientOptions[]
  users: TwinUserOptions[]
  resourceServers?: { identifier: string; scopes: string[] }[]
  /** `email`: the username is a UUID (developer guide, Customizing sign-in attributes). Default `username`. */
  signInWith?: 'username' | 'email'
  /** Whether sign-in offers to create an account: AllowAdminCreateUserOnly is off. Default false. */
  selfSignUp?: boolean
  /** Default false (API reference, RefreshTokenRotationType: disabled unless set). */
  refreshTokenRotation?: boolean
  /** 0 to 60, default 60 (API reference, RefreshTokenRotationType). */
  retryGracePeriodSeconds?: number
  /** Default true, as for new app clients (developer guide, Ending user sessions with token revocation). */
  tokenRevocation?: boolean
  /** Default 3600. */
  accessTokenSeconds?: number
  /** Default 3600. */
  idTokenSeconds?: number
  /** Default 30 days. */
  refreshTokenSeconds?: number
  /**
   * `resource` at the authorize endpoint. `lenient` (documented, default): any URL becomes `aud`.
   * `strict` (reported): the token request fails unless a resource server bears that identifier.
   * `ignored`: pools below the Essentials plan.
   */
  resourceBinding?: 'strict' | 'lenient' | 'ignored'
  /** `resource` at the token endpoint, which its reference does not list. Default `ignored`. */
  resourceAtToken?: 'ignored' | 'invalid-request'
  /** No `scope` at the authorize endpoint. Default `all-scopes` (documented). */
  scopeOmitted?: 'all-scopes' | 'invalid-grant-at-token'
  /**
   * A scope that is unknown or not enabled on the client. The developer guide says both
   * `redirect-invalid-scope` and `ignored`; reports say the other two. Default
   * `redirect-with-description`.
   */
  invalidScope?: 'redirect-with-description' | 'redirect-invalid-scope' | 'error-page' | 'ignored'
  /** Basic and `client_secret` in the body together: undocumented. Default `basic-wins`. */
  basicAndBodySecret?: 'basic-wins' | 'invalid-request'
  /** Failed client authentication also ends the code (reported). Default true. */
  failedAuthenticationBurnsCode?: boolean
  /** `nonce` again in ID tokens from a refresh: undocumented. Default false. */
  nonceOnRefresh?: boolean
  /** Milliseconds since the epoch. */
  now?: () => number
}

type Switch =
  | 'refreshTokenRotation'
  | 'retryGracePeriodSeconds'
  | 'tokenRevocation'
  | 'accessTokenSeconds'
  | 'idTokenSeconds'
  | 'refreshTokenSeconds'
  | 'resourceBinding'
  | 'resourceAtToken'
  | 'scopeOmitted'
  | 'invalidScope'
  | 'basicAndBodySecret'
  | 'failedAuthenticationBurnsCode'
  | 'nonceOnRefresh'

export type Settings = Required<Pick<CognitoTwinOptions, Switch>>

/** What each app client has for itself (API reference, UserPoolClientType). */
export type ClientSettings = Pick<
  Settings,
  | 'refreshTokenRotation'
  | 'retryGracePeriodSeconds'
  | 'tokenRevocation'
  | 'accessTokenSeconds'
  | 'idTokenSeconds'
  | 'refreshTokenSeconds'
>

export interface User {
  username: string
  /** What the person types. */
  signInName: string
  password: string
  sub: string
  email: string | undefined
  emailVerified: boolean
  groups: string[]
  enabled: boolean
}

/** Developer guide, Scopes, M2M, and resource servers: the reserved scopes. */
const RESERVED_SCOPES: readonly string[] = [
  'openid',
  'email',
  'phone',
  'profile',
  'aws.cognito.signin.user.admin',
]

export function resolveSettings(options: Omit<CognitoTwinOptions, 'origin'>): Settings {
  return {
    refreshTokenRotation: options.refreshTokenRotation ?? false,
    retryGracePeriodSeconds: options.retryGracePeriodSeconds ?? 60,
    tokenRevocation: options.tokenRevocation ?? true,
    accessTokenSeconds: options.accessTokenSeconds ?? 3600,
    idTokenSeconds: options.idTokenSeconds ?? 3600,
    refreshTokenSeconds: options.refreshTokenSeconds ?? 30 * 24 * 3600,
    resourceBinding: options.resourceBinding ?? 'lenient',
    resourceAtToken: options.resourceAtToken ?? 'ignored',
    scopeOmitted: options.scopeOmitted ?? 'all-scopes',
    invalidScope: options.invalidScope ?? 'redirect-with-description',
    basicAndBodySecret: options.basicAndBodySecret ?? 'basic-wins',
    failedAuthenticationBurnsCode: options.failedAuthenticationBurnsCode ?? true,
    nonceOnRefresh: options.nonceOnRefresh ?? false,
  }
}

/** What the Cognito API would refuse to create is refused here too, all problems at once. */
export function assertOptions(options: Omit<CognitoTwinOptions, 'origin'>): void {
  const problems: string[] = []
  const custom = (options.resourceServers ?? []).flatMap((server) =>
    server.scopes.map((scope) => `${server.identifier}/${scope}`),
  )
  const known = new Set([...RESERVED_SCOPES, ...custom])
  for (const client of options.clients) {
    const name = `client "${client.clientId}"`
    // API reference, UserPoolClientType: ClientId and ClientSecret are [\w+]+.
    if (!/^[\w+]{1,128}$/.test(client.clientId)) problems.push(`${name}: clientId is not [\\w+]+`)
    if (client.clientSecret !== undefined && !/^[\w+]{1,64}$/.test(client.clientSecret))
      problems.push(`${name}: clientSecret is not [\\w+]+ of at most 64`)
    for (const scope of client.scopes)
      if (!known.has(scope)) problems.push(`${name}: no resource server defines scope "${scope}"`)
    // Developer guide, Quotas: 100 callback URLs, 100 logout URLs, 50 scopes per client.
    if (client.scopes.length > 50) problems.push(`${name}: more than 50 scopes`)
    if (client.callbackUrls.length > 100) problems.push(`${name}: more than 100 callback URLs`)
    if ((client.logoutUrls ?? []).length > 100) problems.push(`${name}: more than 100 logout URLs`)
    for (const url of [...client.callbackUrls, ...(client.logoutUrls ?? [])]) {
      const problem = callbackUrlProblem(url)
      if (problem !== undefined) problems.push(`${name}: ${url} ${problem}`)
    }
  }
  for (const { retryGracePeriodSeconds: grace = 60 } of [
    options,
    ...options.clients.map(({ settings = {} }) => settings),
  ])
    if (!Number.isInteger(grace) || grace < 0 || grace > 60)
      problems.push('retryGracePeriodSeconds is not a whole number from 0 to 60')
  if (options.signInWith === 'email')
    for (const user of options.users)
      if (user.email === undefined)
        problems.push(`user "${user.username}" has no email to sign in with`)
  if (problems.length > 0) throw new TypeError(`Cognito twin: ${problems.join('; ')}`)
}

/**
 * Developer guide, Application-specific settings with app clients: absolute, no fragment, https,
 * except http on loopback and custom schemes.
 */
function callbackUrlProblem(value: string): string | undefined {
  if (!URL.canParse(value)) return 'is not an absolute URL'
  if (value.includes('#')) return 'has a fragment'
  const url = new URL(value)
  if (url.protocol !== 'http:') return undefined
  if (['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)) return undefined
  return 'is http and not loopback'
}

export function toUser(
  options: TwinUserOptions,
  signInWith: CognitoTwinOptions['signInWith'] = 'username',
): User {
  const sub = options.sub ?? uuidFrom(options.username)
  return {
    username: signInWith === 'email' ? sub : options.username,
    signInName: (signInWith === 'email' ? options.email : undefined) ?? options.username,
    password: options.password,
    sub,
    email: options.email,
    emailVerified: options.emailVerified ?? false,
    groups: options.groups ?? [],
    enabled: true,
  }
}

function uuidFrom(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
