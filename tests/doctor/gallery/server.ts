import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SecureContext } from 'node:tls'
import { AuthorizationServer } from './authorization-server.ts'
import { BAD_PORTS } from './browser.ts'
import { derive } from './derived-port.ts'
import { buildDocuments } from './documents.ts'
import { ABSENT, type Change, type Fault, type Place } from './fault.ts'
import { answerMcp } from './mcp.ts'
import type { Reply, Visit } from './reply.ts'

export interface GalleryServer {
  mcpUrl: string
  origin: string
  /** From now on something else is wrong; what was registered stays. */
  become: (fault: Fault) => void
  /** Registrations and tokens are gone, as after a deployment without a store. */
  forget: () => void
  close: () => Promise<void>
}

interface Address {
  port?: number
  host?: string
  /** Https, with certificates of this authority. */
  authority?: { contextFor(host: string): SecureContext }
}

/** A minimal MCP server with its own authorization server, on one origin, with one fault. */
export async function startServer(
  fault: Fault = {},
  { port, host = 'localhost', authority }: Address = {},
): Promise<GalleryServer> {
  let current = fault
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    respond(request, response).catch(() => response.destroy())
  }
  const server =
    authority === undefined
      ? createServer(listener)
      : createSecureServer(
          { SNICallback: (name, done) => done(null, authority.contextFor(name)) },
          listener,
        )
  const scheme = authority === undefined ? 'http' : 'https'
  const listen = async (): Promise<string> => {
    await new Promise<void>((resolve) => server.listen(port ?? 0, '127.0.0.1', resolve))
    const at = `${scheme}://${host}:${(server.address() as AddressInfo).port}`
    // By chance the URL can lead mcp-remote to a port that no browser opens.
    if (port !== undefined || !BAD_PORTS.has(derive(`${at}/mcp`).port)) return at
    await new Promise((resolve) => server.close(resolve))
    return listen()
  }
  const origin = await listen()
  const kept = new Map<string, Reply>()
  let authorizationServer = new AuthorizationServer(origin, () => current)

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const visit = await readVisit(request, origin)
    const key = keyOf(visit, current)
    const before = key === undefined ? undefined : kept.get(key)
    if (before !== undefined) {
      const headers = { ...before.headers, ...current.keepsAnswers?.tells }
      return send(response, visit, { ...before, headers })
    }
    const [place, reply] = route(visit, origin, current, authorizationServer)
    const change = place === undefined ? undefined : current.answers?.[place]
    const answer = withCors(apply(change, reply, origin), visit, current)
    if (key !== undefined) kept.set(key, answer)
    await send(response, visit, answer, change)
  }

  return {
    origin,
    mcpUrl: `${origin}/mcp`,
    become: (next) => {
      current = next
    },
    forget: () => {
      authorizationServer = new AuthorizationServer(origin, () => current)
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function readVisit(request: IncomingMessage, origin: string): Promise<Visit> {
  let body = ''
  for await (const chunk of request) body += String(chunk)
  return {
    method: request.method ?? 'GET',
    url: new URL(request.url ?? '/', origin),
    headers: request.headers,
    body,
  }
}

/** Under what a cache keeps the answer; undefined where it passes the request on. */
function keyOf({ method, url }: Visit, { keepsAnswers }: Fault): string | undefined {
  if (keepsAnswers === undefined) return undefined
  const { at, methods, by } = keepsAnswers
  if (!at.includes(url.pathname) || !methods.includes(method)) return undefined
  return `${method} ${by === 'path' ? url.pathname : url.href}`
}

function route(
  visit: Visit,
  origin: string,
  fault: Fault,
  server: AuthorizationServer,
): [Place | undefined, Reply] {
  const { method, url } = visit
  if (method === 'OPTIONS') return ['preflight', { status: 204 }]
  const documents = buildDocuments(origin)
  switch (url.pathname) {
    case '/mcp': {
      const { place, reply } = answerMcp(visit, origin, fault, (token) => server.accepts(token))
      return [place, reply]
    }
    case '/.well-known/oauth-protected-resource/mcp':
      return ['resource metadata', { status: 200, json: documents.resource }]
    case '/.well-known/oauth-protected-resource':
      return ['root resource metadata', { status: 200, json: documents.resource }]
    case '/.well-known/oauth-authorization-server':
      return ['server metadata', { status: 200, json: documents.server }]
    case '/.well-known/openid-configuration':
      return ['openid configuration', { status: 404, json: { error: 'not_found' } }]
    case '/register':
      return ['register', server.register(visit)]
    case '/authorize':
      return ['authorize', server.authorize(visit)]
    case '/consent':
      return [undefined, server.consent(visit)]
    case '/upstream/authorize':
      return [undefined, server.upstream(visit)]
    case '/callback':
      return [undefined, server.callback(visit)]
    case '/token':
      return ['token', server.token(visit)]
    default:
      return [undefined, { status: 404, json: { error: 'not_found' } }]
  }
}

function apply(change: Change | undefined, reply: Reply, origin: string): Reply {
  if (change === undefined) return reply
  // Another origin, and the same server.
  const elsewhere = origin.replace('localhost', '127.0.0.1')
  const expand = (text: string): string =>
    text.replaceAll('ORIGIN', origin).replaceAll('ELSEWHERE', elsewhere)
  const headers = { ...reply.headers }
  for (const [name, value] of Object.entries(change.headers ?? {})) {
    if (value === null) delete headers[name]
    else headers[name] = expand(value)
  }
  let { json } = reply
  if (change.json !== undefined) {
    const merged = JSON.parse(expand(JSON.stringify({ ...json, ...change.json }))) as object
    json = Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== ABSENT))
  }
  const status = change.status ?? reply.status
  return change.text === undefined
    ? { ...reply, status, headers, ...(json === undefined ? {} : { json }) }
    : { status, headers: { 'content-type': 'text/html', ...headers }, text: change.text }
}

function withCors(reply: Reply, { url }: Visit, { withoutCors }: Fault): Reply {
  if (withoutCors === 'everywhere' || (withoutCors === 'mcp' && url.pathname === '/mcp'))
    return reply
  return {
    ...reply,
    headers: {
      'access-control-allow-origin': '*',
      'access-control-allow-headers': 'authorization, content-type, mcp-protocol-version',
      'access-control-expose-headers': 'www-authenticate, mcp-session-id',
      ...reply.headers,
    },
  }
}

async function send(
  response: ServerResponse,
  { method }: Visit,
  { status, headers, json, text }: Reply,
  { delaySeconds = 0, isEndless }: Change = {},
): Promise<void> {
  if (delaySeconds > 0) await sleep(delaySeconds * 1000)
  const body = text ?? (json === undefined ? '' : JSON.stringify(json))
  const type: Record<string, string> =
    json === undefined ? {} : { 'content-type': 'application/json' }
  response.writeHead(status, { ...type, ...headers })
  if (isEndless !== true) return void response.end(method === 'HEAD' ? undefined : body)
  const timer = setInterval(() => response.write(' '), 100)
  response.once('close', () => clearInterval(timer))
}
