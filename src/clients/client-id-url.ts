import { isPublicHostName } from './special-use.ts'

/**
 * An https URL that may be fetched: spelled as every parser reads it, so that what was checked is
 * what is asked (no octal or hexadecimal host, dot segments, default port, backslash or control
 * character), without user information and fragment, of a host with a public name.
 */
export function parsePublicUrl(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  const isPlain = url.href === text && url.protocol === 'https:' && !text.includes('#')
  const isAnonymous = url.username === '' && url.password === ''
  return isPlain && isAnonymous && isPublicHostName(url.hostname) ? url : undefined
}

/**
 * A Client Identifier URL (draft-ietf-oauth-client-id-metadata-document-02 §3). A query, which the
 * draft advises against, is refused: on an allowed host some page may echo it.
 */
export function parseClientIdUrl(clientId: string): URL | undefined {
  const url = parsePublicUrl(clientId)
  return url === undefined || url.pathname === '/' || clientId.includes('?') ? undefined : url
}

/** Whether the operator lets clients of this host in; without a list, of every host's usual port. */
export function isAllowedDomain(url: URL, allowed: readonly string[] | undefined): boolean {
  return allowed === undefined ? url.port === '' : allowed.some((domain) => matches(url, domain))
}

function matches({ host }: URL, domain: string): boolean {
  return domain.startsWith('*.') ? host.endsWith(domain.slice(1)) : host === domain
}
