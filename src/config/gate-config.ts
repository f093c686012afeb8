import { resolveBranding, type Branding } from './branding.ts'
import type { InProcessServer, PosternOptions, ResourceOptions } from './options.ts'

export interface Resource {
  url: string
  upstream: string | InProcessServer
  name: string
  scopes: readonly string[]
  requiredScopes: readonly string[]
}

/** What a gate must know, whoever issues the tokens. */
export interface GateConfig {
  /** Own origin: no path, no trailing slash; one string everywhere (RFC 8414 §3.3). */
  issuer: string
  resources: readonly [Resource, ...Resource[]]
  revokeBefore: {
    all: number
    subjects: Readonly<Record<string, number>>
    clients: Readonly<Record<string, number>>
  }
  allowedOrigins: ReadonlySet<string>
  allowedHosts: ReadonlySet<string>
  maxBodyBytes: number
  branding: Branding
}

type GateOptions = Pick<
  PosternOptions,
  'revokeBefore' | 'allowedOrigins' | 'allowedHosts' | 'maxBodyBytes' | 'branding'
>

/** Fills in defaults of options that have been checked. */
export function fillInGate(
  options: GateOptions,
  resourceOptions: readonly ResourceOptions[],
): GateConfig {
  const [first, ...others] = resourceOptions.map((resource) => ({
    url: resource.url,
    upstream: resource.upstream,
    name: resource.name ?? new URL(resource.url).host,
    scopes: resource.scopes ?? ['mcp'],
    requiredScopes: resource.requiredScopes ?? [],
  }))
  if (first === undefined) throw new TypeError('resources were checked to be non-empty')
  const { origin } = new URL(first.url)
  return {
    issuer: origin,
    resources: [first, ...others],
    revokeBefore: {
      all: options.revokeBefore?.all ?? 0,
      subjects: options.revokeBefore?.subjects ?? {},
      clients: options.revokeBefore?.clients ?? {},
    },
    allowedOrigins: new Set([origin, ...(options.allowedOrigins ?? [])]),
    allowedHosts: acceptedHosts(first.url, options.allowedHosts),
    maxBodyBytes: options.maxBodyBytes ?? 16 * 1024 * 1024,
    branding: resolveBranding(options.branding, origin),
  }
}

/** Values of `Host` under which a resource is served. */
export function acceptedHosts(url: string, others: readonly string[] = []): ReadonlySet<string> {
  return new Set([new URL(url).host, ...others].map((host) => host.toLowerCase()))
}
