/** `postern/aws-lambda`: an MCP server in a Lambda function behind the gate. */
export type { AuthInfo } from '../../config/options.ts'
export { authorizerClaims, parseListClaim } from './claims.ts'
export type { HttpHandler } from './http-handler.ts'
export { mcpHandler } from './mcp-handler.ts'
export type { CreateServer, McpContext } from './mcp-server.ts'
export type { HttpResult } from './result.ts'
