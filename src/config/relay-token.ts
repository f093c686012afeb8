import * as v from 'valibot'
import { checkUrl } from './checks.ts'
import { ConfigError } from './config-error.ts'
import { checkForm } from './form.ts'
import { acceptedHosts, type GateConfig } from './gate-config.ts'
import type { RelayTokenOptions } from './options.ts'
import { Seconds, Text, Texts } from './schema-parts.ts'

/** The token endpoint of relay mode after checks, with every default filled in. */
export interface RelayTokenConfig extends Pick<GateConfig, 'issuer' | 'allowedHosts'> {
  resource: string
  resourceParameter: 'forward' | 'strip'
  clientId: string
  clientSecret?: string
  sharesClientSecret: boolean
  tokenEndpoint: string
  revocationEndpoint?: string
  timeoutSeconds: number
}

// Not strict, because the options of the whole relay will do.
const Options: v.GenericSchema = v.object({
  url: Text,
  allowedHosts: v.optional(Texts),
  resourceParameter: v.optional(v.picklist(['forward', 'strip'])),
  identityProvider: v.object({
    clientId: Text,
    clientSecret: v.optional(Text),
    tokenEndpoint: Text,
    revocationEndpoint: v.optional(Text),
    timeoutSeconds: v.optional(Seconds),
  }),
  dangerouslyShareClientSecret: v.optional(v.boolean()),
})

/** Checks the options and fills in defaults. Throws one ConfigError with all problems. */
export function resolveRelayToken(options: RelayTokenOptions): RelayTokenConfig {
  const { issues, sound } = checkForm(Options, options)
  if (sound('url')) checkUrl('url', options.url, issues)
  if (sound('identityProvider'))
    for (const endpoint of ['tokenEndpoint', 'revocationEndpoint'] as const) {
      const url = options.identityProvider[endpoint]
      if (url !== undefined) checkUrl(`identityProvider.${endpoint}`, url, issues)
    }
  if (issues.length > 0) throw new ConfigError(issues)
  const { clientId, clientSecret, tokenEndpoint, revocationEndpoint, timeoutSeconds } =
    options.identityProvider
  if (tokenEndpoint === undefined) throw new TypeError('tokenEndpoint was checked to be there')
  return {
    issuer: new URL(options.url).origin,
    allowedHosts: acceptedHosts(options.url, options.allowedHosts),
    resource: options.url,
    resourceParameter: options.resourceParameter ?? 'strip',
    clientId,
    ...(clientSecret === undefined ? {} : { clientSecret }),
    sharesClientSecret: options.dangerouslyShareClientSecret === true,
    tokenEndpoint,
    ...(revocationEndpoint === undefined ? {} : { revocationEndpoint }),
    timeoutSeconds: timeoutSeconds ?? 8,
  }
}
