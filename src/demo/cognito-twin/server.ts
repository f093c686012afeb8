import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { assertNotProduction, createCognitoTwin, type CognitoTwin } from './twin.ts'
import type { CognitoTwinOptions } from './options.ts'

export interface CognitoTwinServer extends CognitoTwin {
  readonly origin: string
  close(): Promise<void>
}

/** The twin on 127.0.0.1. Port 0 (the default) takes any; a busy port rejects with EADDRINUSE. */
export async function startCognitoTwin(
  options: Omit<CognitoTwinOptions, 'origin'> & { port?: number },
): Promise<CognitoTwinServer> {
  assertNotProduction()
  const { port = 0, ...twinOptions } = options
  const pending: { twin?: Promise<CognitoTwin> } = {}
  const server = createAdaptorServer({
    overrideGlobalObjects: false,
    fetch: async (request) =>
      (await pending.twin)?.fetch(request) ?? new Response(null, { status: 503 }),
  }) as Server
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')

  // The origin holds the port, so the port comes first.
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`
  const close = async () => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
  pending.twin = createCognitoTwin({ ...twinOptions, origin })
  try {
    return Object.assign(await pending.twin, { origin, close })
  } catch (error) {
    await close()
    throw error
  }
}
