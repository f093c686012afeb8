/**
 * Compares resource identifiers as MCP clients write them (RFC 8707 §2; MCP authorization,
 * Canonical Server URI): scheme and host without case, default port and one trailing slash ignored.
 */
export function normalizeResource(identifier: string): string | undefined {
  if (!URL.canParse(identifier) || identifier.includes('#')) return undefined
  const url = new URL(identifier)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined
  if (url.username !== '' || url.password !== '') return undefined
  return `${url.origin}${url.pathname.replace(/\/$/, '')}${url.search}`
}
