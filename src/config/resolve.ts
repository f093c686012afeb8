import * as v from 'valibot'
import { validateRedirectUri } from '../protocol/redirect-uri.ts'
import { ConfigError, type ConfigIssue } from './config-error.ts'
import { IDP_PRESETS } from './idp-presets.ts'
import type { Access, InProcessServer, PosternOptions, StaticClientOptions } from './options.ts'
import { OptionsSchema } from './schema.ts'
import { parseSecret } from './secret.ts'
import { isSupportedSigningJwk } from './signing-jwk.ts'
import { checkAccess, checkResources, checkUrl } from './checks.ts'

export interface Resource {
  url: string
  upstream: string | InProcessServer
  name: string
  scopes: readonly string[]
  requiredScopes: readonly string[]
}

/** The configuration after checks, with every default filled in. */
export interface Config {
  /** Own origin: no path, no trailing slash; one string everywhere (RFC 8414 §3.3). */
  issuer: string
  resources: readonly [Resource, ...Resource[]]
  identityProvider: {
    issuer: string
    clientId: string
    clientSecret?: string
    tokenEndpointAuthMethod: 'none' | 'client_secret_basic' | 'client_secret_post'
    scopes: readonly string[]
    authorizationParameters: Readonly<Record<string, string>>
    groupsClaim: string
    refreshTokens: 'rotating' | 'unrotated' | 'unknown'
    timeoutSeconds: number
    requestsPerSecond: number
  }
  access: Access
  secrets: readonly Uint8Array<ArrayBuffer>[]
  retiredSecrets: readonly Uint8Array<ArrayBuffer>[]
  signingKeys: readonly JsonWebKey[]
  redirectUris: readonly string[]
  staticClients: readonly StaticClientOptions[]
  lifetimes: {
    accessTokenSeconds: number
    refreshTokenIdleSeconds: number
    refreshTokenAbsoluteSeconds: number
    sessionSecondsWithoutRefresh: number
  }
  revokeBefore: {
    all: number
    subjects: Readonly<Record<string, number>>
    clients: Readonly<Record<string, number>>
  }
  forwardGroups: readonly string[]
  allowedOrigins: ReadonlySet<string>
  allowedHosts: ReadonlySet<string>
  maxBodyBytes: number
}

const DAY = 24 * 60 * 60

/** Checks the options and fills in defaults. Throws one ConfigError with all problems. */
export function resolveConfig(options: PosternOptions): Config {
  const parsed = v.safeParse(OptionsSchema, options)
  const issues: ConfigIssue[] = parsed.success ? [] : parsed.issues.map(describeSchemaIssue)
  // What has the right form is checked further even when something else has not: all at once.
  const broken = new Set(issues.map((issue) => issue.path.split('.')[0]))
  const sound = (key: keyof PosternOptions): boolean => !broken.has('options') && !broken.has(key)

  const secrets = sound('secrets') ? readSecrets('secrets', options.secrets, issues) : []
  const retiredSecrets = sound('retiredSecrets')
    ? readSecrets('retiredSecrets', options.retiredSecrets ?? [], issues)
    : []
  if (sound('resources')) checkResources(options.resources, issues)
  if (sound('access') && sound('resources')) checkAccess(options.access, options.resources, issues)
  if (sound('identityProvider')) checkIdentityProvider(options, issues)
  if (sound('clients')) checkClients(options, issues)
  if (sound('lifetimes')) checkLifetimes(options, issues)
  if (sound('allowedOrigins'))
    for (const [index, origin] of (options.allowedOrigins ?? []).entries())
      if (!URL.canParse(origin) || new URL(origin).origin !== origin)
        issues.push({
          path: `allowedOrigins.${index}`,
          message: 'is not an origin',
          fix: 'Write scheme, host and port only, for instance https://inspector.example.com.',
        })
  if (sound('signingKeys'))
    for (const [index, jwk] of (options.signingKeys ?? []).entries())
      if (!isSupportedSigningJwk(jwk))
        issues.push({
          path: `signingKeys.${index}`,
          message: 'is not a private Ed25519, EC P-256 or RSA key of at least 2048 bits',
          fix: 'Give a private JWK of one of these kinds, or leave signingKeys out.',
        })
  if (issues.length > 0) throw new ConfigError(issues)
  return fillIn(options, secrets, retiredSecrets)
}

function fillIn(
  options: PosternOptions,
  secrets: Uint8Array<ArrayBuffer>[],
  retiredSecrets: Uint8Array<ArrayBuffer>[],
): Config {
  const resources = options.resources.map((resource) => ({
    url: resource.url,
    upstream: resource.upstream,
    name: resource.name ?? new URL(resource.url).host,
    scopes: resource.scopes ?? ['mcp'],
    requiredScopes: resource.requiredScopes ?? [],
  }))
  const [first, ...others] = resources
  if (first === undefined) throw new TypeError('resources were checked to be non-empty')
  const issuer = new URL(first.url).origin
  const idp = options.identityProvider
  const preset = IDP_PRESETS[presetOf(options)]
  return {
    issuer,
    resources: [first, ...others],
    identityProvider: {
      issuer: idp.issuer,
      clientId: idp.clientId,
      ...(idp.clientSecret === undefined ? {} : { clientSecret: idp.clientSecret }),
      tokenEndpointAuthMethod:
        idp.clientSecret === undefined
          ? 'none'
          : (idp.tokenEndpointAuthMethod ?? 'client_secret_basic'),
      scopes: [...new Set(['openid', ...(idp.scopes ?? preset.scopes)])],
      authorizationParameters: idp.authorizationParameters ?? {},
      groupsClaim: idp.groupsClaim ?? preset.groupsClaim,
      refreshTokens: idp.refreshTokens ?? preset.refreshTokens,
      timeoutSeconds: idp.timeoutSeconds ?? 8,
      requestsPerSecond: idp.requestsPerSecond ?? 100,
    },
    access: options.access,
    secrets,
    retiredSecrets,
    signingKeys: options.signingKeys ?? [],
    redirectUris: options.clients?.redirectUris ?? [],
    staticClients: options.clients?.static ?? [],
    lifetimes: {
      accessTokenSeconds: 900,
      refreshTokenIdleSeconds: 7 * DAY,
      refreshTokenAbsoluteSeconds: 30 * DAY,
      sessionSecondsWithoutRefresh: 3600,
      ...options.lifetimes,
    },
    revokeBefore: {
      all: options.revokeBefore?.all ?? 0,
      subjects: options.revokeBefore?.subjects ?? {},
      clients: options.revokeBefore?.clients ?? {},
    },
    forwardGroups: options.forwardGroups ?? [],
    allowedOrigins: new Set([issuer, ...(options.allowedOrigins ?? [])]),
    allowedHosts: new Set(
      [new URL(issuer).host, ...(options.allowedHosts ?? [])].map((host) => host.toLowerCase()),
    ),
    maxBodyBytes: options.maxBodyBytes ?? 16 * 1024 * 1024,
  }
}

function presetOf(options: PosternOptions): 'cognito' | 'generic' {
  const { preset, issuer } = options.identityProvider
  return preset ?? (IDP_PRESETS.cognito.issuer.test(issuer) ? 'cognito' : 'generic')
}

function describeSchemaIssue(issue: v.BaseIssue<unknown>): ConfigIssue {
  const path = v.getDotPath(issue) ?? 'options'
  const missing = issue.received === 'undefined'
  if (path === 'access')
    return {
      path,
      message: missing ? 'is missing' : 'is not a list of rules',
      fix: "Say who may sign in: a list of rules, or 'anyoneTheIdpAdmits'.",
    }
  if (path === 'secrets')
    return {
      path,
      message: missing ? 'is missing' : 'needs at least one secret',
      fix: 'Make one with `postern secret`.',
    }
  if (issue.type === 'strict_object' && issue.expected === 'never')
    return { path, message: 'is not an option', fix: 'Remove it, or check its spelling.' }
  return {
    path,
    message: missing ? 'is missing' : 'has the wrong form',
    // Names types and limits only; the value itself might be a secret.
    fix: `It must be ${issue.expected ?? 'of another form'}.`,
  }
}

function readSecrets(
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

function checkIdentityProvider(options: PosternOptions, issues: ConfigIssue[]): void {
  const { issuer, refreshTokens, clientSecret, tokenEndpointAuthMethod } = options.identityProvider
  checkUrl('identityProvider.issuer', issuer, issues)
  if (tokenEndpointAuthMethod !== undefined && clientSecret === undefined)
    issues.push({
      path: 'identityProvider.tokenEndpointAuthMethod',
      message: 'is set, but there is no clientSecret',
      fix: 'Give the secret, or leave the method out for a public client.',
    })
  const unrotated = (refreshTokens ?? IDP_PRESETS[presetOf(options)].refreshTokens) === 'unrotated'
  const production = (options.environment ?? 'production') === 'production'
  if (unrotated && production && options.dangerouslyAllowUnrotatedRefreshTokens !== true)
    issues.push({
      path: 'identityProvider.refreshTokens',
      message:
        'this identity provider does not rotate refresh tokens, so a stolen one stays usable',
      fix: "Turn rotation on at the identity provider and set 'rotating', or set dangerouslyAllowUnrotatedRefreshTokens.",
    })
}

function checkClients(options: PosternOptions, issues: ConfigIssue[]): void {
  const lists = [
    { path: 'clients.redirectUris', uris: options.clients?.redirectUris ?? [] },
    ...(options.clients?.static ?? []).map((client, index) => ({
      path: `clients.static.${index}.redirectUris`,
      uris: client.redirectUris,
    })),
  ]
  for (const { path, uris } of lists)
    for (const [index, uri] of uris.entries()) {
      const valid = validateRedirectUri(uri)
      if (!valid.ok)
        issues.push({
          path: `${path}.${index}`,
          message: 'detail' in valid.failure ? valid.failure.detail : 'is not a redirect URI',
          fix: 'Write the whole URI exactly as the client sends it.',
        })
    }
  for (const [index, { clientId }] of (options.clients?.static ?? []).entries())
    if (!/^[A-Za-z0-9._~-]{1,128}$/.test(clientId))
      issues.push({
        path: `clients.static.${index}.clientId`,
        message: 'has characters that Basic authentication encodes in two ways, or is too long',
        fix: 'Use at most 128 letters, digits and . _ ~ - only.',
      })
}

function checkLifetimes(options: PosternOptions, issues: ConfigIssue[]): void {
  const idle = options.lifetimes?.refreshTokenIdleSeconds ?? 7 * DAY
  const absolute = options.lifetimes?.refreshTokenAbsoluteSeconds ?? 30 * DAY
  if (idle > absolute)
    issues.push({
      path: 'lifetimes.refreshTokenIdleSeconds',
      message: 'is longer than refreshTokenAbsoluteSeconds',
      fix: 'Shorten it, or lengthen the absolute lifetime.',
    })
}
