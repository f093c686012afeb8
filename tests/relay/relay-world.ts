import type { AuthInfo, RelayOptions } from '../../src/config/options.ts'
import type { CognitoTwinOptions } from '../../src/demo/cognito-twin/options.ts'
import { createCognitoTwin, type CognitoTwin } from '../../src/demo/cognito-twin/twin.ts'
import type { PosternEvent } from '../../src/events.ts'
import { createRelay, type Relay } from '../../src/relay.ts'
import { createRelayTokenEndpoint } from '../../src/relay/token-endpoint.ts'
import { Clock } from '../support/clock.ts'
import { authorizeUrl, onwardUrl, REDIRECT_URI, type Door } from '../support/dance.ts'
import { FetchBrowser, logIn, pkce, post, type Tokens } from '../support/dance.ts'
import { IDP_ORIGIN, ISSUER, MCP_URL, USER } from '../support/world.ts'

export const CLIENT_ID = 'relayclient'
export const IDP_ISSUER = 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Relay'
export const TOOLS: string = `${MCP_URL}/tools`
export const ADMIN: string = `${MCP_URL}/admin`
export const CLAUDE = 'https://claude.ai/api/mcp/auth_callback'

/** A relay as deployed: the twin beside it, and an edge that sends `/token` and `/revoke` there. */
export interface RelayWorld {
  relay: Relay
  /** The public origin: edge, relay and, where there is one, token endpoint. */
  postern: Door
  twin: CognitoTwin
  clock: Clock
  events: PosternEvent[]
  /** What the MCP server in the process was told. */
  calls: { request: Request; authInfo: AuthInfo }[]
  /** Forms that reached the identity provider's `/oauth2/token` and `/oauth2/revoke`. */
  idpForms: { path: string; authorization: string | null; form: URLSearchParams }[]
  options: RelayOptions
}

export interface RelayWorldOptions {
  relay?: Partial<RelayOptions>
  identityProvider?: Partial<RelayOptions['identityProvider']>
  twin?: Partial<CognitoTwinOptions>
}

export async function createRelayWorld(changes: RelayWorldOptions = {}): Promise<RelayWorld> {
  const clock = new Clock()
  const events: PosternEvent[] = []
  const calls: RelayWorld['calls'] = []
  const idpForms: RelayWorld['idpForms'] = []
  const redirectUris = [REDIRECT_URI, 'http://127.0.0.1:3334/oauth/callback', CLAUDE]
  const twin = await createCognitoTwin({
    origin: IDP_ORIGIN,
    issuer: IDP_ISSUER,
    refreshTokenRotation: true,
    resourceServers: [{ identifier: MCP_URL, scopes: ['tools', 'admin'] }],
    clients: [
      { clientId: CLIENT_ID, callbackUrls: redirectUris, scopes: [TOOLS, ADMIN, 'openid'] },
      { clientId: 'other', callbackUrls: redirectUris, scopes: [TOOLS, 'openid'] },
    ],
    users: [{ ...USER, emailVerified: true, groups: ['staff', 'secret-group'] }],
    now: clock.now,
    ...changes.twin,
  })
  const options: RelayOptions = {
    url: MCP_URL,
    name: 'Example',
    scopes: [TOOLS],
    access: 'anyoneTheIdpAdmits',
    redirectUris,
    upstream: (request, { authInfo }) => {
      calls.push({ request, authInfo })
      return Response.json({ jsonrpc: '2.0', id: 1, result: {} })
    },
    ...changes.relay,
    identityProvider: {
      issuer: IDP_ISSUER,
      clientId: CLIENT_ID,
      authorizationEndpoint: `${IDP_ORIGIN}/oauth2/authorize`,
      tokenEndpoint: `${IDP_ORIGIN}/oauth2/token`,
      revocationEndpoint: `${IDP_ORIGIN}/oauth2/revoke`,
      jwks: await pinnedKeys(twin),
      ...changes.identityProvider,
    },
  }
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init)
    idpForms.push({
      path: new URL(request.url).pathname,
      authorization: request.headers.get('authorization'),
      form: new URLSearchParams(await request.clone().text()),
    })
    return twin.fetch(request)
  }
  const emit = (event: PosternEvent): number => events.push(event)
  const relay = createRelay(options, { now: clock.now, emit, fetch: refuseToCall })
  const tokenPath =
    options.tokenPath === 'function'
      ? createRelayTokenEndpoint(options, { now: clock.now, emit, fetch }).fetch
      : edgeTo(fetch)
  return {
    relay,
    twin,
    clock,
    events,
    calls,
    idpForms,
    options,
    postern: {
      fetch: (request) =>
        /^\/(?:token|revoke)$/.test(new URL(request.url).pathname)
          ? tokenPath(request)
          : relay.fetch(request),
    },
  }
}

export async function pinnedKeys(twin: CognitoTwin): Promise<{ keys: JsonWebKey[] }> {
  const response = await twin.fetch(new Request(`${twin.issuer}/.well-known/jwks.json`))
  return (await response.json()) as { keys: JsonWebKey[] }
}

/** CloudFront with the origin path `/oauth2`: the same request, at the identity provider. */
function edgeTo(fetch: typeof globalThis.fetch): (request: Request) => Promise<Response> {
  return async (request) => {
    const { pathname } = new URL(request.url)
    const { method, headers } = request
    const body = new Uint8Array(await request.arrayBuffer())
    return fetch(`${IDP_ORIGIN}/oauth2${pathname}`, { method, headers, body })
  }
}

function refuseToCall(): never {
  throw new Error('a relay calls nobody')
}

/** `authorizeUrl` of the dance, for the one client and its scope. */
export function relayAuthorizeUrl(
  challenge: string = pkce().challenge,
  changes: Record<string, string | undefined> = {},
): string {
  return authorizeUrl(CLIENT_ID, challenge, { scope: TOOLS, ...changes })
}

/** The hidden fields of a consent page. */
export function hiddenFields(page: string): Record<string, string> {
  const inputs = [...page.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)]
  return Object.fromEntries(
    inputs.map(([, name = '', value = '']): [string, string] => [
      name,
      value.replaceAll('&amp;', '&'),
    ]),
  )
}

/** Opens the consent page and approves; yields the URL at the identity provider. */
export async function approveRelay(browser: FetchBrowser, url: string): Promise<string> {
  const page = await (await browser.get(url)).text()
  const form = { ...hiddenFields(page), action: 'approve' }
  return onwardUrl(await (await browser.post(`${ISSUER}/consent`, form)).text())
}

/** The whole way to the client's redirect_uri, and tokens from there. */
export async function obtainRelayTokens(
  world: RelayWorld,
  changes: Record<string, string | undefined> = {},
): Promise<Tokens> {
  const { verifier, challenge } = pkce()
  const browser = new FetchBrowser(world)
  const idpUrl = await approveRelay(browser, relayAuthorizeUrl(challenge, changes))
  const redirect = new URL(await logIn(browser, idpUrl))
  const response = await post(world.postern, '/token', {
    grant_type: 'authorization_code',
    client_id: CLIENT_ID,
    code: redirect.searchParams.get('code') ?? '',
    code_verifier: verifier,
    redirect_uri: changes['redirect_uri'] ?? REDIRECT_URI,
    resource: MCP_URL,
  })
  if (response.status !== 200) throw new Error(`token: ${response.status} ${await response.text()}`)
  return (await response.json()) as Tokens
}
