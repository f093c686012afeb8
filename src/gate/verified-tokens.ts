import { setBounded } from '../bounded-map.ts'
import type { GateConfig, Resource } from '../config/gate-config.ts'
import { isRevoked } from '../config/revocation.ts'
import { fail, ok, type Result } from '../protocol/result.ts'
import type { Runtime } from '../runtime.ts'
import { createCallCount } from './calls.ts'
import type { Caller, TokenRefusal, VerifyToken } from './caller.ts'
import { identityHeaders } from './identity.ts'
import type { SignIdentity } from './identity-jwt.ts'

const MAX_REMEMBERED = 10_000
/** An identity JWT lives 60 s; sent for half of that, it has at least 30 s left on arrival. */
const IDENTITY_REUSE_MS = 30 * 1000

export interface VerifiedToken {
  caller: Caller
  identityHeaders: readonly [string, string][]
  identityJwt: () => Promise<string | undefined>
  countCall: ReturnType<typeof createCallCount>
}

/** Remembers tokens that passed, by hash, never those that failed. */
export function createVerifiedTokens(
  config: Pick<GateConfig, 'revokeBefore'>,
  verify: VerifyToken,
  signIdentity: SignIdentity | undefined,
  runtime: Runtime,
): (token: string, resource: Resource) => Promise<Result<VerifiedToken, TokenRefusal>> {
  const remembered = new Map<string, VerifiedToken>()

  return async (token, resource) => {
    const key = await runtime.sha256(`${resource.url}\n${token}`)
    let verified = remembered.get(key)
    if (verified === undefined) {
      const caller = await verify(token, resource)
      if (!caller.ok) return caller
      verified = {
        caller: caller.value,
        identityHeaders: identityHeaders(caller.value),
        identityJwt: rememberIdentity(caller.value, resource, signIdentity, runtime),
        countCall: createCallCount(),
      }
      // Should the one that goes come again, it is verified again.
      setBounded(remembered, key, verified, MAX_REMEMBERED)
    }
    const { exp, iat, client_id: client, sub: subject } = verified.caller
    if (runtime.now() >= exp * 1000) return fail({ reason: 'token_expired' })
    if (isRevoked(config.revokeBefore, { issuedAt: iat, client, subject }))
      return fail({ reason: 'token_revoked' })
    return ok(verified)
  }
}

function rememberIdentity(
  caller: Caller,
  resource: Resource,
  signIdentity: SignIdentity | undefined,
  runtime: Runtime,
): () => Promise<string | undefined> {
  if (signIdentity === undefined) return () => Promise.resolve(undefined)
  let known: { jwt: Promise<string>; at: number } | undefined
  return () => {
    const now = runtime.now()
    if (known === undefined || now - known.at > IDENTITY_REUSE_MS)
      known = { jwt: signIdentity(caller, resource), at: now }
    return known.jwt
  }
}
