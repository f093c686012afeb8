import { randomBytes, randomUUID } from 'node:crypto'

/** One sign-in of one person to one client; every token that stems from it points here. */
export interface Grant {
  readonly originJti: string
  readonly eventId: string
  readonly clientId: string
  readonly username: string
  readonly scopes: readonly string[]
  /** Seconds since the epoch. */
  readonly authTime: number
  readonly nonce: string | undefined
  readonly audience: string | undefined
  revoked: boolean
}

export interface CodeRecord {
  readonly grant: Grant
  readonly redirectUri: string
  readonly codeChallenge: string | undefined
  /** Issued, but its exchange fails with `invalid_grant`. */
  readonly refused: boolean
  readonly expiresAt: number
}

export interface RefreshRecord {
  readonly grant: Grant
  readonly expiresAt: number
  /** After this the token is rotated out. */
  validUntil: number
}

interface SessionRecord {
  readonly username: string
  readonly authTime: number
  readonly expiresAt: number
}

const CODE_MS = 5 * 60_000
const SESSION_MS = 60 * 60_000
const SWEEP_MS = 60_000

/** The user pool's memory. All times in milliseconds since the epoch. */
export class Store {
  readonly #codes = new Map<string, CodeRecord>()
  readonly #refreshTokens = new Map<string, RefreshRecord>()
  readonly #sessions = new Map<string, SessionRecord>()
  readonly #revokedOrigins = new Set<string>()
  readonly #now: () => number
  #sweepAt = 0

  constructor(now: () => number) {
    this.#now = now
  }

  /** Developer guide, Authorize endpoint: a one-time code, valid for five minutes. */
  addCode(record: Omit<CodeRecord, 'expiresAt'>): string {
    this.#sweep()
    const code = randomUUID()
    this.#codes.set(code, { ...record, expiresAt: this.#now() + CODE_MS })
    return code
  }

  takeCode(code: string): CodeRecord | undefined {
    const record = this.#codes.get(code)
    this.#codes.delete(code)
    return record !== undefined && record.expiresAt > this.#now() ? record : undefined
  }

  addRefreshToken(grant: Grant, expiresAt: number): string {
    this.#sweep()
    const token = generateRefreshToken()
    this.#refreshTokens.set(token, { grant, expiresAt, validUntil: expiresAt })
    return token
  }

  findRefreshToken(token: string): RefreshRecord | undefined {
    const record = this.#refreshTokens.get(token)
    if (record === undefined || record.grant.revoked) return undefined
    return Math.min(record.expiresAt, record.validUntil) > this.#now() ? record : undefined
  }

  revoke(grant: Grant): void {
    grant.revoked = true
    this.#revokedOrigins.add(grant.originJti)
  }

  revokeAll(): void {
    for (const { grant } of this.#refreshTokens.values()) this.revoke(grant)
  }

  isRevoked(originJti: string): boolean {
    return this.#revokedOrigins.has(originJti)
  }

  /** Developer guide, Managed login: the session cookie lasts one hour, not configurable. */
  addSession(username: string): { id: string; authTime: number } {
    this.#sweep()
    const id = randomBytes(32).toString('base64url')
    const authTime = Math.floor(this.#now() / 1000)
    this.#sessions.set(id, { username, authTime, expiresAt: this.#now() + SESSION_MS })
    return { id, authTime }
  }

  findSession(id: string): { username: string; authTime: number } | undefined {
    const record = this.#sessions.get(id)
    return record !== undefined && record.expiresAt > this.#now() ? record : undefined
  }

  endSession(id: string): void {
    this.#sessions.delete(id)
  }

  #sweep(): void {
    const now = this.#now()
    if (now < this.#sweepAt) return
    this.#sweepAt = now + SWEEP_MS
    for (const [key, { expiresAt }] of this.#codes) if (expiresAt <= now) this.#codes.delete(key)
    for (const [key, { expiresAt }] of this.#sessions)
      if (expiresAt <= now) this.#sessions.delete(key)
    for (const [key, { validUntil }] of this.#refreshTokens)
      if (validUntil <= now) this.#refreshTokens.delete(key)
  }
}

/**
 * Developer guide, Refresh tokens: an encrypted JWT that only the pool can read. The real length
 * matters to whoever has to carry it.
 */
function generateRefreshToken(): string {
  const header = Buffer.from('{"cty":"JWT","enc":"A256GCM","alg":"RSA-OAEP"}').toString('base64url')
  return [
    header,
    ...[256, 12, 1000, 16].map((size) => randomBytes(size).toString('base64url')),
  ].join('.')
}
