import { createExpiringMap, setBounded } from '../bounded-map.ts'
import { sha256 } from '../crypto/digest.ts'
import type { IdentityProvider, Refreshed } from '../identity-provider/identity-provider.ts'
import type { Claims } from '../protocol/access.ts'
import type { IdentityProviderFailure } from '../protocol/failure.ts'
import { ok, type Result } from '../protocol/result.ts'

const SHARED_MS = 60 * 1000
const MINIMUM_BETWEEN_REFRESHES_MS = 5 * 1000
const MAX_REMEMBERED = 10_000

/**
 * Refreshes at the identity provider, shared by whoever presents the same refresh token: parallel
 * processes of one client race, and clients repeat lost requests. The token that a refresh yields
 * leads back to the same answer for 5 s, which bounds how often one grant asks upstream.
 */
export interface SharedRefreshes {
  refresh: (
    refreshToken: string,
    subject: string,
  ) => Promise<Result<SharedRefresh, IdentityProviderFailure>>
  /** Drops what is remembered of a grant, also under the tokens that this one came from. */
  forget: (refreshToken: string) => Promise<void>
}

export interface SharedRefresh {
  /** To present at the identity provider from now on. */
  refreshToken: string
  rotated: boolean
  /** From the id_token, else from userinfo, asked once; undefined where neither tells. */
  claims: () => Promise<Result<Claims | undefined, IdentityProviderFailure>>
}

export function createSharedRefreshes(
  identityProvider: Pick<IdentityProvider, 'refresh' | 'userInfo'>,
  now: () => number,
): SharedRefreshes {
  const entries = createExpiringMap<Promise<Result<SharedRefresh, IdentityProviderFailure>>>({
    max: MAX_REMEMBERED,
    lifetimeMs: SHARED_MS,
    now,
  })

  /** By the key of a token, the key of the one it came from. */
  const predecessors = new Map<string, string>()

  async function refreshUpstream(
    refreshToken: string,
    subject: string,
    key: string,
  ): Promise<Result<SharedRefresh, IdentityProviderFailure>> {
    const refreshed = await identityProvider.refresh(refreshToken, subject)
    if (!refreshed.ok) {
      if (refreshed.failure.reason === 'idp_unavailable') entries.delete(key)
      return refreshed
    }
    const { refreshToken: next } = refreshed.value
    const shared = ok({
      refreshToken: next ?? refreshToken,
      rotated: next !== undefined && next !== refreshToken,
      claims: rememberClaims(identityProvider, refreshed.value, subject),
    })
    if (shared.value.rotated) {
      const nextKey = await sha256(shared.value.refreshToken)
      setBounded(predecessors, nextKey, key, MAX_REMEMBERED)
      entries.set(nextKey, Promise.resolve(shared), MINIMUM_BETWEEN_REFRESHES_MS)
    }
    return shared
  }

  return {
    refresh: async (refreshToken, subject) => {
      const key = await sha256(refreshToken)
      const known = entries.get(key)
      if (known !== undefined) return known
      const underWay = refreshUpstream(refreshToken, subject, key)
      entries.set(key, underWay)
      underWay.catch(() => entries.delete(key))
      return underWay
    },
    forget: async (refreshToken) => {
      let key: string | undefined = await sha256(refreshToken)
      while (key !== undefined) {
        entries.delete(key)
        const predecessor: string | undefined = predecessors.get(key)
        predecessors.delete(key)
        key = predecessor
      }
    },
  }
}

/** The refresh token is spent by now: a failing userinfo must be asked again, not refreshed again. */
function rememberClaims(
  identityProvider: Pick<IdentityProvider, 'userInfo'>,
  refreshed: Refreshed,
  subject: string,
): SharedRefresh['claims'] {
  let known: Result<Claims | undefined, IdentityProviderFailure> | undefined =
    refreshed.claims === undefined ? undefined : ok(refreshed.claims)
  return async () => {
    if (known !== undefined) return known
    const claims = await identityProvider.userInfo(refreshed.accessToken, subject)
    if (claims.ok) known = claims
    return claims
  }
}
