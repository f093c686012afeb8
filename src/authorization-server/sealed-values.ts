import * as v from 'valibot'

/** The authorization request between page and form: sealed, so that nobody can alter it. */
export interface ConsentRequest {
  client: string
  redirectUri: string
  state?: string | undefined
  codeChallenge: string
  resource: string
  scope: string
  /** Seconds since the epoch. */
  issuedAt: number
  /** SHA-256 of the browser cookie that the page was shown with. */
  browser: string
  /** Absent from what was sealed before there were flow ids. */
  flow?: string | undefined
}

/** A sign-in under way at the identity provider; lives in a cookie of the browser. */
export interface Transaction extends Omit<ConsentRequest, 'browser'> {
  /** The `state` sent to the identity provider, and part of the cookie's name. */
  id: string
  codeVerifier: string
  nonce: string
}

/** An authorization code: the identity provider's own, and all that `/token` must check. */
export interface AuthorizationCode {
  idpCode: string
  idpCallbackIss?: string | undefined
  idpIssuer: string
  idpClientId: string
  codeVerifier: string
  nonce: string
  client: string
  redirectUri: string
  codeChallenge: string
  resource: string
  scope: string
  issuedAt: number
  flow?: string | undefined
}

export interface RefreshToken {
  idpRefreshToken: string
  idpIssuer: string
  idpClientId: string
  subject: string
  client: string
  resource: string
  scope: string
  issuedAt: number
  /** Seconds since the epoch; refreshing does not move it. */
  absoluteExpiresAt: number
  flow?: string | undefined
}

const flow = v.optional(v.string())
const request = {
  client: v.string(),
  redirectUri: v.string(),
  state: v.optional(v.string()),
  codeChallenge: v.string(),
  resource: v.string(),
  scope: v.string(),
  issuedAt: v.number(),
  flow,
}

export const ConsentRequestSchema: v.GenericSchema<unknown, ConsentRequest> = v.strictObject({
  ...request,
  browser: v.string(),
})

export const TransactionSchema: v.GenericSchema<unknown, Transaction> = v.strictObject({
  ...request,
  id: v.string(),
  codeVerifier: v.string(),
  nonce: v.string(),
})

export const AuthorizationCodeSchema: v.GenericSchema<unknown, AuthorizationCode> = v.strictObject({
  idpCode: v.string(),
  idpCallbackIss: v.optional(v.string()),
  idpIssuer: v.string(),
  idpClientId: v.string(),
  codeVerifier: v.string(),
  nonce: v.string(),
  client: v.string(),
  redirectUri: v.string(),
  codeChallenge: v.string(),
  resource: v.string(),
  scope: v.string(),
  issuedAt: v.number(),
  flow,
})

export const RefreshTokenSchema: v.GenericSchema<unknown, RefreshToken> = v.strictObject({
  idpRefreshToken: v.string(),
  idpIssuer: v.string(),
  idpClientId: v.string(),
  subject: v.string(),
  client: v.string(),
  resource: v.string(),
  scope: v.string(),
  issuedAt: v.number(),
  absoluteExpiresAt: v.number(),
  flow,
})
