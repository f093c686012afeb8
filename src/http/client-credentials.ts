import type { ClientFailure } from '../protocol/failure.ts'
import type { Parameters } from '../protocol/form.ts'
import { fail, ok, type Result } from '../protocol/result.ts'

interface Credentials {
  clientId: string | undefined
  secret?: string | undefined
  /** A JWT (RFC 7523 §2.2), not yet verified. */
  assertion?: string | undefined
}

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** What a client says of itself at /token and /revoke (RFC 6749 §2.3). */
export function readCredentials(
  authorization: string | null,
  form: Parameters,
): Result<Credentials, ClientFailure> {
  const posted = { clientId: form.get('client_id'), secret: form.get('client_secret') }
  const assertion = form.get('client_assertion')
  const assertionType = form.get('client_assertion_type')
  if (assertion !== undefined || assertionType !== undefined) {
    const isAlone = posted.secret === undefined && authorization === null
    return assertion !== undefined && assertionType === JWT_BEARER && isAlone
      ? ok({ clientId: posted.clientId, assertion })
      : fail({ reason: 'client_authentication_malformed' })
  }
  if (authorization === null) return ok(posted)
  const basic = decodeBasic(authorization)
  // Two methods at once are an error (RFC 6749 §2.3); a matching client_id in the body is usual.
  if (
    basic === undefined ||
    posted.secret !== undefined ||
    (posted.clientId !== undefined && posted.clientId !== basic.clientId)
  )
    return fail({ reason: 'client_authentication_malformed' })
  return ok(basic)
}

/** RFC 6749 §2.3.1 form-encodes both parts; SDKs send them raw. Our ids are the same either way. */
function decodeBasic(header: string): Credentials | undefined {
  const encoded = /^Basic +([A-Za-z0-9+/]+=*)$/i.exec(header)?.[1]
  if (encoded === undefined) return undefined
  try {
    const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0))
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    const colon = text.indexOf(':')
    if (colon === -1) return undefined
    const secret = decodeURIComponent(text.slice(colon + 1).replaceAll('+', ' '))
    return {
      clientId: decodeURIComponent(text.slice(0, colon)),
      secret: secret === '' ? undefined : secret,
    }
  } catch {
    return undefined
  }
}
