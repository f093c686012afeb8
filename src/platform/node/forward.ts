import type { IncomingMessage, ServerResponse } from 'node:http'
import { Transform } from 'node:stream'
import { errors, type Agent, type Dispatcher } from 'undici'
import type { Emit } from '../../events.ts'
import type { Admission, Postern } from '../../postern.ts'
import type { HeaderList } from '../../protocol/headers.ts'

type Admitted = Extract<Admission, { admitted: true }>

class BodyTooLarge extends Error {}

/**
 * Streams one request for a resource: gate first, then the MCP server through pooled connections.
 * Nothing is buffered, parsed or compressed; a client that goes away ends the upstream request.
 */
export async function forward(
  request: IncomingMessage,
  response: ServerResponse,
  { postern, agent, emit }: { postern: Postern; agent: Agent; emit: Emit },
): Promise<void> {
  const admission = await postern.admit({
    method: request.method ?? 'GET',
    target: request.url ?? '/',
    host: request.headers.host ?? '',
    headers: pairs(request.rawHeaders),
  })
  if (!admission.admitted)
    return answer(response, admission.status, admission.headers, admission.body)
  const { maxBodyBytes } = postern.config
  const declared = Number(request.headers['content-length'] ?? 0)
  if (declared > maxBodyBytes) return answerProblem(response, 413, 'The request body is too large')
  // Asked for only now: nobody should send a large body to be refused.
  if (request.headers.expect?.toLowerCase() === '100-continue') response.writeContinue()

  const url = new URL(admission.upstreamUrl ?? '')
  agent.dispatch(
    {
      origin: url.origin,
      path: url.pathname + url.search,
      method: request.method ?? 'GET',
      headers: admission.headers.flat(),
      body: bodyOf(request, declared, maxBodyBytes),
    },
    new Relay(response, admission, emit),
  )
}

/** Passes the MCP server's answer on as it comes, at the speed at which the client reads. */
class Relay implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse
  readonly #admission: Admitted
  readonly #emit: Emit

  constructor(response: ServerResponse, admission: Admitted, emit: Emit) {
    this.#response = response
    this.#admission = admission
    this.#emit = emit
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    const abort = (): void => {
      if (!this.#response.writableFinished) controller.abort(new errors.RequestAbortedError())
    }
    if (this.#response.destroyed) abort()
    else this.#response.once('close', abort)
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    // 1xx: the final answer is still to come.
    if (status < 200) return
    const headers = this.#admission.responseHeaders(rawPairs(controller.rawHeaders))
    if (!(headers instanceof Promise)) return this.#begin(status, headers)
    controller.pause()
    headers
      .then((bound) => {
        this.#begin(status, bound)
        controller.resume()
      })
      .catch((error: Error) => controller.abort(error))
  }

  #begin(status: number, headers: readonly (readonly [string, string])[]): void {
    this.#response.writeHead(status, headers.flat())
    // A body of known length follows at once, and both go out together; a stream may be silent.
    const length = headers.find(([name]) => name === 'content-length')?.[1]
    if (length === undefined || status === 204) this.#response.flushHeaders()
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#response.write(chunk)) return
    controller.pause()
    this.#response.once('drain', () => controller.resume())
  }

  onResponseEnd(): void {
    this.#response.end()
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#response.destroyed) return
    const problem = describe(error)
    const { resource, flow } = this.#admission
    const { reason } = problem
    if (problem.status !== 413)
      this.#emit({ type: 'upstream.failed', reason, resource: resource.url, flow })
    // Too late for a status: cutting the connection is the only honest end.
    if (this.#response.headersSent) this.#response.destroy()
    else answerProblem(this.#response, problem.status, problem.description)
  }
}

export function answer(
  response: ServerResponse,
  status: number,
  headers: readonly (readonly [string, string])[],
  body: string,
): void {
  const bytes = Buffer.from(body)
  const length = status === 204 ? [] : ['content-length', String(bytes.length)]
  response.writeHead(status, [...headers.flat(), ...length])
  response.end(bytes)
}

function answerProblem(response: ServerResponse, status: number, description: string): void {
  // What is left of the body is not read: the connection cannot be used again.
  const headers: [string, string][] = [
    ['content-type', 'application/json'],
    ['cache-control', 'no-store'],
    ['connection', 'close'],
  ]
  answer(response, status, headers, JSON.stringify({ error_description: description }))
}

function bodyOf(
  request: IncomingMessage,
  declared: number,
  maxBodyBytes: number,
): IncomingMessage | Transform | null {
  if (request.headers['transfer-encoding'] === undefined) return declared > 0 ? request : null
  let seen = 0
  const limit = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length
      if (seen > maxBodyBytes) done(new BodyTooLarge())
      else done(null, chunk)
    },
  })
  request.once('error', (error) => limit.destroy(error))
  return request.pipe(limit)
}

function describe(error: unknown): { status: number; reason: string; description: string } {
  if (error instanceof BodyTooLarge)
    return { status: 413, reason: 'body too large', description: 'The request body is too large' }
  if (error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError)
    return {
      status: 504,
      reason: 'no answer in time',
      description: 'The MCP server behind this gate does not answer in time',
    }
  const broken =
    error instanceof errors.HTTPParserError || error instanceof errors.InvalidArgumentError
  return {
    status: 502,
    reason: broken ? 'answer is not HTTP' : 'no connection',
    description: 'The MCP server behind this gate does not answer',
  }
}

function pairs(raw: readonly string[]): HeaderList {
  const list: [string, string][] = []
  for (let index = 0; index + 1 < raw.length; index += 2)
    list.push([String(raw[index]), String(raw[index + 1])])
  return list
}

/** undici types these loosely: a flat list of names and values, as bytes. */
function rawPairs(raw: unknown): HeaderList {
  return pairs((raw as Buffer[]).map((value) => value.toString('latin1')))
}
