import { checkBranding } from './branding.ts'
import {
  checkAccess,
  checkDomains,
  checkOrigins,
  checkRedirectUris,
  checkResources,
  checkSecrets,
  checkUrl,
} from './checks.ts'
import { ConfigError, type ConfigIssue } from './config-error.ts'
import { checkForm } from './form.ts'
import { fillInGate, type GateConfig } from './gate-config.ts'
import { presetOf } from './idp-presets.ts'
import type { Access, PosternOptions, StaticClientOptions } from './options.ts'
import { OptionsSchema } from './schema.ts'
import { isSupportedSigningJwk } from './signing-jwk.ts'

/** The configuration after checks, with every default filled in. */
export interface Config extends GateConfig {
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
  metadataDocuments: { enabled: boolean; allowedDomains?: readonly string[] }
  lifetimes: {
    accessTokenSeconds: number
    refreshTokenIdleSeconds: number
    refreshTokenAbsoluteSeconds: number
    sessionSecondsWithoutRefresh: number
  }
  forwardGroups: readonly string[]
}

const DAY = 24 * 60 * 60

/** Checks the options and fills in defaults. Throws one ConfigError with all problems. */
export function resolveConfig(options: PosternOptions): Config {
  const { issues, sound } = checkForm(OptionsSchema, options)

  const secrets = sound('secrets') ? checkSecrets('secrets', options.secrets, issues) : []
  const retiredSecrets = sound('retiredSecrets')
    ? checkSecrets('retiredSecrets', options.retiredSecrets ?? [], issues)
    : []
  if (sound('resources')) checkResources(options.resources, issues)
  if (sound('access') && sound('resources')) checkAccess(options.access, options.resources, issues)
  if (sound('identityProvider')) checkIdentityProvider(options, issues)
  if (sound('clients')) checkClients(options, issues)
  if (sound('lifetimes')) checkLifetimes(options, issues)
  if (sound('allowedOrigins')) checkOrigins(options.allowedOrigins, issues)
  if (sound('branding')) checkBranding(options.branding, issues)
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
  const idp = options.identityProvider
  const preset = presetOf(options.identityProvider)
  return {
    ...fillInGate(options, options.resources),
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
    metadataDocuments:
      options.clients?.metadataDocuments === false
        ? { enabled: false }
        : { enabled: true, ...options.clients?.metadataDocuments },
    lifetimes: {
      accessTokenSeconds: 900,
      refreshTokenIdleSeconds: 7 * DAY,
      refreshTokenAbsoluteSeconds: 30 * DAY,
      sessionSecondsWithoutRefresh: 3600,
      ...options.lifetimes,
    },
    forwardGroups: options.forwardGroups ?? [],
  }
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
  const unrotated =
    (refreshTokens ?? presetOf(options.identityProvider).refreshTokens) === 'unrotated'
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
  for (const { path, uris } of lists) checkRedirectUris(path, uris, issues)
  const { metadataDocuments } = options.clients ?? {}
  const domains = metadataDocuments === false ? [] : (metadataDocuments?.allowedDomains ?? [])
  checkDomains('clients.metadataDocuments.allowedDomains', domains, issues)
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
