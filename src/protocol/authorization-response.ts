import type { OAuthError } from './oauth-error.ts'

/** Where a proven redirect goes and what it must carry. */
export interface RedirectTarget {
  redirectUri: string
  state?: string | undefined
  /** Undefined where answers bear no `iss`, because the identity provider's own bear none. */
  issuer: string | undefined
}

export const MAX_REDIRECT_LENGTH = 6144

/** Success (RFC 6749 §4.1.2) with `iss` (RFC 9207 §2). */
export function buildCodeRedirect(target: RedirectTarget, code: string): string {
  return build(target, { code })
}

/** Error (RFC 6749 §4.1.2.1) with `iss` (RFC 9207 §2). */
export function buildErrorRedirect(target: RedirectTarget, error: OAuthError): string {
  return build(target, { error: error.error, error_description: error.description })
}

function build(target: RedirectTarget, parameters: Record<string, string>): string {
  const query = new URLSearchParams(parameters)
  if (target.state !== undefined) query.set('state', target.state)
  if (target.issuer !== undefined) query.set('iss', target.issuer)
  // Appended to the URI as registered, never re-serialised: clients compare it byte by byte.
  const separator = target.redirectUri.includes('?') ? '&' : '?'
  return `${target.redirectUri}${separator}${query.toString()}`
}
