import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { Hono } from 'hono'
import { createPostern, type PosternOptions } from 'postern'

/** An MCP server in the same process: tools see who is calling through the SDK's own `authInfo`. */
function createServer(): McpServer {
  const server = new McpServer({ name: 'example', version: '1.0.0' })
  server.registerTool('whoami', { description: 'Says who is calling' }, (context) => ({
    content: [{ type: 'text', text: JSON.stringify(context.http?.authInfo?.extra ?? 'nobody') }],
  }))
  return server
}

/** Postern as part of a Hono app that serves other things as well. */
export function createApp(options: Omit<PosternOptions, 'resources'> & { mcpUrl: string }): Hono {
  const { mcpUrl, ...rest } = options
  const mcp = createMcpHandler(createServer)
  const postern = createPostern({
    ...rest,
    resources: [
      { url: mcpUrl, upstream: (request, { authInfo }) => mcp.fetch(request, { authInfo }) },
    ],
  })
  const app = new Hono()
  app.get('/about', (c) => c.text('An app with an MCP server'))
  app.all('*', (c) => postern.fetch(c.req.raw))
  return app
}
