import { once } from 'node:events'
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'

/** What happens to a request on its way. */
export type Fault =
  | { kind: 'pass' }
  /** Nobody listens; with a path: the connection is reset once the request is known. */
  | { kind: 'refuse' }
  /** Passed on after this time. */
  | { kind: 'slow'; ms: number }
  /** Answered here, as JSON that says nothing. */
  | { kind: 'status'; status: number }
  /** Answered here, with the error page of a proxy or firewall. */
  | { kind: 'html'; status: number }
  /** The answer's head and this many bytes of a longer body arrive, then a reset. */
  | { kind: 'reset'; afterBytes: number }

export interface FaultProxy {
  origin: string
  /** Origin of what stands behind. Settable, because that may have to know `origin` first. */
  target: string
  /** Requests that came here, with what happened to them. */
  seen: { method: string; path: string; fault: Fault['kind'] }[]
  /** Until told otherwise: this, for requests whose path matches; all others pass. */
  inject: (fault: Fault, path?: RegExp) => Promise<void>
  close: () => Promise<void>
}

// The kernel throws away what was not yet read when a reset arrives.
const READING_MS = 25

/** Stands before an identity provider or an MCP server, on one port, and lets it fail as told. */
export async function startFaultProxy({
  target = '',
}: { target?: string } = {}): Promise<FaultProxy> {
  let fault: Fault = { kind: 'pass' }
  let filter: RegExp | undefined
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/'
    const happens: Fault = filter?.test(path) === false ? { kind: 'pass' } : fault
    proxy.seen.push({ method: request.method ?? '', path, fault: happens.kind })
    apply(happens, request, response, proxy.target)
  })
  const port = await listen(server, 0)
  const proxy: FaultProxy = {
    origin: `http://localhost:${port}`,
    target,
    seen: [],
    inject: async (next, path) => {
      fault = next
      // A global or sticky expression would remember where it matched last.
      filter =
        path === undefined ? undefined : new RegExp(path.source, path.flags.replace(/[gy]/g, ''))
      if (next.kind === 'refuse' && path === undefined) await stop(server)
      else if (!server.listening) await listen(server, port)
    },
    close: () => stop(server),
  }
  return proxy
}

function apply(
  fault: Fault,
  request: IncomingMessage,
  response: ServerResponse,
  target: string,
): void {
  switch (fault.kind) {
    case 'pass':
      return passOn(request, response, target)
    case 'refuse':
      request.socket.resetAndDestroy()
      return
    case 'slow': {
      const timer = setTimeout(() => passOn(request, response, target), fault.ms)
      response.on('close', () => clearTimeout(timer))
      return
    }
    case 'status':
      return answer(request, response, fault.status, 'application/json', '{}')
    case 'html': {
      const page = `<!doctype html><title>${fault.status}</title><h1>${fault.status}</h1>`
      return answer(request, response, fault.status, 'text/html; charset=utf-8', page)
    }
    case 'reset':
      return passOn(request, response, target, fault.afterBytes)
  }
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  contentType: string,
  body: string,
): void {
  request.resume()
  response.writeHead(status, { 'content-type': contentType }).end(body)
}

/** Nothing is changed: `Host` too, as a provider may make its own addresses of it. */
function passOn(
  request: IncomingMessage,
  response: ServerResponse,
  target: string,
  cutAfter = Number.POSITIVE_INFINITY,
): void {
  const { hostname, port } = new URL(target)
  const onward = httpRequest({
    hostname,
    port,
    method: request.method,
    path: request.url,
    headers: request.rawHeaders as unknown as Record<string, string>,
    agent: false,
  })
  onward.on('response', (reply) => {
    response.writeHead(reply.statusCode ?? 502, reply.rawHeaders)
    response.flushHeaders()
    reply.on('error', () => response.destroy())
    if (cutAfter === Number.POSITIVE_INFINITY) reply.pipe(response)
    else cut(reply, response, cutAfter)
  })
  onward.on('error', () => response.destroy())
  response.on('close', () => onward.destroy())
  request.pipe(onward)
}

function cut(reply: IncomingMessage, response: ServerResponse, afterBytes: number): void {
  const { socket } = response
  let left = afterBytes
  let over = false
  reply.on('data', (chunk: Buffer) => {
    if (over) return
    if (left > 0) response.write(chunk.subarray(0, left))
    left -= chunk.length
    if (left >= 0) return
    over = true
    // A reader in this process gets its turn even where the timer is late.
    setTimeout(() => setImmediate(() => socket?.resetAndDestroy()), READING_MS)
  })
  reply.on('end', () => {
    if (!over) response.end()
  })
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function stop(server: Server): Promise<void> {
  if (!server.listening) return
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
}
