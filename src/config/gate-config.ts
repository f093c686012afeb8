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
}

type GateOptions = Pick<
  PosternOptions,
  'revokeBefore' | 'allowedOrigins' | 'allowedHosts' | 'maxBodyBytes'
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
  const { origin, host } = new URL(first.url)
  return {
    issuer: origin,
    resources: [first, ...others],
    revokeBefore: {
      all: options.revokeBefore?.all ?? 0,
      subjects: options.revokeBefore?.subjects ?? {},
      clients: options.revokeBefore?.clients ?? {},
    },
    allowedOrigins: new Set([origin, ...(options.allowedOrigins ?? [])]),
    allowedHosts: new Set(
      [host, ...(options.allowedHosts ?? [])].map((allowed) => allowed.toLowerCase()),
    ),
    maxBodyBytes: options.maxBodyBytes ?? 16 * 1024 * 1024,
  }
}
