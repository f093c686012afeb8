import { textsOf, type JsonObject } from './probes/documents.ts'

/**
 * The scope that mcp-remote asks for: that of the challenge, else those of the resource, else those
 * of the authorization server, else three that it made up; with `offline_access` where that is
 * offered. Undefined is none at all.
 */
export function requestedScope(
  challenged: string | undefined,
  resource: JsonObject | undefined,
  server: JsonObject | undefined,
): string | undefined {
  const offered = server && textsOf(server, 'scopes_supported')
  const scopes = challenged?.split(' ') ??
    (resource && textsOf(resource, 'scopes_supported')) ??
    offered ?? ['openid', 'email', 'profile']
  if (scopes.length === 0) return undefined
  const withRefresh = offered?.includes('offline_access') === true ? ['offline_access'] : []
  return [...new Set([...scopes, ...withRefresh])].join(' ')
}
