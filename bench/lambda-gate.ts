/** The gate in a function with a server that does nothing: what is left is the gate. */
import { createHttpHandler, type HttpHandler } from '../src/platform/aws-lambda/http-handler.ts'
import { lambdaRuntime } from '../src/platform/aws-lambda/lambda-runtime.ts'
import { resourceServerOptions } from '../src/platform/aws-lambda/resource-server-options.ts'
import { preflightOf } from '../src/platform/aws-lambda/warm-up.ts'
import { createResourceServer } from '../src/resource-server.ts'

const runtime = lambdaRuntime()
const { options, originSecretHashes } = resourceServerOptions(runtime.variables)
const server = createResourceServer({ ...options, upstream: () => new Response('{}') }, runtime)
void server.admit(preflightOf(options.url))

export const handler: HttpHandler = createHttpHandler(server.fetch, originSecretHashes, runtime)
