import { json, type Handler } from './http.ts'

/**
 * Developer guide, Identity provider and relying party endpoints: exactly these members. In
 * particular no `code_challenge_methods_supported`, `grant_types_supported` or
 * `registration_endpoint`; `scopes_supported` is a constant of the pool, not what clients may ask.
 */
export const handleDiscovery: Handler = (pool) =>
  json({
    authorization_endpoint: `${pool.origin}/oauth2/authorize`,
    end_session_endpoint: `${pool.origin}/logout`,
    id_token_signing_alg_values_supported: ['RS256'],
    issuer: pool.issuer,
    jwks_uri: `${pool.issuer}/.well-known/jwks.json`,
    response_types_supported: ['code', 'token'],
    revocation_endpoint: `${pool.origin}/oauth2/revoke`,
    scopes_supported: ['openid', 'email', 'phone', 'profile'],
    subject_types_supported: ['public'],
    token_endpoint: `${pool.origin}/oauth2/token`,
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    userinfo_endpoint: `${pool.origin}/oauth2/userInfo`,
  })

export const handleJwks: Handler = (pool) => json(pool.keys.jwks)
