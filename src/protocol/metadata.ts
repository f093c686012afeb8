/** Paths of the authorization server, all on the issuer's origin. */
export const PATHS = {
  authorize: '/authorize',
  consent: '/consent',
  callback: '/idp/callback',
  token: '/token',
  register: '/register',
  revoke: '/revoke',
  jwks: '/.well-known/jwks.json',
  identityJwks: '/.well-known/postern-identity-jwks.json',
  authorizationServerMetadata: '/.well-known/oauth-authorization-server',
  openidConfiguration: '/.well-known/openid-configuration',
  protectedResourceMetadata: '/.well-known/oauth-protected-resource',
  liveness: '/healthz',
  readiness: '/readyz',
} as const

interface CommonMetadata {
  issuer: string
  scopes: readonly string[]
  /** How clients may authenticate. */
  authMethods: readonly string[]
}

const SECRET_METHODS = ['client_secret_basic', 'client_secret_post']

/** RFC 8414 §2, with RFC 9207 §3. */
export function buildAuthorizationServerMetadata(input: {
  issuer: string
  scopes: readonly string[]
  confidentialClients: boolean
  /** Of client assertions; undefined where Client ID Metadata Documents are not supported. */
  assertionAlgorithms?: readonly string[]
}): Record<string, unknown> {
  const { assertionAlgorithms } = input
  const authMethods = [
    'none',
    ...(input.confidentialClients ? SECRET_METHODS : []),
    ...(assertionAlgorithms === undefined ? [] : ['private_key_jwt']),
  ]
  const common = { ...input, authMethods }
  return {
    ...commonMetadata(common),
    ...revocationMetadata(common),
    ...(assertionAlgorithms === undefined
      ? {}
      : {
          // draft-ietf-oauth-client-id-metadata-document-02 §6
          client_id_metadata_document_supported: true,
          token_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
          revocation_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
        }),
    jwks_uri: input.issuer + PATHS.jwks,
    authorization_response_iss_parameter_supported: true,
  }
}

/**
 * RFC 8414 §2 for relay mode. The tokens are the identity provider's, so there are no keys of ours;
 * and it is the one that answers the client, without `iss`. Its one client is public, or everybody
 * has the secret and must send it.
 */
export function buildRelayMetadata(input: {
  issuer: string
  scopes: readonly string[]
  sharesClientSecret: boolean
  revocation: boolean
}): Record<string, unknown> {
  const common = { ...input, authMethods: input.sharesClientSecret ? SECRET_METHODS : ['none'] }
  return { ...commonMetadata(common), ...(input.revocation ? revocationMetadata(common) : {}) }
}

/** `offline_access` is never offered: it would force a prompt. */
function commonMetadata({ issuer, scopes, authMethods }: CommonMetadata): Record<string, unknown> {
  return {
    issuer,
    authorization_endpoint: issuer + PATHS.authorize,
    token_endpoint: issuer + PATHS.token,
    registration_endpoint: issuer + PATHS.register,
    scopes_supported: scopes,
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_methods_supported: authMethods,
    code_challenge_methods_supported: ['S256'],
  }
}

function revocationMetadata({ issuer, authMethods }: CommonMetadata): Record<string, unknown> {
  return {
    revocation_endpoint: issuer + PATHS.revoke,
    revocation_endpoint_auth_methods_supported: authMethods,
  }
}

/** RFC 9728 §2. `resource` is the URL that people paste, byte for byte. */
export function buildProtectedResourceMetadata(input: {
  issuer: string
  resource: string
  name: string
  scopes: readonly string[]
}): Record<string, unknown> {
  return {
    resource: input.resource,
    authorization_servers: [input.issuer],
    scopes_supported: input.scopes,
    bearer_methods_supported: ['header'],
    resource_name: input.name,
  }
}

/**
 * Where the metadata of a resource is looked for: behind the well-known string (RFC 8414 §3.1,
 * RFC 9728 §3.1), with and without a trailing slash. A document at the root would be wrong for all
 * but the only resource.
 */
export function metadataPaths(
  resource: string,
  isOnly: boolean,
): { protectedResource: string[]; authorizationServer: string[] } {
  const { pathname } = new URL(resource)
  const suffixes = pathname === '/' ? [] : [pathname, `${pathname}/`]
  const { protectedResourceMetadata, authorizationServerMetadata } = PATHS
  return {
    protectedResource: [
      ...(isOnly ? [protectedResourceMetadata] : []),
      ...suffixes.map((suffix) => protectedResourceMetadata + suffix),
    ],
    authorizationServer: ['', ...suffixes].map((suffix) => authorizationServerMetadata + suffix),
  }
}

/** Both spellings of a resource's path: a redirect would lose `Authorization` in clients. */
export function resourcePaths(resource: string): string[] {
  const { pathname } = new URL(resource)
  return pathname === '/' ? ['/'] : [pathname, `${pathname}/`]
}

/** RFC 9728 §3.1: the well-known string goes between host and path. */
export function protectedResourceMetadataUrl(resource: string): string {
  const { origin, pathname } = new URL(resource)
  return origin + PATHS.protectedResourceMetadata + (pathname === '/' ? '' : pathname)
}
