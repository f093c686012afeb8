import type { TwinKeys } from './keys.ts'
import type { Settings, TwinClientOptions, User } from './options.ts'
import type { Store } from './store.ts'

/** How often each endpoint was called. */
export interface TwinCounters {
  authorize: number
  /** Sign-in forms submitted. */
  login: number
  /** Token requests other than refreshes. */
  token: number
  /** Token requests with `grant_type=refresh_token`. */
  refresh: number
  revoke: number
  userInfo: number
}

/** What every endpoint of one user pool shares. */
export interface Pool {
  readonly origin: string
  readonly issuer: string
  readonly settings: Settings
  readonly clients: ReadonlyMap<string, TwinClientOptions>
  readonly users: ReadonlyMap<string, User>
  readonly resourceServers: ReadonlySet<string>
  readonly keys: TwinKeys
  readonly store: Store
  readonly counters: TwinCounters
  readonly now: () => number
}
