/**
 * Longer ones leave no room: clients put the name before each tool's, and models take at most 64
 * characters for both.
 */
const MAX_LENGTH = 32

const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]*$/

/** Whether every client takes it as a name, and no configuration format or shell needs quotes. */
export function isServerName(name: string): boolean {
  return name.length <= MAX_LENGTH && NAME.test(name)
}

/** Host and path without what they all have: `https://mcp.example.com/team/mcp` → example-com-team. */
export function deriveServerName(url: string): string {
  const { hostname, port, pathname } = new URL(url)
  const host = hostname.replace(/^(?:www|mcp)\.(?=.*\.)/, '')
  const path = pathname.split('/').filter((segment) => segment !== 'mcp' && segment !== 'sse')
  const words = [host, port, ...path].join('-').toLowerCase()
  const name = words
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-/, '')
    .slice(0, MAX_LENGTH)
  return name.replace(/-$/, '') || 'mcp-server'
}
