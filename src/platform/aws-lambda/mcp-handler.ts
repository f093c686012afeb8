import { faultResponse } from '../../http/fault.ts'
import { createRelay } from '../../relay.ts'
import { createResourceServer } from '../../resource-server.ts'
import { readEnvironment } from './environment.ts'
import { createHttpHandler, type HttpHandler } from './http-handler.ts'
import { lambdaRuntime, type LambdaRuntime } from './lambda-runtime.ts'
import { serveMcp, type CreateServer } from './mcp-server.ts'
import { relayOptions } from './relay-options.ts'
import { resourceServerOptions } from './resource-server-options.ts'
import { preflightOf } from './warm-up.ts'

/**
 * A Lambda handler with an MCP server in it, behind the gate; in relay mode with the OAuth
 * endpoints before it as well. `createServer` is called once a request.
 * @throws ConfigError listing every problem of the environment.
 */
export function mcpHandler(
  createServer: CreateServer,
  own: Partial<LambdaRuntime> = {},
): HttpHandler {
  const runtime = lambdaRuntime(own)
  const { mode } = readEnvironment(runtime.variables, ['mode'])
  const upstream = serveMcp(createServer, (error) => void faultResponse(error, runtime))
  if (mode === 'relay') {
    const { options, originSecretHashes } = relayOptions(runtime.variables)
    const relay = createRelay({ ...options, upstream }, runtime)
    void relay.admit(preflightOf(options.url))
    return createHttpHandler(relay.fetch, originSecretHashes, runtime)
  }
  const { options, originSecretHashes } = resourceServerOptions(runtime.variables)
  const server = createResourceServer({ ...options, upstream }, runtime)
  void server.admit(preflightOf(options.url))
  return createHttpHandler(server.fetch, originSecretHashes, runtime)
}
