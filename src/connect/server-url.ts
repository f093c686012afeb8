import { fail, ok, type Result } from '../protocol/result.ts'

export type ServerUrlFailure =
  | { reason: 'not_a_url' }
  | { reason: 'not_http' }
  | { reason: 'has_credentials' }
  | { reason: 'has_fragment' }
  | { reason: 'has_ambiguous_characters' }
  | { reason: 'too_long' }

const MAX_LENGTH = 1024

/**
 * RFC 3986's characters without `'` and `$`: a shell, or a client that puts variables into its
 * configuration, would make something else of those. `%` with two digits only: in Windows' Command
 * Prompt the value of a variable takes the place of `%USERNAME%`, and nothing there escapes it.
 */
const CHARACTERS = /^(?:[\w\-.~:/?[\]@!&()*+,;=]|%[\dA-Fa-f]{2})+$/

/** The URL of an MCP server as it will stand in configurations and command lines, letter by letter. */
export function parseServerUrl(typed: string): Result<string, ServerUrlFailure> {
  const text = typed.trim()
  if (text.length > MAX_LENGTH) return fail({ reason: 'too_long' })
  if (!URL.canParse(text)) return fail({ reason: 'not_a_url' })
  const url = new URL(text)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return fail({ reason: 'not_http' })
  if (url.username !== '' || url.password !== '') return fail({ reason: 'has_credentials' })
  if (text.includes('#')) return fail({ reason: 'has_fragment' })
  // The path stays as it was typed: clients compare it as a string with the resource's own.
  const exact = text === url.href || `${text}/` === url.href ? text : url.href
  if (!CHARACTERS.test(exact)) return fail({ reason: 'has_ambiguous_characters' })
  return ok(exact)
}
