/** What is known about an identity provider beyond its discovery document. Data, not code. */
export interface IdentityProviderPreset {
  /** Whether an issuer is of this kind. */
  issuer: RegExp
  /** Asked for besides `openid`. */
  scopes: readonly string[]
  groupsClaim: string
  refreshTokens: 'rotating' | 'unrotated' | 'unknown'
  /** Its access tokens say `token_use: access`. */
  tokenUse: boolean
  /** Its access tokens can name an e-mail address. */
  emailInAccessToken: boolean
  /** It takes any `state`; otherwise none that is a JSON object. */
  jsonState: boolean
}

export const IDP_PRESETS: Readonly<Record<'cognito' | 'generic', IdentityProviderPreset>> = {
  // Rotation is a setting of the app client, off by default (RefreshTokenRotation). Only `openid`
  // is enabled on every client: a scope that is not enabled makes Cognito refuse the request.
  cognito: {
    issuer: /^https:\/\/(?:cognito-idp|issuer-cognito-idp)\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?\//,
    scopes: ['email'],
    groupsClaim: 'cognito:groups',
    refreshTokens: 'unrotated',
    tokenUse: true,
    emailInAccessToken: false,
    // Developer guide, Authorize endpoint: state cannot be a URL-encoded JSON string.
    jsonState: false,
  },
  // Most providers give a refresh token for `offline_access` only (OpenID Connect Core §11).
  generic: {
    issuer: /./,
    scopes: ['email', 'offline_access'],
    groupsClaim: 'groups',
    refreshTokens: 'unknown',
    tokenUse: false,
    emailInAccessToken: true,
    jsonState: true,
  },
}

export function presetOf(identityProvider: {
  issuer: string
  preset?: 'cognito' | 'generic'
}): IdentityProviderPreset {
  const isCognito = IDP_PRESETS.cognito.issuer.test(identityProvider.issuer)
  return IDP_PRESETS[identityProvider.preset ?? (isCognito ? 'cognito' : 'generic')]
}
