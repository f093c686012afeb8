import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve as serveFetch } from '@hono/node-server'
import type { PosternOptions } from '../../src/config/options.ts'
import type { PosternEvent } from '../../src/events.ts'
import { serve } from '../../src/platform/node/index.ts'
import { createPostern, type Postern } from '../../src/postern.ts'
import { importSigningKey, signJwt } from '../../src/crypto/signing.ts'
import { Clock } from './clock.ts'
import { SECRET_A } from './world.ts'

/** One request as it reached the MCP server. */
export interface Received {
  method: string
  url: string
  headers: IncomingHttpHeaders
  rawHeaders: string[]
  body: Buffer
}

export interface Door {
  url: string
  port: number
  postern: Postern
  clock: Clock
  events: PosternEvent[]
  received: Received[]
  /** How the MCP server answers; by default 200 with a JSON body. */
  onUpstream: (answer: (request: IncomingMessage, response: ServerResponse) => void) => void
  /** Answers at the head of a request, without waiting for its body; undefined ends that. */
  onRequest: (
    answer: ((request: IncomingMessage, response: ServerResponse) => void) | undefined,
  ) => void
  /** A valid access token, changed as told. */
  token: (
    claims?: Record<string, unknown>,
    header?: { typ?: string; kid?: string },
  ) => Promise<string>
  /** Sends a request with exactly these header lines. */
  send: (options?: SendOptions) => Promise<Answer>
  stopUpstream: () => void
  close: () => Promise<void>
}

export interface SendOptions {
  method?: string
  path?: string
  /** Raw lines, in order; `host` and, where there is a body, `content-length` are added. */
  headers?: [string, string][]
  body?: Buffer | string
  chunked?: boolean
  token?: string | undefined
}

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  rawHeaders: string[]
  body: Buffer
}

export type Forwarder = 'node' | 'fetch'
export const FORWARDERS: readonly Forwarder[] = ['node', 'fetch']

/** A signing key of the tests' own, so that they can make any token. */
const SIGNING_KEY: Promise<JsonWebKey> = crypto.subtle
  .generateKey('Ed25519', true, ['sign', 'verify'])
  .then((pair) => crypto.subtle.exportKey('jwk', pair.privateKey))

export async function signingKey(): Promise<JsonWebKey> {
  const { kty, crv, x, d } = await SIGNING_KEY
  return { kty, crv, x, d } as JsonWebKey
}

/** Postern before a real HTTP server, through one of its two forwarders. */
export async function openDoor(
  forwarder: Forwarder,
  changes: Partial<PosternOptions> = {},
  serving: { drainSeconds?: number; upstreamTimeoutSeconds?: number; maxHeaderBytes?: number } = {},
): Promise<Door> {
  const clock = new Clock()
  const events: PosternEvent[] = []
  const received: Received[] = []
  let answer = (_request: IncomingMessage, response: ServerResponse): void => {
    response.setHeader('content-type', 'application/json')
    response.end('{"jsonrpc":"2.0","id":1,"result":{}}')
  }
  let early: ((request: IncomingMessage, response: ServerResponse) => void) | undefined
  const upstream = createServer((request, response) => {
    const chunks: Buffer[] = []
    const entry: Received = {
      method: request.method ?? '',
      url: request.url ?? '',
      headers: request.headers,
      rawHeaders: request.rawHeaders,
      body: Buffer.alloc(0),
    }
    received.push(entry)
    if (early !== undefined) return early(request, response)
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      entry.body = Buffer.concat(chunks)
      answer(request, response)
    })
    request.on('error', () => {})
  })
  const upstreamPort = await listen(upstream)
  // The public name is not the address: as behind a terminator of TLS.
  const host = 'mcp.example.test'
  const options: PosternOptions = {
    resources: [{ url: `https://${host}/mcp`, upstream: `http://127.0.0.1:${upstreamPort}/up` }],
    identityProvider: {
      issuer: 'http://127.0.0.1:9/idp',
      clientId: 'x',
      refreshTokens: 'rotating',
      timeoutSeconds: 1,
    },
    access: 'anyoneTheIdpAdmits',
    secrets: [SECRET_A],
    signingKeys: [await signingKey()],
    ...changes,
  }
  const resources = options.resources.map((resource) => ({
    ...resource,
    upstream:
      resource.upstream === 'UPSTREAM' ? `http://127.0.0.1:${upstreamPort}/up` : resource.upstream,
  }))
  const all = { ...options, resources }
  const runtime = { now: clock.now, emit: (event: PosternEvent) => events.push(event) }
  const running =
    forwarder === 'node'
      ? await serve({ postern: all, runtime, drainSeconds: 0.3, ...serving })
      : await serveByFetch(createPostern(all, runtime))

  const key = await importSigningKey(await signingKey())
  return {
    url: `http://127.0.0.1:${running.port}`,
    port: running.port,
    postern: running.postern,
    clock,
    events,
    received,
    onUpstream: (next) => {
      answer = next
    },
    onRequest: (next) => {
      early = next
    },
    token: (claims = {}, { typ = 'at+jwt', kid } = {}) => {
      const now = clock.seconds
      const all = {
        iss: `https://${host}`,
        aud: `https://${host}/mcp`,
        sub: 'ada',
        client_id: 'client-1',
        scope: 'mcp',
        idp: 'https://idp.example',
        iat: now,
        exp: now + 900,
        jti: crypto.randomUUID(),
        ...claims,
      }
      return signJwt(kid === undefined ? key : { ...key, kid }, typ, all)
    },
    send: (request = {}) => send(running.port, host, request),
    stopUpstream: () => {
      upstream.close()
      upstream.closeAllConnections()
    },
    close: async () => {
      await running.close()
      upstream.close()
      upstream.closeAllConnections()
    },
  }
}

async function serveByFetch(
  postern: Postern,
): Promise<{ port: number; postern: Postern; close: () => Promise<void> }> {
  const server = await new Promise<Server>((resolve) => {
    const started = serveFetch(
      { fetch: postern.fetch, port: 0, hostname: '127.0.0.1', overrideGlobalObjects: false },
      () => resolve(started as Server),
    )
  })
  return {
    port: (server.address() as AddressInfo).port,
    postern,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

async function send(port: number, host: string, options: SendOptions): Promise<Answer> {
  const { method = 'POST', path = '/mcp', headers = [], body, chunked = false, token } = options
  const lines: [string, string][] = [...headers]
  if (!lines.some(([name]) => name.toLowerCase() === 'host')) lines.unshift(['host', host])
  if (token !== undefined) lines.push(['authorization', `Bearer ${token}`])
  if (body !== undefined)
    lines.push(
      chunked
        ? ['transfer-encoding', 'chunked']
        : ['content-length', String(Buffer.byteLength(body))],
    )
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      host: '127.0.0.1',
      port,
      method,
      path,
      headers: lines.flat() as unknown as Record<string, string>,
    })
    request.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          rawHeaders: response.rawHeaders,
          body: Buffer.concat(chunks),
        }),
      )
    })
    request.on('error', reject)
    if (body !== undefined && chunked) {
      const bytes = Buffer.from(body)
      for (let at = 0; at < bytes.length; at += 16_384)
        request.write(bytes.subarray(at, at + 16_384))
    } else if (body !== undefined) request.write(body)
    request.end()
  })
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}
