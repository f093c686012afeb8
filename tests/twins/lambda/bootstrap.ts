/**
 * The Node.js runtime inside a function's process. Arguments: folder of the code, handler as
 * configured, and the time at which the clock of the test stands, if it has one.
 */
import { existsSync } from 'node:fs'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ErrorPayload, Invocation, Report } from './protocol.ts'

type Handler = (event: unknown, context: object) => unknown

const [root = '', configured = '', startedAt] = process.argv.slice(2)
const channel = new Socket({ fd: 3 })
const clock = startedAt === undefined ? undefined : shiftClock()

function toLine(report: Report): string {
  return `${JSON.stringify(report)}\n`
}

/** Moves `Date`; timers and the network keep the pace of the host. */
function shiftClock(): { set: (now: number) => void } {
  const Host = Date
  let shift = 0
  const now = () => Host.now() + shift
  globalThis.Date = new Proxy(Host, {
    construct: (target, args: unknown[], newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as object,
    apply: () => new Host(now()).toString(),
    get: (target, key) => (key === 'now' ? now : (Reflect.get(target, key) as unknown)),
  })
  return {
    set: (wanted) => {
      shift = wanted - Host.now()
    },
  }
}

function toErrorPayload(error: unknown): ErrorPayload {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error) }
  return {
    errorType: error.name,
    errorMessage: error.message,
    trace: (error.stack ?? '').split('\n'),
  }
}

/** Lambda guide, Define Lambda function handler in Node.js: `folder/file.export`. */
async function loadHandler(): Promise<Handler> {
  const dot = configured.lastIndexOf('.')
  const [module, name] = [configured.slice(0, dot), configured.slice(dot + 1)]
  const file = ['.js', '.mjs', '.cjs']
    .map((extension) => join(root, module + extension))
    .find(existsSync)
  if (file === undefined)
    throw named('Runtime.ImportModuleError', `Error: Cannot find module '${module}'`)
  const exported = (await import(pathToFileURL(file).href)) as Record<string, unknown>
  const handler =
    exported[name] ?? (exported['default'] as Record<string, unknown> | undefined)?.[name]
  if (typeof handler !== 'function')
    throw named('Runtime.HandlerNotFound', `${configured} is undefined or not exported`)
  return handler as Handler
}

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name })
}

/** Lambda guide, Using the Lambda context object to retrieve Node.js function information. */
function toContext({ requestId, timeoutMilliseconds }: Invocation): object {
  const { env } = process
  const deadline = performance.now() + timeoutMilliseconds
  return {
    awsRequestId: requestId,
    callbackWaitsForEmptyEventLoop: true,
    functionName: env['AWS_LAMBDA_FUNCTION_NAME'],
    functionVersion: env['AWS_LAMBDA_FUNCTION_VERSION'],
    invokedFunctionArn: `arn:aws:lambda:${env['AWS_REGION']}:111122223333:function:${env['AWS_LAMBDA_FUNCTION_NAME']}`,
    memoryLimitInMB: env['AWS_LAMBDA_FUNCTION_MEMORY_SIZE'],
    logGroupName: env['AWS_LAMBDA_LOG_GROUP_NAME'],
    logStreamName: env['AWS_LAMBDA_LOG_STREAM_NAME'],
    getRemainingTimeInMillis: () => Math.max(0, Math.round(deadline - performance.now())),
  }
}

async function run(handler: Handler, invocation: Invocation): Promise<void> {
  const { requestId } = invocation
  if (invocation.now !== undefined) clock?.set(invocation.now)
  let line: string
  try {
    const payload = (await handler(invocation.event, toContext(invocation))) ?? null
    line = toLine({ kind: 'result', requestId, payload })
  } catch (error) {
    const payload = toErrorPayload(error)
    process.stdout.write(`ERROR Invoke Error ${JSON.stringify(payload)}\n`)
    line = toLine({ kind: 'error', requestId, error: payload })
  }
  // After everything that the handler has logged, so that the twin knows when it has it all.
  process.stdout.write(`END RequestId: ${requestId}\n`)
  channel.write(line)
}

function listen(handler: Handler): void {
  let pending = ''
  channel.setEncoding('utf8').on('data', (text: string) => {
    const lines = (pending + text).split('\n')
    pending = lines.pop() ?? ''
    for (const line of lines) void run(handler, JSON.parse(line) as Invocation)
  })
}

// The twin is gone, and with it whoever would end this process.
channel.on('close', () => process.exit())

if (startedAt !== undefined) clock?.set(Number(startedAt))
try {
  const handler = await loadHandler()
  listen(handler)
  channel.write(toLine({ kind: 'initialized' }))
} catch (error) {
  const payload = toErrorPayload(error)
  process.stdout.write(`ERROR Uncaught Exception ${JSON.stringify(payload)}\n`)
  channel.write(toLine({ kind: 'init-error', error: payload }))
  // Nothing else keeps this process alive until the twin has read that and ends it.
  channel.resume()
}
