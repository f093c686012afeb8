import type { Client } from '../clients/client.ts'
import { isRevoked } from '../config/revocation.ts'
import { equalsInConstantTime, sha256 } from '../crypto/digest.ts'
import type { Failure } from '../protocol/failure.ts'
import type { Parameters } from '../protocol/form.ts'
import { isCodeVerifier } from '../protocol/pkce.ts'
import { normalizeResource } from '../protocol/resource.ts'
import { fail, ok, type Result } from '../protocol/result.ts'
import { nowSeconds, type AuthorizationServer } from './context.ts'
import { issueTokens, type Outcome, type TokenResponse } from './issue-tokens.ts'
import { AuthorizationCodeSchema, type AuthorizationCode } from './sealed-values.ts'

/** `grant_type=authorization_code` (OAuth 2.1 §4.1.3). All local checks come before the IdP's. */
export async function redeemCode(
  form: Parameters,
  client: Client,
  server: AuthorizationServer,
): Promise<Outcome> {
  const sealed = form.get('code')
  if (sealed === undefined) return { tokens: fail({ reason: 'code_missing' }) }
  const opened = await server.sealer.open('code', sealed, AuthorizationCodeSchema)
  if (!opened.ok) return { tokens: fail({ reason: 'code_invalid' }) }
  const code = opened.value
  const checked = await checkCode(code, form, client, server)
  const tokens = checked.ok
    ? await server.redeemedCodes.once(await sha256(sealed), () => redeemUpstream(code, server))
    : checked
  return { tokens, flow: code.flow }
}

async function checkCode(
  code: AuthorizationCode,
  form: Parameters,
  client: Client,
  server: AuthorizationServer,
): Promise<Result<void, Failure>> {
  if (isRevoked(server.config.revokeBefore, code)) return fail({ reason: 'grant_revoked' })
  if (code.client !== client.name) return fail({ reason: 'grant_of_other_client' })
  const { issuer, clientId } = server.config.identityProvider
  if (code.idpIssuer !== issuer || code.idpClientId !== clientId)
    return fail({ reason: 'grant_of_other_identity_provider' })

  const verifier = form.get('code_verifier')
  if (verifier === undefined) return fail({ reason: 'code_verifier_missing' })
  // RFC 7636 §4.6
  const matches =
    isCodeVerifier(verifier) &&
    (await equalsInConstantTime(await sha256(verifier), code.codeChallenge))
  if (!matches) return fail({ reason: 'code_verifier_mismatch' })

  const redirectUri = form.get('redirect_uri')
  if (redirectUri !== undefined && redirectUri !== code.redirectUri)
    return fail({ reason: 'token_redirect_uri_mismatch' })
  return checkResource(form, code.resource)
}

/** RFC 8707 §2.2: a token request may name the resource of the grant, no other. */
export function checkResource(form: Parameters, granted: string): Result<void, Failure> {
  const requested = form.get('resource')
  return requested === undefined || normalizeResource(requested) === normalizeResource(granted)
    ? ok(undefined)
    : fail({ reason: 'resource_mismatch' })
}

async function redeemUpstream(
  code: AuthorizationCode,
  server: AuthorizationServer,
): Promise<Result<TokenResponse, Failure>> {
  const { idpCallbackIss } = code
  const identity = await server.identityProvider.redeem(
    { code: code.idpCode, ...(idpCallbackIss === undefined ? {} : { iss: idpCallbackIss }) },
    { codeVerifier: code.codeVerifier, nonce: code.nonce },
  )
  if (!identity.ok) return identity
  const { claims, refreshToken } = identity.value
  const person = { subject: claims.sub, issuedAt: code.issuedAt }
  if (isRevoked(server.config.revokeBefore, person)) return fail({ reason: 'grant_revoked' })
  return issueTokens(
    {
      type: 'authorization_code',
      client: code.client,
      subject: claims.sub,
      resource: code.resource,
      scope: code.scope,
      claims,
      idpRefreshToken: refreshToken,
      absoluteExpiresAt: nowSeconds(server) + server.config.lifetimes.refreshTokenAbsoluteSeconds,
      flow: code.flow,
    },
    server,
  )
}
