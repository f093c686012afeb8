import {
  createMcpHandler,
  isLegacyRequest,
  WebStandardStreamableHTTPServerTransport,
  type McpServer,
  type Server,
} from '@modelcontextprotocol/server'
import type { AuthInfo, InProcessServer } from '../../config/options.ts'
import { invocation } from './invocation.ts'

/** What an MCP server may know when it is made: it is made for one request. */
export interface McpContext {
  authInfo: AuthInfo
  /** Address that connected to CloudFront. */
  clientAddress: string | undefined
  /** `modern` for protocol revision 2026-07-28 and later, `legacy` before. */
  era: 'legacy' | 'modern'
}

export type CreateServer = (context: McpContext) => McpServer | Server | Promise<McpServer | Server>

/**
 * Serves an official-SDK server without sessions and without streams: the next request may meet
 * another process, and API Gateway keeps an answer back until it is complete.
 * @param report Told what `createServer` throws where the SDK would keep it to itself.
 */
export function serveMcp(
  createServer: CreateServer,
  report: (error: unknown) => void,
): InProcessServer {
  const contextOf = (era: McpContext['era'], authInfo: AuthInfo): McpContext => ({
    era,
    authInfo,
    clientAddress: invocation.getStore()?.clientAddress,
  })

  async function createModern(authInfo: AuthInfo): Promise<McpServer | Server> {
    try {
      return await createServer(contextOf('modern', authInfo))
    } catch (error) {
      report(error)
      throw error
    }
  }
  const modern = createMcpHandler(({ authInfo }) => createModern(authInfo as AuthInfo), {
    legacy: 'reject',
    responseMode: 'json',
    // A subscription is a stream that never ends.
    maxSubscriptions: 0,
  })

  return async (request, { authInfo }) => {
    if (request.method !== 'POST') return methodNotAllowed()
    if (!(await isLegacyRequest(request))) return modern.fetch(request, { authInfo })
    // The SDK's own stateless fallback would answer by an event stream.
    const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true })
    const server = await createServer(contextOf('legacy', authInfo))
    try {
      await server.connect(transport)
      return await transport.handleRequest(request, { authInfo })
    } finally {
      await server.close()
    }
  }
}

/** MCP 2025-11-25, "Streamable HTTP": a server without streams says so to GET by 405. */
function methodNotAllowed(): Response {
  const error = { code: -32000, message: 'Method not allowed.' }
  return Response.json(
    { jsonrpc: '2.0', error, id: null },
    { status: 405, headers: { allow: 'POST' } },
  )
}
