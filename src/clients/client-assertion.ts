import { createLocalJWKSet, decodeJwt, errors, jwtVerify } from 'jose'
import * as v from 'valibot'
import { createExpiringMap } from '../bounded-map.ts'
import type { ClientFailure } from '../protocol/failure.ts'
import { fail, ok, type Result } from '../protocol/result.ts'
import type { ClientAuthentication } from './client.ts'
import type { Jwks } from './client-keys.ts'

export interface ClientAssertions {
  /** Verifies that the client signed the JWT for us, now, and only once (RFC 7523 §3). */
  verify: (
    assertion: string,
    client: { clientId: string; authentication: KeyAuthentication },
    audiences: readonly string[],
  ) => Promise<Result<void, ClientFailure>>
}

type KeyAuthentication = Extract<ClientAuthentication, { method: 'private_key_jwt' }>

const MAX_LENGTH = 8 * 1024
const MAX_LIFETIME_SECONDS = 60 * 60
const CLOCK_TOLERANCE_SECONDS = 30
/** Between two looks at a jwks_uri for a key that is not known. */
const KEYS_AGAIN_MS = 60 * 1000
const MAX_REMEMBERED = 10_000

// RFC 7523 §3; `jti` as OpenID Connect Core §9 demands. One audience: what is for others as well
// could be presented by them (RFC 7523bis §4).
const Claims = v.object({
  aud: v.union([
    v.string(),
    v.pipe(
      v.strictTuple([v.string()]),
      v.transform(([only]) => only),
    ),
  ]),
  // Whole seconds, as it is compared: of a fraction the memory of what was used would end too early.
  exp: v.pipe(v.number(), v.transform(Math.ceil)),
  jti: v.pipe(v.string(), v.nonEmpty(), v.maxLength(256)),
})

/** The client that an assertion says it is of. Proves nothing yet. */
export function claimedClientId(assertion: string): string | undefined {
  try {
    const { sub }: Record<string, unknown> = decodeJwt(assertion)
    return typeof sub === 'string' ? sub : undefined
  } catch {
    return undefined
  }
}

/** Remembers what was used in this process; between processes `exp` is the limit. */
export function createClientAssertions(now: () => number): ClientAssertions {
  const used = createExpiringMap<true>({ max: MAX_REMEMBERED, lifetimeMs: 0, now })

  async function verifySignature(
    assertion: string,
    jwks: Jwks,
    { clientId, authentication }: Parameters<ClientAssertions['verify']>[1],
  ): Promise<Result<v.InferOutput<typeof Claims>, ClientFailure | 'key unknown'>> {
    try {
      const { payload } = await jwtVerify(assertion, createLocalJWKSet(jwks), {
        algorithms: [...authentication.algorithms],
        issuer: clientId,
        subject: clientId,
        currentDate: new Date(now()),
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        requiredClaims: ['exp'],
      })
      const claims = v.safeParse(Claims, payload)
      return claims.success ? ok(claims.output) : fail({ reason: 'client_assertion_invalid' })
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) return fail('key unknown')
      if (error instanceof errors.JWTExpired) return fail({ reason: 'client_assertion_expired' })
      if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'nbf')
        return fail({ reason: 'client_assertion_expired' })
      if (error instanceof errors.JOSEError || error instanceof TypeError)
        return fail({ reason: 'client_assertion_invalid' })
      // What WebCrypto says of a key that is none: a point that is not on its curve, for instance.
      if (error instanceof DOMException) return fail({ reason: 'client_keys_invalid' })
      throw error
    }
  }

  async function verifyWithKeys(
    assertion: string,
    client: Parameters<ClientAssertions['verify']>[1],
  ): Promise<Result<v.InferOutput<typeof Claims>, ClientFailure>> {
    const { keys } = client.authentication
    for (const newerThan of [undefined, now() - KEYS_AGAIN_MS]) {
      const jwks = await keys(newerThan)
      if (!jwks.ok) return jwks
      const verified = await verifySignature(assertion, jwks.value, client)
      if (verified.ok) return verified
      // The client may have changed its keys since they were fetched.
      if (verified.failure !== 'key unknown') return fail(verified.failure)
    }
    return fail({ reason: 'client_assertion_invalid' })
  }

  return {
    verify: async (assertion, client, audiences) => {
      if (assertion.length > MAX_LENGTH) return fail({ reason: 'client_assertion_invalid' })
      const claims = await verifyWithKeys(assertion, client)
      if (!claims.ok) return claims
      const { aud, exp, jti } = claims.value
      if (!audiences.includes(aud)) return fail({ reason: 'client_assertion_of_other_audience' })
      const lifetimeMs = (exp + CLOCK_TOLERANCE_SECONDS) * 1000 - now()
      if (lifetimeMs > (MAX_LIFETIME_SECONDS + CLOCK_TOLERANCE_SECONDS) * 1000)
        return fail({ reason: 'client_assertion_expired' })
      const key = `${client.clientId} ${jti}`
      if (used.get(key) === true) return fail({ reason: 'client_assertion_used' })
      used.set(key, true, lifetimeMs)
      return ok(undefined)
    },
  }
}
