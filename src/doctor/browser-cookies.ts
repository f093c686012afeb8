/** Cookies by host. */
export type CookieJar = Map<string, Map<string, string>>

export interface DroppedCookie {
  name: string
  /** What the browser does not take: RFC 6265bis §5.7. */
  why: string
  where: string
}

/** Keeps what a browser would keep. */
export function keepCookies(
  jar: CookieJar,
  url: URL,
  lines: readonly string[],
): { dropped: Omit<DroppedCookie, 'where'>[]; strict: string[] } {
  const dropped: Omit<DroppedCookie, 'where'>[] = []
  const strict: string[] = []
  const cookies = jar.get(url.host) ?? new Map<string, string>()
  jar.set(url.host, cookies)
  for (const line of lines) {
    const [pair = '', ...rest] = line.split(';').map((part) => part.trim())
    const name = pair.split('=', 1)[0] ?? ''
    const attributes = new Map(
      rest.map((part) => {
        const [key = '', value = ''] = part.split('=', 2)
        return [key.toLowerCase(), value]
      }),
    )
    const why = refusal(name, attributes, url)
    if (why !== undefined) {
      dropped.push({ name, why })
      continue
    }
    const value = pair.slice(name.length + 1)
    if (value === '' || attributes.get('max-age') === '0') cookies.delete(name)
    else {
      cookies.set(name, value)
      if (attributes.get('samesite')?.toLowerCase() === 'strict') strict.push(name)
    }
  }
  return { dropped, strict }
}

/** Browsers take `Secure` from loopback over http as well. */
function refusal(
  name: string,
  attributes: ReadonlyMap<string, string>,
  url: URL,
): string | undefined {
  const isSecure = attributes.has('secure')
  if (isSecure && url.protocol !== 'https:' && !/^(?:localhost|127\.|\[::1\])/.test(url.host))
    return 'it is Secure, and the page is not https'
  if (attributes.get('samesite')?.toLowerCase() === 'none' && !isSecure)
    return 'it has SameSite=None without Secure'
  if (/^__Secure-/i.test(name) && !isSecure) return 'its name demands Secure'
  if (
    /^__Host-/i.test(name) &&
    (!isSecure || attributes.has('domain') || attributes.get('path') !== '/')
  )
    return 'its name demands Secure, Path=/ and no Domain'
  return undefined
}
