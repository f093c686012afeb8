import * as v from 'valibot'
import { checkBranding } from './branding.ts'
import { checkOrigins, checkResource } from './checks.ts'
import { ConfigError } from './config-error.ts'
import { checkForm } from './form.ts'
import { fillInGate, type GateConfig } from './gate-config.ts'
import type { ResourceServerOptions } from './options.ts'
import { checkJwks, type PublicJwk } from './public-jwk.ts'
import { GATE_ENTRIES, JwksSchema, Text, Texts } from './schema-parts.ts'

const Options: v.GenericSchema = v.strictObject({
  url: Text,
  upstream: v.optional(v.union([Text, v.function()])),
  name: v.optional(Text),
  scopes: v.optional(Texts),
  requiredScopes: v.optional(Texts),
  jwks: JwksSchema,
  ...GATE_ENTRIES,
})

/** Checks the options and fills in defaults. Throws one ConfigError with all problems. */
export function resolveResourceServer(options: ResourceServerOptions): {
  config: GateConfig
  jwks: PublicJwk[]
} {
  const { issues, sound } = checkForm(Options, options)
  if (['url', 'scopes', 'requiredScopes'].every(sound)) checkResource(options, '', issues)
  if (sound('upstream') && typeof (options.upstream as unknown) === 'string')
    issues.push({
      path: 'upstream',
      message: 'is a URL, and a gate that forwards needs private keys',
      fix: 'Give a function in this process, or run createPostern, which has the secrets.',
    })
  if (sound('allowedOrigins')) checkOrigins(options.allowedOrigins, issues)
  if (sound('branding')) checkBranding(options.branding, issues)
  const jwks = sound('jwks') ? checkJwks('jwks', options.jwks, issues) : []
  if (issues.length > 0) throw new ConfigError(issues)
  const upstream = options.upstream ?? notHere
  return { config: fillInGate(options, [{ ...options, upstream }]), jwks }
}

function notHere(): Response {
  return Response.json({ error: 'not_found' }, { status: 404 })
}
