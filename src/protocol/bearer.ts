import { fail, ok, type Result } from './result.ts'

export type BearerFailure = {
  reason: 'token_absent' | 'authorization_duplicated' | 'authorization_malformed'
}

// RFC 6750 §2.1 b64token
const B64_TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/
const MAX_TOKEN_LENGTH = 4096

/** Reads the bearer token from all `Authorization` values of a request (RFC 6750 §2.1). */
export function parseBearer(values: readonly string[]): Result<string, BearerFailure> {
  const [value, ...others] = values
  if (value === undefined) return fail({ reason: 'token_absent' })
  // Two servers could each believe another one of them.
  if (others.length > 0 || value.includes(',')) return fail({ reason: 'authorization_duplicated' })
  const match = /^(\S+)(?: +(.*))?$/.exec(value.trim())
  // An unknown scheme carries no bearer token (DPoP, Basic): ask for one.
  if (match?.[1]?.toLowerCase() !== 'bearer') return fail({ reason: 'token_absent' })
  const token = match[2] ?? ''
  return B64_TOKEN.test(token) && token.length <= MAX_TOKEN_LENGTH
    ? ok(token)
    : fail({ reason: 'authorization_malformed' })
}

/** A `WWW-Authenticate: Bearer` challenge (RFC 6750 §3, RFC 9728 §5.1). */
export function buildChallenge(parameters: {
  error?: 'invalid_request' | 'invalid_token' | 'insufficient_scope'
  error_description?: string
  scope?: string
  resource_metadata: string
}): string {
  const pairs = Object.entries(parameters).map(
    ([name, value]) => `${name}="${value.replace(/[\\"]/g, '\\$&')}"`,
  )
  return `Bearer ${pairs.join(', ')}`
}
