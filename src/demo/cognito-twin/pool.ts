import type { TwinKeys } from './keys.ts'
import type { ClientSettings, Settings, TwinClientOptions, User } from './options.ts'
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
  /** By the `username` of their tokens. */
  readonly users: ReadonlyMap<string, User>
  readonly resourceServers: ReadonlySet<string>
  readonly selfSignUp: boolean
  keys: TwinKeys
  readonly store: Store
  readonly counters: TwinCounters
  readonly now: () => number
}

export function settingsOf(pool: Pool, clientId: string): ClientSettings {
  return { ...pool.settings, ...pool.clients.get(clientId)?.settings }
}
