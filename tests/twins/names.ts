import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { createAuthority } from './certificates.ts'
import { ConnectionFailed, type Host, type HttpRequest, type Internet } from './http.ts'

export interface Names {
  /** `http://127.0.0.1:<port>`, for `HTTPS_PROXY` and `--proxy-server`. */
  readonly proxyUrl: string
  readonly port: number
  /** File with the certificate of the test's authority, for `NODE_EXTRA_CA_CERTS`. */
  readonly caFile: string
  readonly caPem: string
  /** Environment in which an unmodified Node 24 program reaches the names. */
  readonly environment: Record<string, string>
  /** Requests answered, by host name. */
  readonly requests: ReadonlyMap<string, number>
  /** Connections refused because nothing bears that name, by `host:port`. */
  readonly unknown: ReadonlyMap<string, number>
  /** What hosts threw: bugs of twins, or of tests. */
  readonly failures: readonly unknown[]
  close(): Promise<void>
}

/** Framing is between two neighbours (RFC 9110 §7.6.1); here the server does it. */
const FRAMING = new Set(['connection', 'content-length', 'keep-alive', 'transfer-encoding'])

/**
 * Gives the hosts of an `Internet` their real names: a proxy on loopback that answers `CONNECT
 * host:443` itself, under certificates of an authority of its own. Host, path and headers reach the
 * host as they came over the wire.
 */
export async function startNames(internet: Internet): Promise<Names> {
  const authority = createAuthority()
  const folder = mkdtempSync(join(tmpdir(), 'postern-names-'))
  const caFile = join(folder, 'ca.pem')
  writeFileSync(caFile, authority.pem)
  const requests = new Map<string, number>()
  const unknown = new Map<string, number>()
  const failures: unknown[] = []
  const sockets = new Set<Duplex>()
  const hostOf = new WeakMap<object, { name: string; host: Host }>()

  // Limits are the hosts' business, so this server is more patient than all of them.
  const https = createServer(
    { maxHeaderSize: 128 * 1024, requireHostHeader: false, keepAliveTimeout: 0 },
    (request, response) => {
      const named = hostOf.get(request.socket)
      if (named === undefined) return void response.destroy()
      count(requests, named.name)
      answer(named.host, request, response).catch((error: unknown) => {
        if (!(error instanceof ConnectionFailed)) failures.push(error)
        request.socket.destroy()
      })
    },
  )
  const refuse = (socket: Duplex, target: string): void => {
    count(unknown, target)
    socket.end('HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\ncontent-length: 0\r\n\r\n')
  }
  const proxy = createServer((request, response) => {
    count(unknown, request.url ?? '')
    response.writeHead(502, { connection: 'close' }).end()
  })
  proxy.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
  })
  proxy.on('connect', (request, socket, head) => {
    const target = (request.url ?? '').toLowerCase()
    const name = /^([^:]+):443$/.exec(target)?.[1] ?? ''
    const host = internet.get(name)
    if (host === undefined) return refuse(socket, target)
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
    socket.unshift(head)
    const secureContext = authority.contextFor(name)
    const secured = new TLSSocket(socket, {
      isServer: true,
      secureContext,
    })
    secured.on('error', () => socket.destroy())
    hostOf.set(secured, { name, host })
    https.emit('connection', secured)
  })

  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const { port } = proxy.address() as AddressInfo
  const proxyUrl = `http://127.0.0.1:${port}`
  return {
    proxyUrl,
    port,
    caFile,
    caPem: authority.pem,
    environment: {
      NODE_USE_ENV_PROXY: '1',
      HTTPS_PROXY: proxyUrl,
      NO_PROXY: 'localhost,127.0.0.1',
      NODE_EXTRA_CA_CERTS: caFile,
    },
    requests,
    unknown,
    failures,
    close: async () => {
      const closed = once(proxy, 'close')
      proxy.close()
      for (const socket of sockets) socket.destroy()
      await closed
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function answer(
  host: Host,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  const response = await host({ ...headOf(incoming), body: Buffer.concat(chunks) })
  const headers = response.headers.filter(([name]) => !FRAMING.has(name.toLowerCase()))
  const hasContent = response.status >= 200 && response.status !== 204 && response.status !== 304
  if (hasContent) headers.push(['content-length', String(response.body.length)])
  outgoing.writeHead(response.status, headers.flat())
  outgoing.end(incoming.method === 'HEAD' || !hasContent ? undefined : response.body)
}

function headOf(incoming: IncomingMessage): Omit<HttpRequest, 'body'> {
  const { rawHeaders } = incoming
  const headers: [string, string][] = []
  for (let index = 0; index + 1 < rawHeaders.length; index += 2)
    headers.push([rawHeaders[index] ?? '', rawHeaders[index + 1] ?? ''])
  return {
    method: incoming.method ?? '',
    target: incoming.url ?? '',
    headers,
    clientAddress: incoming.socket.remoteAddress ?? '127.0.0.1',
  }
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
