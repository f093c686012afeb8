import { randomBytes } from 'node:crypto'
import { createCognitoTwin, type CognitoTwin } from '../../../src/demo/cognito-twin/twin.ts'
import type { CognitoTwinOptions } from '../../../src/demo/cognito-twin/options.ts'
import { callbackUrls } from '../../../src/aws/callback-urls.ts'
import type { Ports } from '../../../src/aws/verify/outside.ts'

export const MCP_URL = 'https://look.example.com/mcp'
export const ORIGIN = 'https://look.example.com'
/** Where mcp-remote would come back to; other tests listen for other URLs. */
export const CALLBACK: string = callbackUrls({ url: MCP_URL }).find((url) =>
  url.startsWith('http:'),
)!
export const POOL = 'https://notes.auth.eu-central-1.amazoncognito.com'
export const API_HOST = 'a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com'
export const CLIENT_ID = 'notesclient'
const CLIENT_SECRET = 'averylongsecretthatnobodyknows1'
const METADATA = `${ORIGIN}/.well-known/oauth-protected-resource/mcp`
export const CHALLENGE: string = `Bearer scope="tools", resource_metadata="${METADATA}"`
export const PERSON: { username: string; password: string } = {
  username: 'ada',
  password: 'correct-Horse1',
}

export type Meddle = (
  request: Request,
  answer: () => Promise<Response>,
) => Response | Promise<Response>

export interface SmallWorldOptions {
  mode?: 'relay' | 'broker'
  /** Who answers `/token` in relay. */
  tokenPath?: 'edge' | 'function'
  /** The app client has a secret, and the edge adds it, or nobody does. */
  secret?: 'edge' | 'nobody'
  pool?: Partial<CognitoTwinOptions>
  /** Answers in place of the deployment, or changes its answer. */
  meddle?: Meddle
  aaaa?: () => Promise<string[]>
  /** The API's own host, to whoever asks it directly. */
  api?: () => Response
}

export interface SmallWorld {
  ports: Ports
  pool: CognitoTwin
  /** Every request that was made, as `POST https://…` without the query. */
  asked: string[]
  requests: Request[]
}

/** A deployment reduced to what a stranger can see of it, with a user pool that is the twin's. */
export async function createSmallWorld(options: SmallWorldOptions = {}): Promise<SmallWorld> {
  const isBroker = options.mode === 'broker'
  const callback = `${ORIGIN}/idp/callback`
  const pool = await createCognitoTwin({
    origin: POOL,
    refreshTokenRotation: true,
    clients: [
      {
        clientId: CLIENT_ID,
        ...(options.secret === undefined ? {} : { clientSecret: CLIENT_SECRET }),
        callbackUrls: isBroker ? [callback] : callbackUrls({ url: MCP_URL }),
        scopes: [`${MCP_URL}/tools`],
      },
    ],
    users: [PERSON],
    resourceServers: [{ identifier: MCP_URL, scopes: ['tools'] }],
    ...options.pool,
  })
  const asked: string[] = []
  const requests: Request[] = []
  const ports: Ports = {
    fetch: async (url, init) => {
      const request = new Request(url, init)
      asked.push(`${request.method} ${url.split('?', 1)[0]}`)
      requests.push(request.clone())
      if (new URL(url).origin === POOL) return pool.fetch(request)
      if (new URL(url).host === API_HOST && options.api !== undefined) return options.api()
      if (new URL(url).origin !== ORIGIN) throw new TypeError('fetch failed')
      const answer = (): Promise<Response> => serve(request, pool, options)
      return options.meddle === undefined ? answer() : options.meddle(request, answer)
    },
    resolveAaaa: options.aaaa ?? (async () => []),
    random: (length) => randomBytes(length),
  }
  return { ports, pool, asked, requests }
}

const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json', ...headers },
  })

async function serve(
  request: Request,
  pool: CognitoTwin,
  options: SmallWorldOptions,
): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url)
  switch (pathname) {
    case '/mcp':
    case '/mcp/':
      return serveMcp(request)
    case '/.well-known/oauth-protected-resource':
    case '/.well-known/oauth-protected-resource/mcp':
    case '/.well-known/oauth-protected-resource/mcp/':
      return json({ resource: MCP_URL, authorization_servers: [ORIGIN] })
    case '/.well-known/oauth-authorization-server':
      return json({
        issuer: ORIGIN,
        authorization_endpoint: `${ORIGIN}/authorize`,
        token_endpoint: `${ORIGIN}/token`,
        registration_endpoint: `${ORIGIN}/register`,
        code_challenge_methods_supported: ['S256'],
        token_endpoint_auth_methods_supported: ['none'],
        response_types_supported: ['code'],
      })
    case '/register':
      return json({ client_id: options.mode === 'broker' ? 'sealed.client' : CLIENT_ID }, 201)
    case '/authorize':
      return new Response(
        `<form method="post" action="/consent">\n  <input type="hidden" name="request" value="${Buffer.from(searchParams.toString()).toString('base64url')}" />`,
        {
          headers: {
            'content-type': 'text/html',
            'set-cookie': '__Host-postern-browser=b; Path=/',
          },
        },
      )
    case '/consent':
      return consent(request, options)
    case '/token':
    case '/revoke':
      return token(request, pathname, pool, options)
    default:
      return json({ error: 'not_found' }, 404, {
        'apigw-requestid': randomBytes(8).toString('hex'),
      })
  }
}

function serveMcp(request: Request): Response {
  if (request.method === 'OPTIONS') return new Response(null, { status: 204 })
  // A token of the twin has an issuer; whatever else comes was made up.
  const [, claims = ''] = request.headers.get('authorization')?.split('.') ?? []
  if (Buffer.from(claims, 'base64url').toString().includes('"iss"'))
    return json({ jsonrpc: '2.0', id: 1, result: {} })
  const body = request.method === 'HEAD' ? null : '{"error_description":"Sign in first"}'
  return new Response(body, { status: 401, headers: { 'www-authenticate': CHALLENGE } })
}

async function consent(request: Request, options: SmallWorldOptions): Promise<Response> {
  const form = new URLSearchParams(await request.text())
  if (request.headers.get('cookie') !== '__Host-postern-browser=b') return json({}, 400)
  const asked = new URLSearchParams(
    Buffer.from(form.get('request') ?? '', 'base64url').toString('utf8'),
  )
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: CLIENT_ID,
    redirect_uri:
      options.mode === 'broker' ? `${ORIGIN}/idp/callback` : (asked.get('redirect_uri') ?? ''),
    state: asked.get('state') ?? '',
    code_challenge: asked.get('code_challenge') ?? '',
    code_challenge_method: 'S256',
    scope: `${MCP_URL}/tools`,
    ...(options.mode === 'broker' ? {} : { resource: MCP_URL }),
  })
  return new Response(null, {
    status: 302,
    headers: { location: `${POOL}/oauth2/authorize?${query}` },
  })
}

async function token(
  request: Request,
  path: string,
  pool: CognitoTwin,
  options: SmallWorldOptions,
): Promise<Response> {
  if (request.method !== 'POST') return json({}, 405)
  if (options.mode === 'broker')
    return json({ error: 'invalid_grant' }, 400, { 'apigw-requestid': 'a' })
  const form = new URLSearchParams(await request.text())
  const isFunction = options.tokenPath === 'function'
  if (isFunction) form.delete('resource')
  const headers = new Headers(request.headers)
  headers.delete('content-length')
  if (options.secret === 'edge')
    headers.set('authorization', `Basic ${btoa(`${CLIENT_ID}:${CLIENT_SECRET}`)}`)
  const answer = await pool.fetch(
    new Request(`${POOL}/oauth2${path}`, { method: 'POST', headers, body: form.toString() }),
  )
  const response = new Response(answer.body, answer)
  for (const name of ['set-cookie', 'x-amz-cognito-request-id']) response.headers.delete(name)
  if (isFunction) response.headers.set('apigw-requestid', 'a')
  return response
}
