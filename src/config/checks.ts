import { PATHS } from '../protocol/metadata.ts'
import { normalizeResource } from '../protocol/resource.ts'
import { validateRedirectUri } from '../protocol/redirect-uri.ts'
import { isScopeToken } from '../protocol/scope.ts'
import type { ConfigIssue } from './config-error.ts'
import type { Access, ResourceOptions } from './options.ts'
import { parseSecret } from './secret.ts'

const RESERVED_PATHS: ReadonlySet<string> = new Set(Object.values(PATHS))
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
  for (const [index, resource] of resources.entries()) {
    const path = `resources.${index}.`
    checkResource(resource, path, issues)
    if (URL.canParse(resource.url)) origins.add(new URL(resource.url).origin)
    const normal = normalizeResource(resource.url) ?? ''
    if (seen.has(normal))
      issues.push({ path: `${path}url`, message: 'is listed twice', fix: 'Remove one.' })
    seen.add(normal)
  }
  if (origins.size > 1)
    issues.push({
      path: 'resources',
      message: 'are on several origins',
      fix: 'Run one Postern per origin: clients want all endpoints on the MCP URL’s own.',
    })
}

/** `prefix` is what stands before the names of the options: `resources.0.`, or nothing. */
export function checkResource(
  resource: Omit<ResourceOptions, 'upstream'> & { upstream?: ResourceOptions['upstream'] },
  prefix: string,
  issues: ConfigIssue[],
): void {
  const url = checkUrl(`${prefix}url`, resource.url, issues)
  if (url !== undefined) {
    if (resource.url !== `${url.origin}${url.pathname}`.replace(/\/$/, ''))
      issues.push({
        path: `${prefix}url`,
        message: 'is not in canonical form',
        fix: `Write ${`${url.origin}${url.pathname}`.replace(/\/$/, '')}, and let people paste exactly that.`,
      })
    if (RESERVED_PATHS.has(url.pathname) || url.pathname.startsWith('/.well-known/'))
      issues.push({
        path: `${prefix}url`,
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
      path: `${prefix}upstream`,
      message: 'is not an http or https URL without user information and query',
      fix: 'Write the MCP server’s own URL, for instance http://127.0.0.1:3000/mcp.',
    })
  const scopes = resource.scopes ?? ['mcp']
  for (const scope of [...scopes, ...(resource.requiredScopes ?? [])])
    if (!isScopeToken(scope))
      issues.push({
        path: `${prefix}scopes`,
        message: 'has a scope with characters that a scope cannot have',
        fix: 'Use printable ASCII without space, quote and backslash.',
      })
  if (scopes.includes('offline_access'))
    issues.push({
      path: `${prefix}scopes`,
      message: 'offers offline_access, which makes clients ask for consent at the provider',
      fix: 'Remove it: refresh tokens are issued without it.',
    })
  for (const scope of resource.requiredScopes ?? [])
    if (!scopes.includes(scope))
      issues.push({
        path: `${prefix}requiredScopes`,
        message: 'requires a scope that the resource does not offer',
        fix: 'Add it to scopes.',
      })
}

export function checkOrigins(origins: readonly string[] | undefined, issues: ConfigIssue[]): void {
  for (const [index, origin] of (origins ?? []).entries())
    if (!URL.canParse(origin) || new URL(origin).origin !== origin)
      issues.push({
        path: `allowedOrigins.${index}`,
        message: 'is not an origin',
        fix: 'Write scheme, host and port only, for instance https://inspector.example.com.',
      })
}

/** Hosts of clients: `app.example.com`, `*.example.com`, `app.example.com:8443`. */
export function checkDomains(
  path: string,
  domains: readonly string[],
  issues: ConfigIssue[],
): void {
  for (const [index, domain] of domains.entries())
    if (!/^(?:\*\.)?(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*(?::\d{1,5})?$/.test(domain))
      issues.push({
        path: `${path}.${index}`,
        message: 'is not a host name',
        fix: 'Write it in lower case, without https:// and path, for instance app.example.com or *.example.com.',
      })
}

export function checkRedirectUris(
  path: string,
  uris: readonly string[],
  issues: ConfigIssue[],
): void {
  for (const [index, uri] of uris.entries()) {
    const valid = validateRedirectUri(uri)
    if (!valid.ok)
      issues.push({
        path: `${path}.${index}`,
        message: 'detail' in valid.failure ? valid.failure.detail : 'is not a redirect URI',
        fix: 'Write the whole URI exactly as the client sends it.',
      })
  }
}

/** The secrets' bytes. No issue repeats a secret. */
export function checkSecrets(
  path: 'secrets' | 'retiredSecrets',
  secrets: readonly string[],
  issues: ConfigIssue[],
): Uint8Array<ArrayBuffer>[] {
  return secrets.flatMap((secret, index) => {
    const read = parseSecret(secret)
    if ('bytes' in read) return [read.bytes]
    const fix = 'Make one with `postern secret`.'
    issues.push({ path: `${path}.${index}`, message: read.problem, fix })
    return []
  })
}

export function checkAccess(
  access: Access,
  resources: readonly Pick<ResourceOptions, 'scopes'>[],
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
