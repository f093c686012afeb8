import { randomUUID } from 'node:crypto'
import { handleAuthorize } from './authorize.ts'
import { handleDiscovery, handleJwks } from './discovery.ts'
import { setXsrfCookie, xsrfToken, type Handler } from './http.ts'
import { generateTwinKeys } from './keys.ts'
import { handleLogin, handleLoginPage } from './login.ts'
import { handleLogout } from './logout.ts'
import { assertOptions, resolveSettings, toUser, type CognitoTwinOptions } from './options.ts'
import { handleErrorPage } from './pages.ts'
import type { Pool, TwinCounters } from './pool.ts'
import { handleRevoke } from './revoke.ts'
import { Store } from './store.ts'
import { handleToken } from './token.ts'
import { handleUserInfo } from './user-info.ts'

export type { CognitoTwinOptions } from './options.ts'

/** Sees every request first; a response from here is sent instead of the twin's own. */
type Intercept = (request: Request) => Response | undefined | Promise<Response | undefined>

/** An imitation of an Amazon Cognito user pool with a domain, for demos and tests. */
export interface CognitoTwin {
  readonly issuer: string
  readonly fetch: (request: Request) => Promise<Response>
  readonly counters: TwinCounters
  /** For outages: may answer, throw or wait. */
  intercept: Intercept | undefined
  disableUser(username: string): void
  enableUser(username: string): void
  updateUser(
    username: string,
    changes: { email?: string; emailVerified?: boolean; groups?: string[] },
  ): void
  /** New keys sign from now on; the old ones stay published. */
  rotateKeys(): Promise<void>
  /** Ends every sign-in, with the access tokens that stem from it. */
  revokeAllRefreshTokens(): void
}

const POOL_ID = 'us-east-1_Demo'

type Methods = { GET?: Handler; POST?: Handler }

const ISSUER_ROUTES: Record<string, Methods> = {
  '/.well-known/openid-configuration': { GET: handleDiscovery },
  '/.well-known/jwks.json': { GET: handleJwks },
}

const DOMAIN_ROUTES: Record<string, Methods> = {
  '/oauth2/authorize': { GET: handleAuthorize },
  '/login': { GET: handleLoginPage, POST: handleLogin },
  '/error': { GET: handleErrorPage },
  '/oauth2/token': { POST: handleToken },
  '/oauth2/revoke': { POST: handleRevoke },
  '/oauth2/userInfo': { GET: handleUserInfo },
  '/logout': { GET: handleLogout },
}

export async function createCognitoTwin(options: CognitoTwinOptions): Promise<CognitoTwin> {
  assertNotProduction()
  assertOptions(options)
  const now = options.now ?? Date.now
  const people = options.users.map((each) => toUser(each, options.signInWith))
  const users = new Map(people.map((user) => [user.username, user]))
  const pool: Pool = {
    origin: options.origin,
    issuer: options.issuer ?? `${options.origin}/${POOL_ID}`,
    settings: resolveSettings(options),
    clients: new Map(options.clients.map((client) => [client.clientId, client])),
    users,
    resourceServers: new Set(options.resourceServers?.map(({ identifier }) => identifier)),
    selfSignUp: options.selfSignUp ?? false,
    keys: await generateTwinKeys(),
    store: new Store(now),
    counters: { authorize: 0, login: 0, token: 0, refresh: 0, revoke: 0, userInfo: 0 },
    now,
  }
  const userNamed = (username: string) => {
    const user = people.find(({ signInName }) => signInName === username)
    if (user === undefined) throw new TypeError(`Cognito twin: no user "${username}"`)
    return user
  }
  const twin: CognitoTwin = {
    issuer: pool.issuer,
    counters: pool.counters,
    intercept: undefined,
    fetch: async (request) => (await twin.intercept?.(request)) ?? route(pool, request),
    disableUser: (username) => {
      userNamed(username).enabled = false
    },
    enableUser: (username) => {
      userNamed(username).enabled = true
    },
    updateUser: (username, changes) => {
      Object.assign(userNamed(username), changes)
    },
    rotateKeys: async () => {
      pool.keys = await generateTwinKeys(pool.keys)
    },
    revokeAllRefreshTokens: () => pool.store.revokeAll(),
  }
  return twin
}

/** A sign-in page with known passwords has no place in production. */
export function assertNotProduction(): void {
  if (process.env['NODE_ENV'] === 'production')
    throw new Error('The Cognito twin is a demo and refuses to run with NODE_ENV=production')
}

async function route(pool: Pool, request: Request): Promise<Response> {
  const url = new URL(request.url)
  // Both names answer to themselves only; also keeps rebound DNS names off the demo.
  if (![pool.origin, pool.issuer].some((each) => new URL(each).host === url.host))
    return new Response(null, { status: 403 })
  const response = await dispatch(pool, request, url)
  // Seen on every response of the domain's endpoints (developer guide, examples).
  response.headers.set('Server', 'Server')
  response.headers.set('x-amz-cognito-request-id', randomUUID())
  if (url.pathname === '/oauth2/token') {
    setXsrfCookie(pool, response, xsrfToken(pool, request))
    // Token endpoint: Access-Control-Allow-Origin is * and cannot be configured.
    response.headers.set('Access-Control-Allow-Origin', '*')
  }
  return response
}

/** The issuer's host is the service's in a region, the domain's host the pool's own. */
function findRoute(pool: Pool, url: URL): Methods | undefined {
  const address = `${url.host}${url.pathname}`
  const find = (base: string, routes: Record<string, Methods>): Methods | undefined => {
    const [, prefix = ''] = base.split('://')
    const path = address.startsWith(prefix) ? address.slice(prefix.length) : ''
    return Object.hasOwn(routes, path) ? routes[path] : undefined
  }
  return find(pool.issuer, ISSUER_ROUTES) ?? find(pool.origin, DOMAIN_ROUTES)
}

function dispatch(pool: Pool, request: Request, url: URL): Response | Promise<Response> {
  const methods = findRoute(pool, url)
  if (methods === undefined) return new Response(null, { status: 404 })
  if (request.method === 'OPTIONS' && url.pathname === '/oauth2/token') return toPreflightResponse()
  const handler =
    request.method === 'GET' ? methods.GET : request.method === 'POST' ? methods.POST : undefined
  if (handler === undefined)
    return new Response(null, { status: 405, headers: { Allow: Object.keys(methods).join(', ') } })
  return handler(pool, request)
}

function toPreflightResponse(): Response {
  return new Response(null, {
    status: 200,
    headers: {
      'Access-Control-Allow-Methods': 'POST',
      'Access-Control-Allow-Headers': 'Authorization, Content-Type',
    },
  })
}
