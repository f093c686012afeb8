import { createExpiringMap } from '../bounded-map.ts'
import type { Failure } from '../protocol/failure.ts'
import { fail, type Result } from '../protocol/result.ts'

const REMEMBERED_MS = 2 * 60 * 1000
const MAX_REMEMBERED = 10_000

/**
 * Makes a code single-use within this process: a repeat while the first is under way shares its
 * answer (clients retry lost requests), a later one is refused. Between processes the identity
 * provider does the same, because it redeems its own code once.
 */
export interface RedeemedCodes {
  once: <T extends object>(
    codeHash: string,
    redeem: () => Promise<Result<T, Failure>>,
  ) => Promise<Result<T, Failure>>
}

interface Entry {
  result: Promise<Result<object, Failure>>
  settled: boolean
}

export function createRedeemedCodes(now: () => number): RedeemedCodes {
  const entries = createExpiringMap<Entry>({
    max: MAX_REMEMBERED,
    lifetimeMs: REMEMBERED_MS,
    now,
  })
  return {
    once: async <T extends object>(
      codeHash: string,
      redeem: () => Promise<Result<T, Failure>>,
    ): Promise<Result<T, Failure>> => {
      const known = entries.get(codeHash)
      if (known?.settled === true) return fail({ reason: 'code_used' })
      // The type is that of the same `redeem`: one kind of answer for one kind of code.
      if (known !== undefined) return known.result as Promise<Result<T, Failure>>
      const result = redeem()
      const entry: Entry = { result, settled: false }
      entries.set(codeHash, entry)
      try {
        const outcome = await result
        entry.settled = true
        // The identity provider may not have seen it: a retry must be possible.
        if (!outcome.ok && outcome.failure.reason === 'idp_unavailable') entries.delete(codeHash)
        return outcome
      } catch (error) {
        entries.delete(codeHash)
        throw error
      }
    },
  }
}
