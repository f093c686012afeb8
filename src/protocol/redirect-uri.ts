import { fail, ok, type Result } from './result.ts'

export type RedirectUriFailure =
  { reason: 'redirect_uri_malformed'; detail: string } | { reason: 'redirect_uri_not_allowed' }

/** What a deployment lets clients be sent back to, besides loopback. */
export interface RedirectPolicy {
  /** Compared byte by byte. */
  exact: ReadonlySet<string>
  /** A prefix after which exactly one path segment of unreserved characters follows. */
  oneSegmentAfter: readonly string[]
  /** Loopback is listed like everything else, because an identity provider compares ports too. */
  exactOnly?: true
}

const MAX_LENGTH = 1024

// RFC 3986 §2: nothing else may stand in a URI. Keeps out spaces, control characters, backslashes,
// quotes and every non-ASCII look-alike, on which URL parsers disagree.
const URI_CHARACTERS = /^[A-Za-z0-9\-._~:/?[\]@!$&'()*+,;=%]+$/
const LOOPBACK = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(?::(\d{1,5}))?(\/[^?]*)?(\?.*)?$/
const HTTPS = /^https:\/\/[a-z0-9.-]+(?::\d{1,5})?\//
const PRIVATE_USE_SCHEME = /^[a-z][a-z0-9+.-]*:\/\//
const ONE_SEGMENT = /^[A-Za-z0-9\-._~]+$/
const SCRIPTABLE = /^(?:javascript|data|vbscript|blob|file|about|filesystem|view-source):/i

/** Checks the form of a redirect URI (RFC 6749 §3.1.2, RFC 8252 §7). Not whether it is allowed. */
export function validateRedirectUri(uri: string): Result<string, RedirectUriFailure> {
  const malformed = (detail: string): Result<string, RedirectUriFailure> =>
    fail({ reason: 'redirect_uri_malformed', detail })
  if (uri.length > MAX_LENGTH) return malformed(`is longer than ${MAX_LENGTH} characters`)
  if (uri.includes('#')) return malformed('must not have a fragment')
  if (!URI_CHARACTERS.test(uri)) return malformed('has characters that a URI cannot have')
  if (/%(?![0-9A-Fa-f]{2})/.test(uri)) return malformed('has a broken percent-encoding')
  if (SCRIPTABLE.test(uri)) return malformed('has a scheme that can run or read content')
  if (!URL.canParse(uri)) return malformed('is not an absolute URI')
  if (/^[a-z0-9+.-]+:\/\/[^/?]*@/i.test(uri)) return malformed('must not have user information')
  if (/(?:^|\/)(?:\.|%2e){1,2}(?:\/|\?|$)/i.test(uri.replace(/^[a-z0-9+.-]+:\/\/[^/?]*/i, '')))
    return malformed('must not have dot segments')
  // Our own answer adds these: twice, clients would disagree about which one counts.
  if (/[?&](?:code|state|iss|error)(?:=|&|$)/.test(uri))
    return malformed('must not have code, state, iss or error in its query')
  if (/^http:/i.test(uri)) {
    const port = LOOPBACK.exec(uri)
    if (port === null) return malformed('uses http for a host that is not loopback')
    if (Number(port[2] ?? 1) > 65535) return malformed('has an impossible port')
    return ok(uri)
  }
  if (/^https:/i.test(uri)) return HTTPS.test(uri) ? ok(uri) : malformed('needs a host and a path')
  if (!PRIVATE_USE_SCHEME.test(uri)) return malformed('is not an absolute URI with an authority')
  return ok(uri)
}

export function isLoopbackRedirectUri(uri: string): boolean {
  return LOOPBACK.test(uri)
}

/** Whether a deployment's policy lets a client be sent to this (already validated) URI. */
export function isAllowedRedirectUri(uri: string, policy: RedirectPolicy): boolean {
  if (policy.exact.has(uri)) return true
  if (isLoopbackRedirectUri(uri)) return policy.exactOnly !== true
  return policy.oneSegmentAfter.some(
    (prefix) => uri.startsWith(prefix) && ONE_SEGMENT.test(uri.slice(prefix.length)),
  )
}

/**
 * Exact string comparison (RFC 9700 §2.1), but for the port of loopback redirects, which native
 * apps choose at run time (RFC 8252 §7.3). Host literals never match each other.
 */
export function matchesRegisteredRedirectUri(requested: string, registered: string): boolean {
  if (requested === registered) return true
  const [asked, known] = [LOOPBACK.exec(requested), LOOPBACK.exec(registered)]
  if (asked === null || known === null || Number(asked[2] ?? 1) > 65535) return false
  return asked[1] === known[1] && (asked[3] ?? '/') === (known[3] ?? '/') && asked[4] === known[4]
}

/** Host to show a person: what comes after the scheme, up to the path. */
export function redirectUriHost(uri: string): string {
  return isLoopbackRedirectUri(uri) || uri.startsWith('https:')
    ? new URL(uri).host
    : uri.slice(0, uri.indexOf(':') + 1)
}
