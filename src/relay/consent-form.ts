import { utf8 } from '../crypto/digest.ts'
import type { AuthorizationRequest } from '../protocol/authorization-request.ts'
import { base64url, fromBase64url } from '../protocol/base64url.ts'
import type { Failure } from '../protocol/failure.ts'
import { parseParameters, type Parameters } from '../protocol/form.ts'
import { fail, ok, type Result } from '../protocol/result.ts'

const CONSENT_SECONDS = 15 * 60
// 128 random bits, as `randomId` makes them.
const BROWSER = /^[\w-]{22}$/

/** Whether a browser cookie can key a form: a value that somebody planted may be too easy. */
export function isBrowserKey(cookie: string | undefined): cookie is string {
  return cookie !== undefined && BROWSER.test(cookie)
}

/**
 * The hidden fields of the consent page: the request as it was validated, and a MAC. Without a
 * secret of ours the form is authenticated by what only this browser has: the value of its cookie
 * is the key. So a form made elsewhere, in another browser or by altering this one, is refused
 * (RFC 9700 §4.7; MCP security best practices, Confused Deputy).
 */
export async function consentFields(
  valid: AuthorizationRequest,
  clientId: string,
  browser: string,
  now: number,
): Promise<Record<string, string>> {
  const request = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: valid.redirectUri,
    ...(valid.state === undefined ? {} : { state: valid.state }),
    code_challenge: valid.codeChallenge,
    code_challenge_method: 'S256',
    resource: valid.resource,
    scope: valid.scope,
    issued_at: String(now),
  }).toString()
  const mac = await crypto.subtle.sign('HMAC', await importKey(browser), message(request))
  return { request, mac: base64url(new Uint8Array(mac)) }
}

/**
 * The request in a form, if this browser was given it less than 15 minutes ago. One that is too old
 * is handed out for its flow id only.
 */
export async function openConsentForm(
  form: Parameters,
  browser: string,
  now: number,
): Promise<Result<Parameters, { failure: Failure; expired?: Parameters }>> {
  const request = form.get('request')
  const mac = fromBase64url(form.get('mac') ?? '')
  if (request === undefined || mac?.length !== 32)
    return fail({ failure: { reason: 'consent_malformed' } })
  if (!(await crypto.subtle.verify('HMAC', await importKey(browser), mac, message(request))))
    return fail({ failure: { reason: 'consent_unproven' } })
  const parameters = parseParameters(request)
  if (!parameters.ok) return fail({ failure: parameters.failure })
  const issuedAt = Number(parameters.value.get('issued_at') ?? NaN)
  // Written so that no number at all has expired as well.
  return now < issuedAt + CONSENT_SECONDS
    ? ok(parameters.value)
    : fail({ failure: { reason: 'consent_expired' }, expired: parameters.value })
}

function importKey(browser: string): Promise<CryptoKey> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  return crypto.subtle.importKey('raw', utf8(browser), algorithm, false, ['sign', 'verify'])
}

function message(request: string): Uint8Array<ArrayBuffer> {
  return utf8(`postern relay consent v1\n${request}`)
}
