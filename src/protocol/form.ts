import { fail, ok, type Result } from './result.ts'

export type ParametersFailure =
  | { reason: 'parameters_malformed'; detail: string }
  | { reason: 'parameter_duplicated'; parameter: string }

/** Parameters by name. Empty values are left out (RFC 6749 §3.1: treated as omitted). */
export type Parameters = ReadonlyMap<string, string>

const MAX_PARAMETERS = 64

/**
 * Parses `application/x-www-form-urlencoded` strictly: broken percent-encoding, invalid UTF-8 and
 * repeated parameters (RFC 6749 §3.1, §3.2) are errors, where `URLSearchParams` would guess.
 */
export function parseParameters(encoded: string): Result<Parameters, ParametersFailure> {
  const parameters = new Map<string, string>()
  const seen = new Set<string>()
  if (encoded === '') return ok(parameters)
  const pairs = encoded.split('&')
  if (pairs.length > MAX_PARAMETERS)
    return fail({
      reason: 'parameters_malformed',
      detail: `more than ${MAX_PARAMETERS} parameters`,
    })
  for (const pair of pairs) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = decode(equals === -1 ? pair : pair.slice(0, equals))
    const value = decode(equals === -1 ? '' : pair.slice(equals + 1))
    if (name === undefined || value === undefined)
      return fail({
        reason: 'parameters_malformed',
        detail: 'broken percent-encoding or UTF-8',
      })
    if (seen.has(name)) return fail({ reason: 'parameter_duplicated', parameter: name })
    seen.add(name)
    if (value !== '') parameters.set(name, value)
  }
  return ok(parameters)
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}
