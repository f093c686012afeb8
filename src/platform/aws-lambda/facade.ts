import { createRelay } from '../../relay.ts'
import { createHttpHandler, type HttpHandler } from './http-handler.ts'
import { lambdaRuntime, type LambdaRuntime } from './lambda-runtime.ts'
import { relayOptions } from './relay-options.ts'

/**
 * The OAuth endpoints of relay mode, before an MCP server that is guarded elsewhere.
 * @throws ConfigError listing every problem of the environment.
 */
export function createFacadeHandler(own: Partial<LambdaRuntime> = {}): HttpHandler {
  const runtime = lambdaRuntime(own)
  const { options, originSecretHashes } = relayOptions(runtime.variables)
  const relay = createRelay(options, runtime)
  return createHttpHandler(relay.fetch, originSecretHashes, runtime)
}
