import { type EventEmitter, once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { exportJWK, generateKeyPair } from 'jose'
import { type ClientMetadata, Provider } from 'oidc-provider'
import type { IdentityProviderOptions, PosternOptions } from '../../src/config/options.ts'
import { type Deployment, freePort, PERSON, startDeployment } from './deployment.ts'

export interface OidcProviderOptions {
  /** What a refresh does with the refresh token; `none`: there are no refresh tokens. */
  refreshTokens?: 'rotating' | 'unrotated' | 'none'
  /** How Postern authenticates; `none`: a public client. */
  authentication?: 'none' | 'client_secret_basic' | 'client_secret_post'
  /** What the client may ask for; by default all there is. */
  clientScope?: string
}

interface OidcProviderServer {
  issuer: string
  /** What it did, by the names of its own events. */
  counters: Record<OidcEvent, number>
  close: () => Promise<void>
}

const EVENTS = ['grant.success', 'grant.error', 'grant.revoked', 'refresh_token.consumed'] as const
type OidcEvent = (typeof EVENTS)[number]

const OIDC_CLIENT_ID = 'postern'
// With what form encoding and Basic credentials treat differently.
const OIDC_CLIENT_SECRET = 'a secret: 100%+more/&= of at least 32 bytes'

/** `oidc-provider`, a certified OpenID provider, with one client, one person and a login form. */
async function startOidcProvider(
  redirectUri: string,
  options: OidcProviderOptions = {},
): Promise<OidcProviderServer> {
  const { refreshTokens = 'rotating', authentication = 'none' } = options
  const port = await freePort()
  const issuer = `http://localhost:${port}`
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  const client: ClientMetadata = {
    client_id: OIDC_CLIENT_ID,
    redirect_uris: [redirectUri],
    response_types: ['code'],
    grant_types: ['authorization_code', ...(refreshTokens === 'none' ? [] : ['refresh_token'])],
    token_endpoint_auth_method: authentication,
    ...(options.clientScope === undefined ? {} : { scope: options.clientScope }),
    ...(authentication === 'none' ? {} : { client_secret: OIDC_CLIENT_SECRET }),
  }
  const provider = new Provider(issuer, {
    clients: [client],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig' }] },
    cookies: { keys: ['only for tests'] },
    claims: { openid: ['sub', 'groups'], email: ['email', 'email_verified'] },
    conformIdTokenClaims: false,
    findAccount: (_context, accountId) => ({
      accountId,
      claims: () => ({
        sub: accountId,
        email: 'ada@example.test',
        email_verified: true,
        groups: ['staff'],
      }),
    }),
    features: {
      devInteractions: { enabled: false },
      revocation: { enabled: true, allowedPolicy: () => true },
    },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    pkce: { required: () => true },
    rotateRefreshToken: refreshTokens === 'rotating',
    ttl: {
      AccessToken: 3600,
      AuthorizationCode: 60,
      Grant: 86_400,
      IdToken: 3600,
      Interaction: 600,
      RefreshToken: 86_400,
      Session: 86_400,
    },
  })
  const counters: OidcProviderServer['counters'] = {
    'grant.success': 0,
    'grant.error': 0,
    'grant.revoked': 0,
    'refresh_token.consumed': 0,
  }
  const emitter: EventEmitter = provider
  for (const event of EVENTS) emitter.on(event, () => counters[event]++)

  const protocol = provider.callback()
  const server = createServer((request, response) => {
    const answered =
      request.url?.startsWith('/interaction/') === true
        ? interact(provider, request, response)
        : protocol(request, response)
    answered.catch((error: unknown) => {
      response.writeHead(500).end(String(error))
    })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    issuer,
    counters,
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

/** Login; whoever knows the password has consented to whatever is asked. */
async function interact(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { params, session } = await provider.interactionDetails(request, response)
  let accountId = session?.accountId
  if (request.method === 'POST') {
    const form = new URLSearchParams(await text(request))
    if (form.get('login') === PERSON.username && form.get('password') === PERSON.password)
      accountId = 'oidc-ada'
  }
  if (accountId === undefined) {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
    response.end(`<!doctype html><title>Log in</title><form method="post">
      <input name="login"><input type="password" name="password"><button>Log in</button></form>`)
    return
  }
  const grant = new provider.Grant({ accountId, clientId: String(params['client_id']) })
  grant.addOIDCScope(String(params['scope']))
  const consent = { grantId: await grant.save() }
  await provider.interactionFinished(request, response, { login: { accountId }, consent })
}

export interface OidcDeployment {
  deployment: Deployment
  provider: OidcProviderServer
  /** Restarts Postern with the same identity provider. */
  restart: (changes?: Partial<PosternOptions>) => Promise<void>
  close: () => Promise<void>
}

/** A deployment whose identity provider is `oidc-provider` instead of the demo one. */
export async function startOidcDeployment(
  options: OidcProviderOptions & { identityProvider?: Partial<IdentityProviderOptions> } = {},
): Promise<OidcDeployment> {
  const { authentication = 'none', refreshTokens = 'rotating' } = options
  const deployment = await startDeployment()
  const provider = await startOidcProvider(`${deployment.issuer}/idp/callback`, options)
  const identityProvider: IdentityProviderOptions = {
    issuer: provider.issuer,
    clientId: OIDC_CLIENT_ID,
    // oidc-provider ignores `offline_access` without it (OpenID Connect Core §11).
    authorizationParameters: { prompt: 'consent' },
    ...(refreshTokens === 'none' ? { scopes: ['email'] } : { refreshTokens }),
    ...(authentication === 'none'
      ? {}
      : { clientSecret: OIDC_CLIENT_SECRET, tokenEndpointAuthMethod: authentication }),
    ...options.identityProvider,
  }
  const restart = (changes: Partial<PosternOptions> = {}): Promise<void> =>
    deployment.restart({
      identityProvider,
      dangerouslyAllowUnrotatedRefreshTokens: true,
      ...changes,
    })
  await restart()
  return {
    deployment,
    provider,
    restart,
    close: async () => {
      await deployment.close()
      await provider.close()
    },
  }
}
