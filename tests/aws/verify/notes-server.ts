import { McpServer } from '@modelcontextprotocol/server'
import { type HttpHandler, mcpHandler } from '../../../src/platform/aws-lambda/index.ts'

/** What a person deploys: an MCP server without tools is enough to be signed in to. */
export const handler: HttpHandler = mcpHandler(
  () => new McpServer({ name: 'notes', version: '1.0.0' }),
)
