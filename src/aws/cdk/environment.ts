import type { BrandingOptions } from '../../config/options.ts'
import type { Keys } from './keys.ts'
import type { Settings } from './settings.ts'
import type { SignIn } from './user-pool.ts'

type Environment = Record<string, string>

/** What every function behind CloudFront knows: who it is and who sent the request. */
export function doorEnvironment(settings: Settings, keys: Keys): Environment {
  return {
    POSTERN_MODE: settings.mode,
    POSTERN_MCP_URL: settings.mcpUrl,
    POSTERN_NAME: settings.name,
    POSTERN_SCOPES: settings.scopes.join(' '),
    ...listed('POSTERN_REQUIRED_SCOPES', settings.requiredScopes),
    POSTERN_PUBLIC_HOST: settings.domainName,
    POSTERN_ORIGIN_SECRET_SHA256: keys.originSecretSha256,
    ...listed('POSTERN_ALLOWED_ORIGINS', settings.allowedOrigins),
  }
}

/** A gate holds public keys only. */
export function gateEnvironment(settings: Settings, keys: Keys): Environment {
  return { POSTERN_JWKS: keys.jwks, ...listed('POSTERN_FORWARD_GROUPS', settings.forwardGroups) }
}

/** Of functions that answer people. */
export function pagesEnvironment({ branding }: Settings): Environment {
  return branding === undefined ? {} : { POSTERN_BRANDING: brandingText(branding) }
}

/** In the order in which Terraform writes objects. */
export function brandingText({ colour, logo, name }: BrandingOptions): string {
  return JSON.stringify({ colour, logo, name })
}

export function accessEnvironment(settings: Settings): Environment {
  const { access } = settings
  return { POSTERN_ACCESS: typeof access === 'string' ? access : JSON.stringify(access) }
}

export function identityProviderEnvironment(settings: Settings, signIn: SignIn): Environment {
  return {
    POSTERN_IDP_ISSUER: signIn.issuer,
    POSTERN_IDP_CLIENT_ID: signIn.client.userPoolClientId,
    POSTERN_IDP_DOMAIN: `https://${signIn.host}`,
    ...(settings.mode === 'broker'
      ? { POSTERN_IDP_SCOPES: settings.identityProviderScopes.join(' ') }
      : {}),
    ...listed('POSTERN_REDIRECT_URIS', settings.redirectUris),
    ...(settings.clientDomains === undefined
      ? {}
      : { POSTERN_CLIENT_DOMAINS: settings.clientDomains.join(' ') || 'none' }),
  }
}

export function relayEnvironment(settings: Settings, keys: Keys): Environment {
  return {
    POSTERN_RESOURCE_PARAMETER: settings.resourceParameter,
    POSTERN_TOKEN_PATH: settings.tokenPath,
    ...(settings.shareClientSecret
      ? { POSTERN_DANGEROUSLY_SHARED_CLIENT_SECRET: keys.readSecret('clientSecret') }
      : {}),
  }
}

function listed(name: string, values: readonly string[]): Environment {
  return values.length === 0 ? {} : { [name]: values.join(' ') }
}
