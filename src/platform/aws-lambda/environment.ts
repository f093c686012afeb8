import * as v from 'valibot'
import { BrandingSchema } from '../../config/branding.ts'
import { ConfigError, type ConfigIssue } from '../../config/config-error.ts'
import type { Access, BrandingOptions } from '../../config/options.ts'

/** The variables of a function, parsed. Which of them a function needs it says itself. */
export interface Environment {
  mode: 'relay' | 'broker'
  mcpUrl: string
  name: string
  scopes: string[]
  requiredScopes: string[]
  access: Access
  idpIssuer: string
  idpClientId: string
  idpDomain: string
  idpScopes: string[]
  redirectUris: string[]
  /** Empty: no client may come by a metadata document. */
  clientDomains: string[]
  resourceParameter: 'forward' | 'strip'
  tokenPath: 'edge' | 'function'
  jwks: { keys: (JsonWebKey & { kid: string; alg: string })[] }
  jwksUri: string
  originSecretHashes: string[]
  publicHost: string
  secretArn: string
  sharedClientSecret: string
  forwardGroups: string[]
  allowedOrigins: string[]
  branding: BrandingOptions
  redeployCommand: string
}

const Text = v.string()
const Words = v.pipe(
  v.string(),
  v.transform((text) => text.split(' ').filter((word) => word !== '')),
)
const Https = v.pipe(
  v.string(),
  v.regex(/^https:\/\//),
  v.check((url) => URL.canParse(url)),
)
const Json = v.pipe(Text, v.parseJson())
const Jwk = v.looseObject({ kty: v.string(), kid: v.string(), alg: v.string() })

const LIST = 'List them, separated by spaces.'

/** Name, form and cure of each. What the values mean together is checked by the core. */
const VARIABLES: {
  [K in keyof Environment]: readonly [
    name: string,
    schema: v.GenericSchema<string, Environment[K]>,
    fix: string,
  ]
} = {
  mode: ['POSTERN_MODE', v.picklist(['relay', 'broker']), 'Set it to relay or broker.'],
  mcpUrl: ['POSTERN_MCP_URL', Https, 'Set it to the public MCP URL, https://host/mcp.'],
  name: ['POSTERN_NAME', Text, 'Set it to what people are to read, or leave it out.'],
  scopes: ['POSTERN_SCOPES', Words, LIST],
  requiredScopes: ['POSTERN_REQUIRED_SCOPES', Words, LIST],
  access: [
    'POSTERN_ACCESS',
    v.union([
      v.literal('anyoneTheIdpAdmits'),
      v.pipe(
        Json,
        v.union([v.literal('anyoneTheIdpAdmits'), v.array(v.looseObject({}))]),
        // The rules themselves are checked by the core, which names the member that is wrong.
        v.transform((access) => access as Access),
      ),
    ]),
    'Write a list of rules as JSON, or anyoneTheIdpAdmits.',
  ],
  idpIssuer: ['POSTERN_IDP_ISSUER', Https, 'Set it to the issuer of the identity provider.'],
  idpClientId: ['POSTERN_IDP_CLIENT_ID', Text, 'Set it to the client’s id there.'],
  idpDomain: [
    'POSTERN_IDP_DOMAIN',
    v.pipe(Https, v.regex(/^https:\/\/[^/]+$/)),
    'Set it to the domain of the user pool, https:// and without a path.',
  ],
  idpScopes: ['POSTERN_IDP_SCOPES', Words, LIST],
  redirectUris: ['POSTERN_REDIRECT_URIS', Words, LIST],
  clientDomains: [
    'POSTERN_CLIENT_DOMAINS',
    v.pipe(
      Words,
      v.transform((domains) => (domains.join() === 'none' ? [] : domains)),
    ),
    'List hosts, separated by spaces, or write none.',
  ],
  resourceParameter: [
    'POSTERN_RESOURCE_PARAMETER',
    v.picklist(['forward', 'strip']),
    'Set it to forward or strip.',
  ],
  tokenPath: [
    'POSTERN_TOKEN_PATH',
    v.picklist(['edge', 'function']),
    'Set it to edge or function.',
  ],
  jwks: [
    'POSTERN_JWKS',
    // That they are public, and of use, the core checks.
    v.pipe(Json, v.object({ keys: v.array(Jwk) })),
    'Set it to the `jwks` that the keys function returns: public keys only.',
  ],
  jwksUri: ['POSTERN_JWKS_URI', Https, 'Set it to the jwks_uri of the identity provider.'],
  originSecretHashes: [
    'POSTERN_ORIGIN_SECRET_SHA256',
    v.pipe(
      v.string(),
      v.regex(/^[\w-]{43}(?:,[\w-]{43})?$/),
      v.transform((text) => text.split(',')),
    ),
    'Set it to the `originSecretSha256` that the keys function returns.',
  ],
  publicHost: [
    'POSTERN_PUBLIC_HOST',
    v.pipe(v.string(), v.regex(/^[a-z0-9.-]+(?::\d+)?$/)),
    'Set it to the host of the MCP URL, in lower case.',
  ],
  secretArn: [
    'POSTERN_SECRET_ARN',
    v.pipe(v.string(), v.regex(/^arn:\S+$/)),
    'Set it to the ARN of the secret.',
  ],
  sharedClientSecret: [
    'POSTERN_DANGEROUSLY_SHARED_CLIENT_SECRET',
    Text,
    'Leave it out, or set it to the secret that every client is to be given.',
  ],
  forwardGroups: ['POSTERN_FORWARD_GROUPS', Words, LIST],
  allowedOrigins: ['POSTERN_ALLOWED_ORIGINS', Words, LIST],
  branding: [
    'POSTERN_BRANDING',
    v.pipe(
      Json,
      BrandingSchema,
      v.transform((branding) => branding as BrandingOptions),
    ),
    'Write name, logo and colour as JSON, or leave it out.',
  ],
  redeployCommand: ['POSTERN_REDEPLOY_COMMAND', Text, 'Set it to the command that deploys again.'],
}

/** Variables as a process has them. */
export type Variables = Readonly<Record<string, string | undefined>>

/**
 * Reads the variables; an empty one counts as absent.
 * @throws ConfigError naming every variable that is missing or wrong, and no value.
 */
export function readEnvironment<K extends keyof Environment>(
  variables: Variables,
  required: readonly K[],
): Pick<Environment, K> & Partial<Environment> {
  const issues: ConfigIssue[] = []
  const entries = Object.entries(VARIABLES).flatMap(([key, [path, schema, fix]]) => {
    const text = variables[path] ?? ''
    if (text === '') {
      if (required.some((name) => name === key)) issues.push({ path, message: 'is missing', fix })
      return []
    }
    const parsed = v.safeParse(schema, text)
    if (parsed.success) return [[key, parsed.output]]
    issues.push({ path, message: 'has the wrong form', fix })
    return []
  })
  if (issues.length > 0) throw new ConfigError(issues)
  const environment = Object.fromEntries(entries) as Pick<Environment, K> & Partial<Environment>
  checkHost(environment)
  return environment
}

/** The named values, as far as there are any. */
export function pick<E extends Partial<Environment>, K extends keyof E>(
  environment: E,
  keys: readonly K[],
): Pick<E, K> {
  const present = keys.filter((key) => environment[key] !== undefined)
  return Object.fromEntries(present.map((key) => [key, environment[key]])) as Pick<E, K>
}

/** The name that CloudFront states must be the one that the core serves, or every request is 403. */
function checkHost({ mcpUrl, publicHost }: Partial<Environment>): void {
  if (mcpUrl === undefined || publicHost === undefined) return
  if (new URL(mcpUrl).host === publicHost) return
  const [path, , fix] = VARIABLES.publicHost
  throw new ConfigError([{ path, message: 'is not the host of POSTERN_MCP_URL', fix }])
}
