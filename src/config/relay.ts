import * as v from 'valibot'
import { checkBranding } from './branding.ts'
import { presetOf, type IdentityProviderPreset } from './idp-presets.ts'
import {
  checkAccess,
  checkOrigins,
  checkRedirectUris,
  checkResource,
  checkSecrets,
  checkUrl,
} from './checks.ts'
import { ConfigError, type ConfigIssue } from './config-error.ts'
import { checkForm } from './form.ts'
import { fillInGate, type GateConfig } from './gate-config.ts'
import type { Access, RelayOptions } from './options.ts'
import { checkJwks, type PublicJwk } from './public-jwk.ts'
import { AccessSchema, GATE_ENTRIES, JwksSchema, Seconds, Text, Texts } from './schema-parts.ts'

/** Relay mode after checks, with every default filled in. */
export interface RelayConfig extends GateConfig {
  identityProvider: {
    issuer: string
    clientId: string
    authorizationEndpoint: string
    /** Whether `/revoke` leads anywhere. */
    revocation: boolean
    jwks: readonly PublicJwk[]
    groupsClaim: string
    preset: IdentityProviderPreset
  }
  /** The client secret that everybody is given; absent, there is none or it stays elsewhere. */
  sharedClientSecret?: string
  access: Access
  redirectUris: ReadonlySet<string>
  resourceParameter: 'forward' | 'strip'
  /** False: the MCP server is guarded elsewhere, and its path is not served here. */
  servesMcp: boolean
  /** Empty: nothing is forwarded. */
  secrets: readonly Uint8Array<ArrayBuffer>[]
  forwardGroups: readonly string[]
}

const Options: v.GenericSchema = v.strictObject({
  url: Text,
  upstream: v.optional(v.union([Text, v.function()])),
  name: v.optional(Text),
  scopes: v.pipe(Texts, v.minLength(1)),
  requiredScopes: v.optional(Texts),
  identityProvider: v.strictObject({
    issuer: Text,
    clientId: Text,
    clientSecret: v.optional(Text),
    preset: v.optional(v.picklist(['cognito', 'generic'])),
    authorizationEndpoint: Text,
    tokenEndpoint: v.optional(Text),
    revocationEndpoint: v.optional(Text),
    jwks: JwksSchema,
    advertisesIss: v.optional(v.boolean()),
    groupsClaim: v.optional(Text),
    timeoutSeconds: v.optional(Seconds),
  }),
  access: AccessSchema,
  redirectUris: v.pipe(Texts, v.minLength(1)),
  resourceParameter: v.optional(v.picklist(['forward', 'strip'])),
  tokenPath: v.optional(v.picklist(['edge', 'function'])),
  secrets: v.optional(v.pipe(v.array(v.string()), v.minLength(1))),
  forwardGroups: v.optional(Texts),
  dangerouslyShareClientSecret: v.optional(v.boolean()),
  ...GATE_ENTRIES,
})

/** Checks the options and fills in defaults. Throws one ConfigError with all problems. */
export function resolveRelay(options: RelayOptions): RelayConfig {
  const { issues, sound } = checkForm(Options, options)
  if (['url', 'upstream', 'scopes', 'requiredScopes'].every(sound))
    checkResource(options, '', issues)
  if (sound('access') && sound('scopes')) checkAccess(options.access, [options], issues)
  if (sound('redirectUris')) checkRedirectUris('redirectUris', options.redirectUris, issues)
  if (sound('allowedOrigins')) checkOrigins(options.allowedOrigins, issues)
  if (sound('branding')) checkBranding(options.branding, issues)
  if (sound('identityProvider')) checkIdentityProvider(options, issues)
  if (sound('identityProvider') && sound('access')) checkEmailRules(options, issues)
  const secrets = sound('secrets') ? checkSecrets('secrets', options.secrets ?? [], issues) : []
  if (sound('upstream') && typeof options.upstream === 'string' && options.secrets === undefined)
    issues.push({
      path: 'upstream',
      message: 'is a URL, and a gate that forwards needs secrets of its own',
      fix: 'Give secrets, or a function in this process.',
    })
  const jwks = sound('identityProvider')
    ? checkJwks('identityProvider.jwks', options.identityProvider.jwks, issues)
    : []
  if (issues.length > 0) throw new ConfigError(issues)
  return fillIn(options, jwks, secrets)
}

function fillIn(
  options: RelayOptions,
  jwks: readonly PublicJwk[],
  secrets: readonly Uint8Array<ArrayBuffer>[],
): RelayConfig {
  const { identityProvider: idp, dangerouslyShareClientSecret } = options
  const preset = presetOf(idp)
  const upstream = options.upstream ?? (() => new Response(null, { status: 404 }))
  return {
    ...fillInGate(options, [{ ...options, upstream }]),
    identityProvider: {
      issuer: idp.issuer,
      clientId: idp.clientId,
      authorizationEndpoint: idp.authorizationEndpoint,
      revocation: idp.revocationEndpoint !== undefined,
      jwks,
      groupsClaim: idp.groupsClaim ?? preset.groupsClaim,
      preset,
    },
    ...(dangerouslyShareClientSecret === true && idp.clientSecret !== undefined
      ? { sharedClientSecret: idp.clientSecret }
      : {}),
    access: options.access,
    redirectUris: new Set(options.redirectUris),
    resourceParameter: options.resourceParameter ?? 'strip',
    servesMcp: options.upstream !== undefined,
    secrets,
    forwardGroups: options.forwardGroups ?? [],
  }
}

function checkIdentityProvider(options: RelayOptions, issues: ConfigIssue[]): void {
  const { identityProvider: idp, tokenPath, dangerouslyShareClientSecret } = options
  checkUrl('identityProvider.issuer', idp.issuer, issues)
  for (const endpoint of ['authorizationEndpoint', 'tokenEndpoint', 'revocationEndpoint'] as const)
    if (idp[endpoint] !== undefined) checkUrl(`identityProvider.${endpoint}`, idp[endpoint], issues)
  if (idp.advertisesIss === true)
    issues.push({
      path: 'identityProvider.advertisesIss',
      message:
        'sends `iss` with its answers (RFC 9207), which clients compare with the issuer of this server',
      fix: 'Use broker mode (createPostern), where clients get answers of this server only.',
    })
  if (idp.clientSecret === undefined && dangerouslyShareClientSecret === true)
    issues.push({
      path: 'dangerouslyShareClientSecret',
      message: 'is set, but there is no clientSecret',
      fix: 'Remove it: a public client has nothing to share.',
    })
  if (idp.clientSecret !== undefined && tokenPath !== 'function' && !dangerouslyShareClientSecret)
    issues.push({
      path: 'identityProvider.clientSecret',
      message: 'could only be of use if whoever registers were given it',
      fix: "Use a public client, let the edge add the secret, set tokenPath to 'function', or set dangerouslyShareClientSecret.",
    })
}

function checkEmailRules(options: RelayOptions, issues: ConfigIssue[]): void {
  if (options.access === 'anyoneTheIdpAdmits') return
  if (presetOf(options.identityProvider).emailInAccessToken) return
  for (const [index, rule] of options.access.entries())
    if (rule.emailDomains !== undefined)
      issues.push({
        path: `access.${index}.emailDomains`,
        message:
          'looks at e-mail addresses, which access tokens of this identity provider do not have',
        fix: 'Use groups or subjects, or broker mode, which sees the ID token.',
      })
}
