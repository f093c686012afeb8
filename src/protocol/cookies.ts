import { fail, ok, type Result } from './result.ts'

export type CookieFailure = { reason: 'cookie_duplicated'; name: string }

/**
 * Reads the cookies whose names `isOurs` accepts, by exact byte name. A name that comes twice is
 * refused: a sibling host can plant a second one beside ours (RFC 6265 §8.6), and guessing which
 * is ours would let it choose.
 */
export function parseCookies(
  header: string,
  isOurs: (name: string) => boolean,
): Result<ReadonlyMap<string, string>, CookieFailure> {
  const cookies = new Map<string, string>()
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=')
    if (equals === -1) continue
    // Space and tab only: `trim` would also make a name ours that browsers took for another one,
    // such as one behind a no-break space, which `__Host-` does not protect.
    const name = trimBlanks(pair.slice(0, equals))
    if (/[ \t]/.test(name) || !isOurs(name)) continue
    if (cookies.has(name)) return fail({ reason: 'cookie_duplicated', name })
    cookies.set(name, pair.slice(equals + 1).trim())
  }
  return ok(cookies)
}

/** By index: a regular expression would try every blank of a long run as the first of the last. */
function trimBlanks(text: string): string {
  const isBlank = (index: number): boolean => text[index] === ' ' || text[index] === '\t'
  let [start, end] = [0, text.length]
  while (start < end && isBlank(start)) start += 1
  while (end > start && isBlank(end - 1)) end -= 1
  return text.slice(start, end)
}

/** Names of our cookies on one issuer. */
export interface CookieNames {
  browser: string
  transactionPrefix: string
  isOurs: (name: string) => boolean
  /** Attributes every cookie of ours carries. */
  attributes: string
}

/**
 * `__Host-` binds a cookie to exactly this host over https (RFC 6265bis §4.1.3.2). Browsers refuse
 * that prefix on plain http, where cookies of all ports of loopback also share one jar: there the
 * port stands in the name.
 */
export function cookieNames(issuer: string): CookieNames {
  const url = new URL(issuer)
  const secure = url.protocol === 'https:'
  const prefix = secure ? '__Host-postern-' : `postern-${url.port === '' ? '80' : url.port}-`
  return {
    browser: `${prefix}browser`,
    transactionPrefix: `${prefix}txn-`,
    isOurs: (name) => name.startsWith(prefix),
    // Lax: the person comes back from the identity provider by a cross-site navigation.
    attributes: `Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`,
  }
}
