import { PATHS } from '../protocol/metadata.ts'
import { normalizeResource } from '../protocol/resource.ts'
import { isScopeToken } from '../protocol/scope.ts'
import type { ConfigIssue } from './config-error.ts'
import type { Access, ResourceOptions } from './options.ts'

const LOOPBACK_HOST = /^(?:localhost|127\.0\.0\.1|\[::1\])$/

/** An absolute https URL, or http on loopback; no user information, query or fragment. */
export function checkUrl(path: string, url: string, issues: ConfigIssue[]): URL | undefined {
  if (!URL.canParse(url) || !/^https?:\/\//.test(url)) {
    issues.push({ path, message: 'is not an http or https URL', fix: 'Write it in full.' })
    return undefined
  }
  const parsed = new URL(url)
  if (parsed.protocol === 'http:' && !LOOPBACK_HOST.test(parsed.hostname)) {
    const fix = 'Use https; http is for localhost, 127.0.0.1 and [::1].'
    issues.push({ path, message: 'uses http for a host that is not loopback', fix })
  }
  if (parsed.username !== '' || parsed.password !== '' || /[?#]/.test(url)) {
    const message = 'has user information, a query or a fragment'
    issues.push({ path, message, fix: 'Remove it.' })
  }
  return parsed
}

export function checkResources(resources: readonly ResourceOptions[], issues: ConfigIssue[]): void {
  const origins = new Set<string>()
  const seen = new Set<string>()
  const reserved = new Set<string>(Object.values(PATHS))
  for (const [index, resource] of resources.entries()) {
    const path = `resources.${index}`
    const url = checkUrl(`${path}.url`, resource.url, issues)
    if (url !== undefined) {
      origins.add(url.origin)
      if (resource.url !== `${url.origin}${url.pathname}`.replace(/\/$/, ''))
        issues.push({
          path: `${path}.url`,
          message: 'is not in canonical form',
          fix: `Write ${`${url.origin}${url.pathname}`.replace(/\/$/, '')}, and let people paste exactly that.`,
        })
      const normal = normalizeResource(resource.url) ?? ''
      if (seen.has(normal))
        issues.push({ path: `${path}.url`, message: 'is listed twice', fix: 'Remove one.' })
      seen.add(normal)
      if (reserved.has(url.pathname) || url.pathname.startsWith('/.well-known/'))
        issues.push({
          path: `${path}.url`,
          message: 'has a path that Postern serves itself',
          fix: 'Use another path, for instance /mcp.',
        })
    }
    // Plain http is usual inside a private network, so only the form is checked.
    if (
      typeof resource.upstream === 'string' &&
      !(
        /^https?:\/\/[^/?#@\s]+(?:\/[^?#\s]*)?$/.test(resource.upstream) &&
        URL.canParse(resource.upstream)
      )
    )
      issues.push({
        path: `${path}.upstream`,
        message: 'is not an http or https URL without user information and query',
        fix: 'Write the MCP server’s own URL, for instance http://127.0.0.1:3000/mcp.',
      })
    const scopes = resource.scopes ?? ['mcp']
    for (const scope of [...scopes, ...(resource.requiredScopes ?? [])])
      if (!isScopeToken(scope))
        issues.push({
          path: `${path}.scopes`,
          message: 'has a scope with characters that a scope cannot have',
          fix: 'Use printable ASCII without space, quote and backslash.',
        })
    if (scopes.includes('offline_access'))
      issues.push({
        path: `${path}.scopes`,
        message: 'offers offline_access, which makes clients ask for consent at the provider',
        fix: 'Remove it: refresh tokens are issued without it.',
      })
    for (const scope of resource.requiredScopes ?? [])
      if (!scopes.includes(scope))
        issues.push({
          path: `${path}.requiredScopes`,
          message: 'requires a scope that the resource does not offer',
          fix: 'Add it to scopes.',
        })
  }
  if (origins.size > 1)
    issues.push({
      path: 'resources',
      message: 'are on several origins',
      fix: 'Run one Postern per origin: clients want all endpoints on the MCP URL’s own.',
    })
}

export function checkAccess(
  access: Access,
  resources: readonly ResourceOptions[],
  issues: ConfigIssue[],
): void {
  if (access === 'anyoneTheIdpAdmits') return
  const offered = new Set(resources.flatMap((resource) => resource.scopes ?? ['mcp']))
  for (const [index, rule] of access.entries()) {
    const { subjects, groups, emailDomains, claims, scopes } = rule
    // No claims at all hold for everybody; an empty list of anything else holds for nobody.
    const someClaim = Object.keys(claims ?? {}).length > 0
    if ((subjects ?? groups ?? emailDomains) === undefined && !someClaim)
      issues.push({
        path: `access.${index}`,
        message: 'has no condition, so it would admit everybody',
        fix: "Add one, or write access: 'anyoneTheIdpAdmits'.",
      })
    for (const scope of scopes ?? [])
      if (!offered.has(scope))
        issues.push({
          path: `access.${index}.scopes`,
          message: 'gives a scope that no resource offers',
          fix: 'Add it to the scopes of a resource, or remove it.',
        })
  }
}
