/** One rule of who may sign in. Every condition that is present must hold. */
export interface AccessRule {
  /** `sub` values at the identity provider. */
  subjects?: string[]
  /** Any one of these groups, read from the identity provider's `groupsClaim`. */
  groups?: string[]
  /** Domain of `email`, compared without case. Holds only with `email_verified` true. */
  emailDomains?: string[]
  /** Any other verified claim (`hd`, `tid` …): one of the listed values. */
  claims?: Record<string, string[]>
  /** Scopes this rule gives. Default: all scopes of the resource. */
  scopes?: string[]
}

/** Who may sign in. There is no default: letting in everybody must be written down. */
export type Access = 'anyoneTheIdpAdmits' | AccessRule[]

/** Serves an admitted request in this process instead of forwarding it. */
export type InProcessServer = (
  request: Request,
  context: { authInfo: AuthInfo },
) => Response | Promise<Response>

/** The shape the official MCP SDK hands to tools (`AuthInfo`). */
export interface AuthInfo {
  token: string
  clientId: string
  scopes: string[]
  /** Seconds since the epoch. */
  expiresAt: number
  resource: URL
  extra: { subject: string; issuer: string; email?: string; groups?: string[] }
}

export interface ResourceOptions {
  /** The MCP URL exactly as people paste it (RFC 9728 `resource`). No trailing slash, no query. */
  url: string
  /** Where admitted requests go: the MCP server's own URL, or a handler in this process. */
  upstream: string | InProcessServer
  /** Shown on the consent page and as `resource_name`. Default: the host of `url`. */
  name?: string
  /** Scopes a client may hold here. Default `['mcp']`. */
  scopes?: string[]
  /** Scopes without which the gate answers 403 `insufficient_scope`. Default none. */
  requiredScopes?: string[]
}

export interface IdentityProviderOptions {
  /** OpenID issuer, as in its discovery document. */
  issuer: string
  clientId: string
  /** Absent for a public client. */
  clientSecret?: string
  /** Default: `cognito` for a Cognito issuer, else `generic`. */
  preset?: 'cognito' | 'generic'
  /** How the secret is sent. Default `client_secret_basic`. */
  tokenEndpointAuthMethod?: 'client_secret_basic' | 'client_secret_post'
  /** Asked of the identity provider; `openid` is always added. Default: the preset's. */
  scopes?: string[]
  /**
   * Sent to the authorization endpoint besides our own, for providers that want more before they
   * give a refresh token: `{ access_type: 'offline' }`, `{ prompt: 'consent' }`, `{ audience: … }`.
   */
  authorizationParameters?: Record<string, string>
  /** Claim that lists groups. Default: the preset's. */
  groupsClaim?: string
  /** Whether a refresh yields a new refresh token and ends the old one. Default: the preset's. */
  refreshTokens?: 'rotating' | 'unrotated' | 'unknown'
  /** Whole seconds before a call counts as an outage. Default 8. */
  timeoutSeconds?: number
  /** Token bucket for calls to the identity provider: sustained calls per second. Default 100. */
  requestsPerSecond?: number
}

/** A client known in advance. Without `secret` it is a public client. */
export interface StaticClientOptions {
  clientId: string
  secret?: string
  name?: string
  redirectUris: string[]
}

export interface MetadataDocumentsOptions {
  /**
   * Hosts whose clients may come in: `app.example.com`, `*.example.com`, `app.example.com:8443`. A
   * client of a listed host may also use redirect URIs of its own origin. Default: every host.
   */
  allowedDomains?: string[]
}

/** Seconds since the epoch; whatever was issued earlier is refused. */
export interface RevokeBefore {
  all?: number
  /** By subject (`sub` at the identity provider). */
  subjects?: Record<string, number>
  /** By client, named as in events and in the token's `client_id`. */
  clients?: Record<string, number>
}

/** How consent page, error pages and the page at the MCP URL look. */
export interface BrandingOptions {
  /** Stands above every page. Default: the host. */
  name?: string
  /** A base64 `data:` URL of an image, at most 32 KB. */
  logo?: string
  /** `#rrggbb`. Made darker or lighter where text in it could not be read. */
  colour?: string
}

export interface PosternOptions {
  resources: ResourceOptions[]
  identityProvider: IdentityProviderOptions
  access: Access
  /** 32-byte secrets, base64url. The first seals and signs; all open and verify. */
  secrets: string[]
  /** Former secrets that only open client ids. */
  retiredSecrets?: string[]
  /** Private JWKs (RSA ≥ 2048, EC P-256 or Ed25519) instead of the derived Ed25519 keys. The first signs. */
  signingKeys?: JsonWebKey[]
  clients?: {
    /** Redirect URIs allowed besides loopback and the known clients' own; compared exactly. */
    redirectUris?: string[]
    static?: StaticClientOptions[]
    /** Clients that publish what they are at the URL of their `client_id`. `false`: none. */
    metadataDocuments?: false | MetadataDocumentsOptions
  }
  lifetimes?: {
    /** Default 900. At least 300: mcp-remote refreshes before every request below a minute. */
    accessTokenSeconds?: number
    /** Default 7 days. */
    refreshTokenIdleSeconds?: number
    /** Default 30 days. */
    refreshTokenAbsoluteSeconds?: number
    /** Access token lifetime when the identity provider gave no refresh token. Default 3600. */
    sessionSecondsWithoutRefresh?: number
  }
  revokeBefore?: RevokeBefore
  /** Groups that may reach the MCP server in `X-Forwarded-Groups` and the token. Default none. */
  forwardGroups?: string[]
  /** Browser origins besides our own that may call the MCP endpoint. */
  allowedOrigins?: string[]
  /** Host header values accepted besides the public one. */
  allowedHosts?: string[]
  /** Largest request body in bytes. Default 16 MiB. */
  maxBodyBytes?: number
  branding?: BrandingOptions
  /** `development` permits what production refuses. Default `production`. */
  environment?: 'production' | 'development'
  /**
   * Accept an identity provider that never rotates refresh tokens: a stolen refresh token then
   * works until it expires or is revoked.
   */
  dangerouslyAllowUnrotatedRefreshTokens?: boolean
}

/** What a configuration file exports by default: the options; the secrets may stay outside. */
export type PosternConfigFile = Omit<PosternOptions, 'secrets'> & Partial<PosternOptions>

/** The identity provider in relay mode: all that is needed is written down, nothing is discovered. */
export interface RelayIdentityProviderOptions {
  /** `iss` of its access tokens. */
  issuer: string
  /** The one client that is registered there, handed to every MCP client. */
  clientId: string
  /** Only for the token endpoint in a function, or with `dangerouslyShareClientSecret`. */
  clientSecret?: string
  /** Default: `cognito` for a Cognito issuer, else `generic`. */
  preset?: 'cognito' | 'generic'
  authorizationEndpoint: string
  /** Where a token endpoint in a function sends requests on. */
  tokenEndpoint?: string
  /** Where there is one, `/revoke` is offered. */
  revocationEndpoint?: string
  /** Its public keys, pinned: the gate never asks for them. */
  jwks: { keys: JsonWebKey[] }
  /** Whether it sends `iss` with its authorization responses (RFC 9207): relay then cannot work. */
  advertisesIss?: boolean
  /** Claim that lists groups. Default: the preset's. */
  groupsClaim?: string
  /** Whole seconds before a call counts as an outage. Default 8. */
  timeoutSeconds?: number
}

/** Relay mode: clients end up with the identity provider's own tokens. */
export interface RelayOptions {
  /** The MCP URL exactly as people paste it (RFC 9728 `resource`). No trailing slash, no query. */
  url: string
  /** Absent: OAuth endpoints only, and the MCP server is guarded elsewhere. */
  upstream?: string | InProcessServer
  /** Shown on the consent page and as `resource_name`. Default: the host of `url`. */
  name?: string
  /** Scopes a client may hold here, as the identity provider knows them. */
  scopes: string[]
  /** Scopes without which the gate answers 403 `insufficient_scope`. Default: any one of `scopes`. */
  requiredScopes?: string[]
  identityProvider: RelayIdentityProviderOptions
  access: Access
  /** Every redirect URI that the identity provider knows; compared exactly, port included. */
  redirectUris: string[]
  /** Whether the identity provider knows this resource (RFC 8707). Default `strip`. */
  resourceParameter?: 'forward' | 'strip'
  /** Who answers `/token` and `/revoke`: the edge, or a function of their own. Default `edge`. */
  tokenPath?: 'edge' | 'function'
  /** 32-byte secrets, base64url, for a gate that forwards; see `PosternOptions`. */
  secrets?: string[]
  revokeBefore?: RevokeBefore
  /** Groups that may reach the MCP server in `X-Forwarded-Groups`. Default none. */
  forwardGroups?: string[]
  /** Browser origins besides our own that may call the MCP endpoint. */
  allowedOrigins?: string[]
  /** Host header values accepted besides the public one. */
  allowedHosts?: string[]
  /** Largest request body in bytes. Default 16 MiB. */
  maxBodyBytes?: number
  branding?: BrandingOptions
  /** Hand the identity provider's client secret to whoever registers: it is then no secret. */
  dangerouslyShareClientSecret?: boolean
}

/** What the token endpoint of relay mode needs; the options of the relay will do. */
export interface RelayTokenOptions extends Pick<
  RelayOptions,
  'url' | 'resourceParameter' | 'allowedHosts' | 'dangerouslyShareClientSecret'
> {
  identityProvider: Pick<
    RelayIdentityProviderOptions,
    'clientId' | 'clientSecret' | 'tokenEndpoint' | 'revocationEndpoint' | 'timeoutSeconds'
  >
}

/** The gate of broker mode alone, from Postern's public keys. */
export interface ResourceServerOptions extends Omit<ResourceOptions, 'upstream'> {
  /** Absent: only `admit` is used, and the MCP server is reached in another way. */
  upstream?: InProcessServer
  /** Postern's own JWKS, pinned. */
  jwks: { keys: JsonWebKey[] }
  revokeBefore?: RevokeBefore
  allowedOrigins?: string[]
  allowedHosts?: string[]
  maxBodyBytes?: number
  branding?: BrandingOptions
}
