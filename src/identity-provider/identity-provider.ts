import * as oauth from 'oauth4webapi'
import type { Config } from '../config/resolve.ts'
import type { Claims } from '../protocol/access.ts'
import type { CallbackFailure, IdentityProviderFailure } from '../protocol/failure.ts'
import { fail, ok, type Result } from '../protocol/result.ts'
import type { Runtime } from '../runtime.ts'
import { createDiscovery, insecureWhere } from './discovery.ts'
import { toIdentityProviderFailure } from './errors.ts'
import { createSpender } from './spend.ts'
import { createTransport } from './transport.ts'

/** What the identity provider said about the person, after every check. */
export interface Identity {
  claims: Claims & { sub: string }
  /** Absent where it gave none. */
  refreshToken?: string
}

/** What a refresh at the identity provider gave. */
export interface Refreshed {
  accessToken: string
  /** From a new id_token. */
  claims?: Claims
  /** Absent where it does not rotate. */
  refreshToken?: string
}

/** The identity provider's answer at the callback, kept until the code is redeemed. */
export interface CallbackAnswer {
  code: string
  /** RFC 9207 `iss`, where the identity provider sends it. */
  iss?: string
}

/** The upstream leg: Postern as an OpenID client. */
export interface IdentityProvider {
  isReady: () => Promise<boolean>
  authorizationUrl: (request: {
    state: string
    nonce: string
    codeVerifier: string
  }) => Promise<Result<string, IdentityProviderFailure>>
  /** Checks `state`, `iss` and error (RFC 6749 §4.1.2, RFC 9207 §2.4). Redeems nothing. */
  validateCallback: (
    parameters: URLSearchParams,
    state: string,
  ) => Promise<Result<CallbackAnswer, CallbackFailure | IdentityProviderFailure>>
  /** Redeems the code; the id_token is required and its signature, claims and nonce checked. */
  redeem: (
    answer: CallbackAnswer,
    secrets: { codeVerifier: string; nonce: string },
  ) => Promise<Result<Identity, IdentityProviderFailure>>
  /** A new id_token, where one comes, is checked like the first; its `sub` must stay the same. */
  refresh: (
    refreshToken: string,
    subject: string,
  ) => Promise<Result<Refreshed, IdentityProviderFailure>>
  /** Claims about the same subject (OpenID Connect §5.3); undefined where it does not tell. */
  userInfo: (
    accessToken: string,
    subject: string,
  ) => Promise<Result<Claims | undefined, IdentityProviderFailure>>
  /** Revokes a refresh token (RFC 7009). False: the identity provider offers no revocation. */
  revoke: (refreshToken: string) => Promise<Result<boolean, IdentityProviderFailure>>
}

export function createIdentityProvider(
  config: Config['identityProvider'],
  redirectUri: string,
  runtime: Runtime,
): IdentityProvider {
  const transport = createTransport(runtime, config)
  const discovery = createDiscovery(config.issuer, transport, runtime)
  const options = { [oauth.customFetch]: transport, ...insecureWhere(config.issuer) }
  const authentication = clientAuthentication(config)
  const spend = createSpender(options, runtime.now)

  function client(metadata: oauth.AuthorizationServer): oauth.Client {
    const algorithms = metadata.id_token_signing_alg_values_supported
    return {
      client_id: config.clientId,
      // The library reads Date.now(); the skew carries the injected clock into it.
      [oauth.clockSkew]: Math.round((runtime.now() - Date.now()) / 1000),
      [oauth.clockTolerance]: 10,
      ...(algorithms === undefined || algorithms.includes('RS256')
        ? {}
        : { id_token_signed_response_alg: algorithms[0] ?? 'RS256' }),
    }
  }

  async function attempt<T>(
    step: string,
    grant: 'code' | 'refresh',
    run: (metadata: oauth.AuthorizationServer) => Promise<T>,
  ): Promise<Result<T, IdentityProviderFailure>> {
    try {
      return ok(await run(await discovery.metadata()))
    } catch (error) {
      const failure = toIdentityProviderFailure(error, grant)
      if (failure.reason === 'idp_unavailable')
        runtime.emit({
          type: 'identity-provider.unavailable',
          step,
          reason: failure.detail,
          ...(failure.status === undefined ? {} : { status: failure.status }),
        })
      return fail(failure)
    }
  }

  return {
    isReady: async () => {
      if (discovery.isReady()) return true
      return (await attempt('discovery', 'code', () => Promise.resolve(true))).ok
    },

    authorizationUrl: ({ state, nonce, codeVerifier }) =>
      attempt('discovery', 'code', async (metadata) => {
        const url = new URL(metadata.authorization_endpoint ?? '')
        const parameters = {
          ...config.authorizationParameters,
          response_type: 'code',
          response_mode: 'query',
          client_id: config.clientId,
          redirect_uri: redirectUri,
          scope: config.scopes.join(' '),
          state,
          nonce,
          code_challenge: await oauth.calculatePKCECodeChallenge(codeVerifier),
          code_challenge_method: 'S256',
        }
        for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
        return url.href
      }),

    validateCallback: async (parameters, state) => {
      const metadata = await attempt('discovery', 'code', (known) => Promise.resolve(known))
      if (!metadata.ok) return metadata
      try {
        const expected = client(metadata.value)
        const valid = oauth.validateAuthResponse(metadata.value, expected, parameters, state)
        const code = valid.get('code')
        const iss = valid.get('iss')
        if (code === null) return fail({ reason: 'idp_callback_invalid' })
        return ok({ code, ...(iss === null ? {} : { iss }) })
      } catch (error) {
        if (error instanceof oauth.AuthorizationResponseError)
          return fail({ reason: 'idp_error', error: error.error })
        return fail({ reason: 'idp_callback_invalid' })
      }
    },

    redeem: (answer, secrets) =>
      attempt('token', 'code', async (metadata) => {
        // State was compared at the callback; iss is compared here once more, with today's metadata.
        const parameters = oauth.validateAuthResponse(
          metadata,
          client(metadata),
          new URLSearchParams({ ...answer }),
          oauth.expectNoState,
        )
        // The secrets are part of it: with others the provider would not have taken this code.
        const grant = JSON.stringify([answer.code, secrets.codeVerifier, secrets.nonce])
        const { tokens, idToken } = await spend(grant, metadata, async () => {
          const response = await oauth.authorizationCodeGrantRequest(
            metadata,
            client(metadata),
            authentication,
            parameters,
            redirectUri,
            secrets.codeVerifier,
            options,
          )
          const checks = { expectedNonce: secrets.nonce, requireIdToken: true }
          return {
            response,
            tokens: await oauth.processAuthorizationCodeResponse(
              metadata,
              client(metadata),
              response,
              checks,
            ),
          }
        })
        if (idToken === undefined) throw new TypeError('requireIdToken was not honoured')
        return withRefreshToken({ claims: idToken }, tokens)
      }),

    refresh: (refreshToken, subject) =>
      attempt('refresh', 'refresh', async (metadata) => {
        const { tokens, idToken } = await spend(refreshToken, metadata, async () => {
          const response = await oauth.refreshTokenGrantRequest(
            metadata,
            client(metadata),
            authentication,
            refreshToken,
            options,
          )
          return {
            response,
            tokens: await oauth.processRefreshTokenResponse(metadata, client(metadata), response),
          }
        })
        if (idToken !== undefined) {
          if (idToken.sub !== subject) throw subjectChanged()
          return withRefreshToken({ accessToken: tokens.access_token, claims: idToken }, tokens)
        }
        return withRefreshToken({ accessToken: tokens.access_token }, tokens)
      }),

    userInfo: (accessToken, subject) =>
      attempt('userinfo', 'refresh', async (metadata) => {
        if (metadata.userinfo_endpoint === undefined) return undefined
        try {
          const expected = client(metadata)
          const response = await oauth.userInfoRequest(metadata, expected, accessToken, options)
          return await oauth.processUserInfoResponse(metadata, expected, subject, response)
        } catch (error) {
          // The provider does not let this token ask: that is no outage, we just know nothing.
          if (error instanceof oauth.WWWAuthenticateChallengeError && error.status < 500)
            return undefined
          throw error
        }
      }),

    revoke: (refreshToken) =>
      attempt('revocation', 'refresh', async (metadata) => {
        if (metadata.revocation_endpoint === undefined) return false
        const response = await oauth.revocationRequest(
          metadata,
          client(metadata),
          authentication,
          refreshToken,
          { ...options, additionalParameters: { token_type_hint: 'refresh_token' } },
        )
        await oauth.processRevocationResponse(response)
        return true
      }),
  }
}

function clientAuthentication(config: Config['identityProvider']): oauth.ClientAuth {
  if (config.clientSecret === undefined) return oauth.None()
  return config.tokenEndpointAuthMethod === 'client_secret_post'
    ? oauth.ClientSecretPost(config.clientSecret)
    : oauth.ClientSecretBasic(config.clientSecret)
}

function withRefreshToken<T extends object>(
  identity: T,
  tokens: oauth.TokenEndpointResponse,
): T & { refreshToken?: string } {
  return tokens.refresh_token === undefined
    ? identity
    : { ...identity, refreshToken: tokens.refresh_token }
}

function subjectChanged(): oauth.OperationProcessingError {
  return new oauth.OperationProcessingError('sub differs from the one signed in', {
    code: oauth.JWT_CLAIM_COMPARISON,
  })
}
