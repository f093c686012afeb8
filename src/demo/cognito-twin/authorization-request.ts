import type { TwinClientOptions } from './options.ts'
import type { Pool } from './pool.ts'
import type { Grant } from './store.ts'

export interface AuthorizationRequest {
  readonly client: TwinClientOptions
  readonly redirectUri: string
  readonly state: string | undefined
  readonly nonce: string | undefined
  readonly scopes: readonly string[]
  readonly codeChallenge: string | undefined
  readonly audience: string | undefined
  readonly prompts: readonly string[]
  readonly loginHint: string | undefined
  /** The code will be issued, and its exchange refused. */
  readonly refusedAtToken: boolean
}

export type AuthorizationRequestResult =
  | { kind: 'valid'; request: AuthorizationRequest }
  | { kind: 'error-page'; location: string }
  | { kind: 'error-redirect'; location: string }

interface Rejection {
  error: string
  description?: string
  page?: boolean
}

/** The parameters of `/oauth2/authorize`, which `/login` takes as well. */
export function parseAuthorizationRequest(
  pool: Pool,
  query: URLSearchParams,
): AuthorizationRequestResult {
  const clientId = query.get('client_id')
  const redirectUri = query.get('redirect_uri')
  if (clientId === null || redirectUri === null) return toErrorPage('invalid_request', clientId)

  // Developer guide, App clients: callback URLs match exactly, port included; no wildcards.
  const client = pool.clients.get(clientId)
  if (client === undefined || !client.callbackUrls.includes(redirectUri))
    return toErrorPage('redirect_mismatch', clientId)

  const state = query.get('state') ?? undefined
  const reject = (rejection: Rejection): AuthorizationRequestResult =>
    rejection.page === true
      ? toErrorPage(rejection.error, clientId)
      : { kind: 'error-redirect', location: errorLocation(redirectUri, state, rejection) }

  const rejection = checkParameters(client, query)
  if (rejection !== undefined) return reject(rejection)
  const scopes = resolveScopes(pool, client, query.get('scope'))
  if ('error' in scopes) return reject(scopes)
  const resource = resolveResource(pool, query.getAll('resource'))
  if ('error' in resource) return reject(resource)

  return {
    kind: 'valid',
    request: {
      client,
      redirectUri,
      state,
      nonce: query.get('nonce') ?? undefined,
      scopes: scopes.granted,
      codeChallenge: query.get('code_challenge') ?? undefined,
      audience: resource.audience,
      prompts: parsePrompts(query),
      loginHint: query.get('login_hint') ?? undefined,
      refusedAtToken: scopes.refusedAtToken || resource.refusedAtToken,
    },
  }
}

/** Developer guide, Authorize endpoint, negative responses. */
function checkParameters(client: TwinClientOptions, query: URLSearchParams): Rejection | undefined {
  const invalid: Rejection = { error: 'invalid_request' }
  const responseType = query.get('response_type')
  // The twin's clients have no other grant than that of a code, so `token` is permitted to none.
  if (responseType === 'token') return { error: 'unauthorized_client' }
  if (responseType !== 'code') return invalid
  if (client.codeGrant === false) return { error: 'unauthorized_client' }

  // Authorize endpoint: S256 only; each of the two needs the other. PKCE itself is optional.
  const challenge = query.get('code_challenge')
  const method = query.get('code_challenge_method')
  if ((challenge === null) !== (method === null)) return invalid
  if (method !== null && method !== 'S256') return invalid
  if (challenge !== null && !/^[\w-]{43}$/.test(challenge)) return invalid

  // Authorize endpoint: state cannot be a URL-encoded JSON string.
  if (isJsonObject(query.get('state') ?? '')) return invalid

  const known = ['none', 'login', 'select_account', 'consent']
  if (parsePrompts(query).some((prompt) => !known.includes(prompt))) return invalid
  return undefined
}

function resolveScopes(
  pool: Pool,
  client: TwinClientOptions,
  scope: string | null,
): Rejection | { granted: string[]; refusedAtToken: boolean } {
  const requested = [...new Set((scope ?? '').split(' ').filter((name) => name !== ''))]
  // Authorize endpoint: without scope, all scopes of the client.
  if (requested.length === 0) {
    const refusedAtToken = pool.settings.scopeOmitted === 'invalid-grant-at-token'
    return { granted: [...client.scopes], refusedAtToken }
  }
  const granted = requested.filter((name) => client.scopes.includes(name))
  // Authorize endpoint: phone, email and profile only together with openid.
  const needsOpenid = requested.some((name) => ['phone', 'email', 'profile'].includes(name))
  const isInvalid =
    granted.length < requested.length || (needsOpenid && !requested.includes('openid'))
  if (!isInvalid) return { granted, refusedAtToken: false }
  switch (pool.settings.invalidScope) {
    case 'redirect-with-description':
      return { error: 'invalid_request', description: 'invalid_scope' }
    case 'redirect-invalid-scope':
      return { error: 'invalid_scope' }
    case 'error-page':
      return { error: 'invalid_scope', page: true }
    case 'ignored':
      return { granted, refusedAtToken: false }
  }
}

/** Developer guide, Resource binding: one https, http://localhost or custom-scheme URL. */
function resolveResource(
  pool: Pool,
  resources: string[],
): Rejection | { audience: string | undefined; refusedAtToken: boolean } {
  const [resource] = resources
  if (resource === undefined || pool.settings.resourceBinding === 'ignored')
    return { audience: undefined, refusedAtToken: false }
  if (resources.length > 1 || !isResourceUrl(resource)) return { error: 'invalid_request' }
  const refusedAtToken =
    pool.settings.resourceBinding === 'strict' && !pool.resourceServers.has(resource)
  return { audience: resource, refusedAtToken }
}

function isResourceUrl(value: string): boolean {
  if (!URL.canParse(value) || value.includes('#')) return false
  const { protocol, hostname } = new URL(value)
  return protocol !== 'http:' || hostname === 'localhost'
}

function isJsonObject(value: string): boolean {
  if (!value.startsWith('{')) return false
  try {
    JSON.parse(value)
    return true
  } catch {
    return false
  }
}

function parsePrompts(query: URLSearchParams): string[] {
  return (query.get('prompt') ?? '').split(' ').filter((prompt) => prompt !== '')
}

function toErrorPage(error: string, clientId: string | null): AuthorizationRequestResult {
  const query = new URLSearchParams({ error })
  if (clientId !== null) query.set('client_id', clientId)
  return { kind: 'error-page', location: `/error?${query}` }
}

export function errorLocation(
  redirectUri: string,
  state: string | undefined,
  rejection: { error: string; description?: string },
): string {
  const query = new URLSearchParams()
  if (rejection.description !== undefined) query.set('error_description', rejection.description)
  if (state !== undefined) query.set('state', state)
  query.set('error', rejection.error)
  return appendQuery(redirectUri, query)
}

/** Issues the code and says where to take it. There is no `iss` (RFC 9207) in the response. */
export function issueCode(
  pool: Pool,
  request: AuthorizationRequest,
  signIn: { username: string; authTime: number },
): string {
  const grant: Grant = {
    originJti: crypto.randomUUID(),
    eventId: crypto.randomUUID(),
    clientId: request.client.clientId,
    username: signIn.username,
    scopes: request.scopes,
    authTime: signIn.authTime,
    nonce: request.nonce,
    audience: request.audience,
    revoked: false,
  }
  const { redirectUri, codeChallenge, refusedAtToken: refused } = request
  const code = pool.store.addCode({ grant, redirectUri, codeChallenge, refused })
  const query = new URLSearchParams({ code })
  if (request.state !== undefined) query.set('state', request.state)
  return appendQuery(redirectUri, query)
}

/** By concatenation: a URL object would normalise what was registered. */
function appendQuery(uri: string, query: URLSearchParams): string {
  return `${uri}${uri.includes('?') ? '&' : '?'}${query}`
}
