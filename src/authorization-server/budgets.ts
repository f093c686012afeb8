import { sealedLength } from '../crypto/seal.ts'
import { MAX_REDIRECT_LENGTH } from '../protocol/authorization-response.ts'
import type { AuthorizationFailure } from '../protocol/failure.ts'
import { fail, ok, type Result } from '../protocol/result.ts'
import type { AuthorizationRequest } from '../protocol/authorization-request.ts'

/** Browsers keep a cookie of at most 4096 bytes, name and attributes included (RFC 6265 §6.1). */
const MAX_TRANSACTION_LENGTH = 3800
export const MAX_CODE_LENGTH = 4096
export const MAX_ACCESS_TOKEN_LENGTH = 2048

const HASH = 'x'.repeat(43)
/** What is left for the identity provider's code; Cognito's has 36 characters, Entra's about 1,000. */
const IDP_CODE_ALLOWANCE = 1200

/**
 * Foretells, before the person is asked anything, whether the cookie, the code and the redirect
 * that this request leads to will fit: a sign-in must not fail after the password.
 */
export function checkBudgets(
  request: AuthorizationRequest,
  client: string,
  identityProvider: { issuer: string; clientId: string },
  issuer: string,
): Result<void, AuthorizationFailure> {
  const secrets = {
    client,
    codeVerifier: HASH,
    nonce: HASH,
    issuedAt: 1_000_000_000,
    flow: 'x'.repeat(10),
  }
  const transaction = sealedLength(jsonBytes({ ...request, ...secrets, id: HASH }))
  if (transaction > MAX_TRANSACTION_LENGTH) return fail({ reason: 'transaction_too_large' })

  const { state, ...bound } = request
  const code = sealedLength(
    IDP_CODE_ALLOWANCE +
      jsonBytes({
        ...bound,
        ...secrets,
        idpCode: '',
        idpIssuer: identityProvider.issuer,
        idpClientId: identityProvider.clientId,
        idpCallbackIss: identityProvider.issuer,
      }),
  )
  if (code > MAX_CODE_LENGTH) return fail({ reason: 'transaction_too_large' })

  const parameters = new URLSearchParams({ code: '', state: state ?? '', iss: issuer })
  const redirect = request.redirectUri.length + 1 + parameters.toString().length + code
  return redirect > MAX_REDIRECT_LENGTH ? fail({ reason: 'redirect_too_large' }) : ok(undefined)
}

function jsonBytes(value: object): number {
  return new TextEncoder().encode(JSON.stringify(value)).length
}
