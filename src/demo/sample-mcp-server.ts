import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createAdaptorServer } from '@hono/node-server'
import {
  createMcpHandler,
  fromJsonSchema,
  hostHeaderValidationResponse,
  localhostAllowedHostnames,
  McpServer,
} from '@modelcontextprotocol/server'

export interface SampleMcpServer {
  readonly url: string
  close(): Promise<void>
}

/** A private MCP server as people have it: no sign-in of its own, on 127.0.0.1, no sessions. */
export async function startSampleMcpServer(
  options: { port?: number } = {},
): Promise<SampleMcpServer> {
  const handler = createMcpHandler(createSampleServer)
  const server = createAdaptorServer({
    overrideGlobalObjects: false,
    fetch: async (request) => {
      // A page on a rebound DNS name must not reach it.
      const refused = hostHeaderValidationResponse(request, localhostAllowedHostnames())
      if (refused !== undefined) return refused
      if (new URL(request.url).pathname !== '/mcp') return new Response(null, { status: 404 })
      return handler.fetch(request)
    },
  }) as Server
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    close: async () => {
      if (!server.listening) return
      await handler.close()
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

function createSampleServer(): McpServer {
  const server = new McpServer({ name: 'postern-sample', version: '1.0.0' })
  registerWhoami(server)
  registerEcho(server)
  registerCountdown(server)
  return server
}

function registerWhoami(server: McpServer): void {
  server.registerTool(
    'whoami',
    {
      title: 'Who am I',
      description: 'Says who is calling, as the front door told this server.',
      inputSchema: fromJsonSchema({ type: 'object', properties: {}, additionalProperties: false }),
      annotations: { readOnlyHint: true },
    },
    (_input, context) => ({ content: [{ type: 'text', text: describeCaller(context.http?.req) }] }),
  )
}

function registerEcho(server: McpServer): void {
  server.registerTool(
    'echo',
    {
      title: 'Echo',
      description: 'Says the same text back.',
      inputSchema: fromJsonSchema<{ text: string }>({
        type: 'object',
        properties: { text: { type: 'string' } },
        required: ['text'],
        additionalProperties: false,
      }),
      annotations: { readOnlyHint: true },
    },
    ({ text }) => ({ content: [{ type: 'text', text }] }),
  )
}

function registerCountdown(server: McpServer): void {
  server.registerTool(
    'countdown',
    {
      title: 'Countdown',
      description: 'Counts down to zero and reports every step as progress.',
      inputSchema: fromJsonSchema<{ from: number; intervalMs?: number }>({
        type: 'object',
        properties: {
          from: { type: 'integer', minimum: 1, maximum: 10_000 },
          intervalMs: { type: 'integer', minimum: 0, maximum: 60_000, default: 200 },
        },
        required: ['from'],
        additionalProperties: false,
      }),
      annotations: { readOnlyHint: true },
    },
    async ({ from, intervalMs = 200 }, { mcpReq }) => {
      const progressToken = mcpReq._meta?.progressToken
      for (let progress = 1; progress <= from; progress++) {
        await sleep(intervalMs, undefined, { signal: mcpReq.signal })
        if (progressToken === undefined) continue
        const params = { progressToken, progress, total: from, message: `${from - progress} to go` }
        await mcpReq.notify({ method: 'notifications/progress', params })
      }
      return { content: [{ type: 'text', text: `Counted down from ${from}.` }] }
    },
  )
}

/** The identity headers are trustworthy only behind the front door, which drops foreign ones. */
function describeCaller(request: Request | undefined): string {
  const user = decode(request?.headers.get('x-forwarded-user'))
  if (user === undefined) return 'Nobody told me who is calling.'
  const email = decode(request?.headers.get('x-forwarded-email'))
  const groups = decode(request?.headers.get('x-forwarded-groups'))
  return [
    `You are ${user}`,
    ...(email === undefined ? [] : [`e-mail ${email}`]),
    ...(groups === undefined ? [] : [`groups ${groups}`]),
  ].join(', ')
}

function decode(value: string | null | undefined): string | undefined {
  if (value === null || value === undefined || value === '') return undefined
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
