import { parseArgs } from 'node:util'
import type { Access, AccessRule, PosternOptions } from '../config/options.ts'
import { UsageError } from './usage-error.ts'

/** What was typed, not yet checked: `serve` demands what is missing, `dev` puts a demo part there. */
export interface Flags {
  mcpUrl?: string
  upstream?: string
  idp?: string
  clientId?: string
  clientSecretEnv?: string
  scopes?: string[]
  idpScopes?: string[]
  idpRefreshTokens?: 'rotating' | 'unrotated' | 'unknown'
  access?: Access
  redirectUris?: string[]
  allowedOrigins?: string[]
  listen?: { host?: string; port: number }
  config?: string
  json: boolean
  logLevel: string
  dangerouslyAllowUnrotatedRefreshTokens: boolean
}

export const FLAGS_HELP = `  --upstream URL              the MCP server
  --idp ISSUER                the identity provider's OpenID issuer
  --client-id ID              Postern's client there
  --client-secret-env NAME    environment variable with that client's secret
  --scope S                   a scope clients may hold (repeatable; default mcp)
  --idp-scope S               a scope to ask of the identity provider (repeatable)
  --idp-refresh-tokens HOW    rotating, unrotated or unknown
  --access RULE               who may sign in (repeatable; any one admits):
                                anyone-the-idp-admits, subject:SUB, group:NAME,
                                email-domain:DOMAIN, claim:NAME=VALUE
  --redirect-uri URI          allow this redirect URI too (repeatable)
  --allow-origin ORIGIN       let this browser origin call the MCP endpoint (repeatable)
  --listen [HOST:]PORT        default 127.0.0.1:7420
  --json                      one JSON line when ready
  --log-level LEVEL           debug, info, warn, error or silent (default info)
  --dangerously-allow-unrotated-refresh-tokens
`

export function parseFlags(args: string[]): Flags {
  const { values, positionals } = parse(args)
  if (positionals.length > 1)
    throw new UsageError(`one MCP URL is enough: ${positionals.join(' ')}`)
  if (values.port !== undefined && values.listen !== undefined)
    throw new UsageError('--port and --listen say the same thing: give one')
  const [mcpUrl] = positionals
  return {
    ...(mcpUrl === undefined ? {} : { mcpUrl }),
    ...pick('upstream', values.upstream),
    ...pick('idp', values.idp),
    ...pick('clientId', values['client-id']),
    ...pick('clientSecretEnv', values['client-secret-env']),
    ...pick('scopes', values.scope),
    ...pick('idpScopes', values['idp-scope']),
    ...pick('idpRefreshTokens', parseRotation(values['idp-refresh-tokens'])),
    ...pick('access', parseAccess(values.access)),
    ...pick('redirectUris', values['redirect-uri']),
    ...pick('allowedOrigins', values['allow-origin']),
    ...pick('listen', parseListen(values.listen ?? values.port)),
    ...pick('config', values.config),
    json: values.json ?? false,
    logLevel: parseLogLevel(values['log-level']),
    dangerouslyAllowUnrotatedRefreshTokens:
      values['dangerously-allow-unrotated-refresh-tokens'] ?? false,
  }
}

// The inferred type of parseArgs is the type of the flags: written out it would say nothing more.
type Parsed = ReturnType<typeof parse>

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        upstream: { type: 'string' },
        idp: { type: 'string' },
        'client-id': { type: 'string' },
        'client-secret-env': { type: 'string' },
        scope: { type: 'string', multiple: true },
        'idp-scope': { type: 'string', multiple: true },
        'idp-refresh-tokens': { type: 'string' },
        access: { type: 'string', multiple: true },
        'redirect-uri': { type: 'string', multiple: true },
        'allow-origin': { type: 'string', multiple: true },
        listen: { type: 'string' },
        port: { type: 'string' },
        config: { type: 'string' },
        json: { type: 'boolean' },
        'log-level': { type: 'string' },
        'dangerously-allow-unrotated-refresh-tokens': { type: 'boolean' },
      },
    })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'the options cannot be read')
  }
}

function pick<K extends keyof Flags>(key: K, value: Flags[K] | undefined): Pick<Flags, K> | object {
  return value === undefined ? {} : { [key]: value }
}

function parseAccess(rules: Parsed['values']['access']): Access | undefined {
  if (rules === undefined) return undefined
  if (rules.includes('anyone-the-idp-admits')) {
    if (rules.length > 1)
      throw new UsageError('--access anyone-the-idp-admits makes the other rules pointless')
    return 'anyoneTheIdpAdmits'
  }
  return rules.map(parseAccessRule)
}

function parseAccessRule(rule: string): AccessRule {
  const [, kind, value = ''] = /^(subject|group|email-domain|claim):(.+)$/.exec(rule) ?? []
  if (kind === 'subject') return { subjects: [value] }
  if (kind === 'group') return { groups: [value] }
  if (kind === 'email-domain') return { emailDomains: [value] }
  const [, name, wanted] = (kind === 'claim' ? /^([^=]+)=(.+)$/.exec(value) : null) ?? []
  if (name !== undefined && wanted !== undefined) return { claims: { [name]: [wanted] } }
  throw new UsageError(
    `--access ${JSON.stringify(rule)} is not a rule: use anyone-the-idp-admits, subject:SUB, group:NAME, email-domain:DOMAIN or claim:NAME=VALUE`,
  )
}

function parseRotation(value: string | undefined): Flags['idpRefreshTokens'] {
  if (value === undefined) return undefined
  if (value === 'rotating' || value === 'unrotated' || value === 'unknown') return value
  throw new UsageError('--idp-refresh-tokens must be rotating, unrotated or unknown')
}

function parseLogLevel(value: string | undefined): string {
  if (value === undefined) return 'info'
  if (['debug', 'info', 'warn', 'error', 'silent'].includes(value)) return value
  throw new UsageError('--log-level must be debug, info, warn, error or silent')
}

export function parseListen(value: string | undefined): Flags['listen'] {
  if (value === undefined) return undefined
  const match = /^(?:(\[[0-9a-f:]+\]|[^:\s]+):)?(\d{1,5})$/i.exec(value)
  const port = Number(match?.[2] ?? 0)
  if (match === null || port < 1 || port > 65535)
    throw new UsageError(`${JSON.stringify(value)} is not [HOST:]PORT with a port from 1 to 65535`)
  const host = match[1]?.replace(/^\[|\]$/g, '')
  return host === undefined ? { port } : { host, port }
}

/** The options that flags and environment amount to. What is missing stays missing. */
export function toOptions(
  flags: Flags,
  environment: NodeJS.ProcessEnv,
): Partial<PosternOptions> & Pick<PosternOptions, 'identityProvider' | 'resources'> {
  const secret =
    flags.clientSecretEnv === undefined ? undefined : environment[flags.clientSecretEnv]
  if (flags.clientSecretEnv !== undefined && (secret ?? '') === '')
    throw new UsageError(`--client-secret-env: the variable ${flags.clientSecretEnv} is not set`)
  const secrets = environment['POSTERN_SECRET']?.split(',')
  const retired = environment['POSTERN_SECRET_RETIRED']?.split(',')
  // A missing part is `undefined` here, and the check of the whole configuration names it.
  const resource = {
    url: flags.mcpUrl,
    upstream: flags.upstream,
    ...(flags.scopes === undefined ? {} : { scopes: flags.scopes }),
  }
  const identityProvider = {
    issuer: flags.idp,
    clientId: flags.clientId,
    ...(secret === undefined ? {} : { clientSecret: secret }),
    ...(flags.idpScopes === undefined ? {} : { scopes: flags.idpScopes }),
    ...(flags.idpRefreshTokens === undefined ? {} : { refreshTokens: flags.idpRefreshTokens }),
  }
  return {
    resources: [resource as PosternOptions['resources'][number]],
    identityProvider: identityProvider as PosternOptions['identityProvider'],
    ...(flags.access === undefined ? {} : { access: flags.access }),
    ...(secrets === undefined ? {} : { secrets }),
    ...(retired === undefined ? {} : { retiredSecrets: retired }),
    ...(flags.redirectUris === undefined ? {} : { clients: { redirectUris: flags.redirectUris } }),
    ...(flags.allowedOrigins === undefined ? {} : { allowedOrigins: flags.allowedOrigins }),
    ...(flags.dangerouslyAllowUnrotatedRefreshTokens
      ? { dangerouslyAllowUnrotatedRefreshTokens: true }
      : {}),
  }
}
