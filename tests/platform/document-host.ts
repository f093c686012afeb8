import { once } from 'node:events'
import { createServer, type Server, type ServerOptions } from 'node:https'
import type { RequestListener } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { createDocumentFetcher, type DocumentNetwork } from '../../src/platform/fetch-document.ts'
import type { FetchDocument } from '../../src/runtime.ts'
import { createAuthority } from '../twins/certificates.ts'

/** A server of this machine that bears any name, under certificates of its own authority. */
export interface DocumentHost {
  port: number
  ca: string
  /** Sockets that were opened, ever. */
  connections: () => number
  /** Fetches as a platform does, but every name leads here. */
  fetchDocument: (own?: Partial<DocumentNetwork>) => FetchDocument
  close: () => Promise<void>
}

export async function startDocumentHost(listener: RequestListener): Promise<DocumentHost> {
  const authority = createAuthority()
  const SNICallback: ServerOptions['SNICallback'] = (name, done) =>
    done(null, authority.contextFor(name))
  const server: Server = createServer({ SNICallback }, listener)
  const sockets = new Set<Socket>()
  let connections = 0
  server.on('connection', (socket: Socket) => {
    connections += 1
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const ca = authority.pem
  return {
    port,
    ca,
    connections: () => connections,
    fetchDocument: (own = {}) =>
      createDocumentFetcher({
        resolve: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]),
        isAllowed: () => true,
        ca,
        port,
        ...own,
      }),
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
