import { hash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { Agent } from 'undici'
import type { PosternOptions } from '../../config/options.ts'
import { createPostern, type Postern } from '../../postern.ts'
import { PATHS } from '../../protocol/metadata.ts'
import type { Runtime } from '../../runtime.ts'
import { createDocumentFetcher } from '../fetch-document.ts'
import { answer, forward } from './forward.ts'
import { logEvents } from './log.ts'

export { createDocumentFetcher } from '../fetch-document.ts'

const sha256 = (text: string): string => hash('sha256', text, 'base64url')

export interface ServeOptions {
  postern: PosternOptions
  /** Default: 127.0.0.1 and a free port. */
  listen?: { host?: string; port?: number }
  /** Default: events become JSON log lines on stderr. */
  runtime?: Partial<Runtime>
  /** Seconds that requests under way get at the end. Default 10. */
  drainSeconds?: number
  /** Largest request head in bytes; beyond it 431. Default 32 KiB. */
  maxHeaderBytes?: number
  /** Seconds until the MCP server must have begun its answer; beyond it 504. Default 300. */
  upstreamTimeoutSeconds?: number
}

export interface RunningServer {
  host: string
  port: number
  postern: Postern
  /** Stops accepting, lets requests under way finish, then cuts what is left. */
  close: () => Promise<void>
}

/**
 * Runs Postern as a reverse proxy on Node.
 * @throws ConfigError listing every problem of the options; the error of `listen` for a busy port.
 */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const emit = options.runtime?.emit ?? logEvents()
  const postern = createPostern(options.postern, {
    sha256,
    fetchDocument: createDocumentFetcher(),
    ...options.runtime,
    emit,
  })
  const agent = new Agent({
    headersTimeout: (options.upstreamTimeoutSeconds ?? 300) * 1000,
    // Streams may be silent for as long as their server likes.
    bodyTimeout: 0,
  })
  const web = getRequestListener(postern.fetch, { overrideGlobalObjects: false })
  const forwarded = new Set(
    postern.config.resources
      .filter(({ upstream }) => typeof upstream === 'string')
      .map(({ url }) => new URL(url).pathname),
  )
  let draining = false
  const answering = new Set<ServerResponse>()

  /** While draining, a connection ends with its last answer; otherwise its client would keep it. */
  function track({ socket }: IncomingMessage, response: ServerResponse): void {
    answering.add(response)
    response.once('close', () => {
      answering.delete(response)
      // Not `closeIdleConnections`: that destroys connections whose last bytes are still on the way.
      if (draining && ![...answering].some(({ req }) => req.socket === socket)) socket.destroySoon()
    })
  }

  function handle(request: IncomingMessage, response: ServerResponse): void {
    track(request, response)
    // Absolute form and fragments: servers in front might have read another host or path in them.
    if (!/^\/[^#]*$/.test(request.url ?? '')) return answer(response, 400, [], 'bad target')
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/'
    if (draining && path === PATHS.readiness) return answer(response, 503, [], 'draining')
    if (forwarded.has(path) || forwarded.has(path.replace(/\/$/, ''))) {
      forward(request, response, { postern, agent, emit }).catch((error: unknown) => {
        const message = error instanceof Error ? error.message : String(error)
        emit({ type: 'fault', requestId: 'forward', message })
        response.destroy()
      })
      return
    }
    if (request.headers.expect !== undefined) response.writeContinue()
    web(request, response).catch(() => response.destroy())
  }

  const server = createServer({ maxHeaderSize: options.maxHeaderBytes ?? 32 * 1024 }, handle)
  server.on('checkContinue', handle)
  // Longer than load balancers keep idle connections (usually 60 s): whoever closes first must be them.
  server.keepAliveTimeout = 65_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.listen?.port ?? 0, options.listen?.host ?? '127.0.0.1', resolve)
  })
  const { address, port } = server.address() as AddressInfo

  return {
    host: address,
    port,
    postern,
    close: async () => {
      draining = true
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      const cut = setTimeout(
        () => server.closeAllConnections(),
        (options.drainSeconds ?? 10) * 1000,
      )
      await closed
      clearTimeout(cut)
      await agent.destroy()
    },
  }
}
