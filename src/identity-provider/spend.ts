import * as oauth from 'oauth4webapi'
import { createExpiringMap } from '../bounded-map.ts'
import { toIdentityProviderFailure } from './errors.ts'

/** What the token endpoint gave; the id_token in it is checked but for its signature. */
interface Answer {
  response: Response
  tokens: oauth.TokenEndpointResponse
}

/** Presents a grant, and checks the signature of the id_token that comes. */
type Spend = (
  grant: string,
  metadata: oauth.AuthorizationServer,
  present: () => Promise<Answer>,
) => Promise<{ tokens: oauth.TokenEndpointResponse; idToken: oauth.IDToken | undefined }>

const WAITING_MS = 10 * 60 * 1000
const MAX_WAITING = 1000

/**
 * Presenting a grant spends it. If the keys are out of reach by then, the answer waits, and a retry
 * repeats only the check of the signature: the grant would not be taken a second time.
 */
export function createSpender(options: oauth.ValidateSignatureOptions, now: () => number): Spend {
  const jwksCache: oauth.JWKSCacheInput = {}
  const waiting = createExpiringMap<Answer>({ max: MAX_WAITING, lifetimeMs: WAITING_MS, now })

  /** Signature as well as claims: TLS alone would do (OpenID Connect §3.1.3.7), keys are better. */
  async function verifiedIdToken(
    metadata: oauth.AuthorizationServer,
    { response, tokens }: Answer,
  ): Promise<oauth.IDToken | undefined> {
    const claims = oauth.getValidatedIdTokenClaims(tokens)
    if (claims === undefined) return undefined
    await oauth.validateApplicationLevelSignature(metadata, response, {
      ...options,
      [oauth.jwksCache]: jwksCache,
    })
    return claims
  }

  return async (grant, metadata, present) => {
    const answer = waiting.get(grant) ?? (await present())
    waiting.delete(grant)
    try {
      return { tokens: answer.tokens, idToken: await verifiedIdToken(metadata, answer) }
    } catch (error) {
      const { reason } = toIdentityProviderFailure(error, 'code')
      if (reason === 'idp_unavailable') waiting.set(grant, answer)
      throw error
    }
  }
}
