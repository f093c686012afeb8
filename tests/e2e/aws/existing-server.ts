import { createMcpHandler, fromJsonSchema, McpServer } from '@modelcontextprotocol/server'
import { handle } from 'hono/aws-lambda'
import { Hono } from 'hono'

interface Event {
  requestContext: { authorizer?: { jwt?: { claims: object }; lambda?: object } }
}

/** A Lambda function that knows nothing of Postern: it believes the authorizer in front of it. */
const app = new Hono<{ Bindings: { event: Event } }>()
app.all('*', (c) => {
  const { authorizer } = c.env.event.requestContext
  const mcp = createMcpHandler(() => {
    const server = new McpServer({ name: 'existing', version: '1.0.0' })
    server.registerTool(
      'whoami',
      {
        description: 'Who is calling, as the authorizer says.',
        inputSchema: fromJsonSchema({ type: 'object', properties: {} }),
      },
      () => ({
        content: [
          { type: 'text', text: JSON.stringify(authorizer?.jwt?.claims ?? authorizer?.lambda) },
        ],
      }),
    )
    return server
  })
  return mcp.fetch(c.req.raw)
})

export const handler: (event: Event) => Promise<unknown> = handle(app) as never
