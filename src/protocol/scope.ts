// RFC 6749 §3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E )
const SCOPE_TOKEN = /^[\x21\x23-\x5B\x5D-\x7E]+$/

export function parseScope(scope: string | undefined): string[] {
  return [...new Set((scope ?? '').split(' ').filter((token) => token !== ''))]
}

export function isScopeToken(token: string): boolean {
  return SCOPE_TOKEN.test(token)
}

/**
 * Narrows a request to what exists. Unknown scopes are dropped, never an error: clients without
 * hints ask for `openid email profile`. Nothing known asked for counts as nothing asked for, so the
 * default (all of the resource's scopes, RFC 6749 §3.3) applies.
 */
export function narrowScope(requested: string | undefined, offered: readonly string[]): string[] {
  const known = parseScope(requested).filter((token) => offered.includes(token))
  return known.length > 0 ? known : [...offered]
}
