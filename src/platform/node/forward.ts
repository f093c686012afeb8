import type { IncomingMessage, ServerResponse } from 'node:http'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { errors, type Agent } from 'undici'
import type { Emit } from '../../events.ts'
import type { Postern } from '../../postern.ts'
import type { HeaderList } from '../../protocol/headers.ts'

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

  const gone = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) gone.abort()
  })
  const url = new URL(admission.upstreamUrl ?? '')
  try {
    const upstream = await agent.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: request.method ?? 'GET',
      headers: admission.headers.flat(),
      body: bodyOf(request, declared, maxBodyBytes),
      signal: gone.signal,
      responseHeaders: 'raw',
    })
    // With `responseHeaders: 'raw'` undici gives the list of names and values.
    const raw = upstream.headers as unknown as string[]
    const headers = await admission.responseHeaders(pairs(raw))
    response.writeHead(upstream.statusCode, headers.flat())
    response.flushHeaders()
    await pipeline(upstream.body, response)
  } catch (error) {
    if (gone.signal.aborted) return
    const problem = describe(error)
    if (problem.status !== 413)
      emit({ type: 'upstream.failed', reason: problem.reason, resource: admission.resource.url })
    // Too late for a status: cutting the connection is the only honest end.
    if (response.headersSent) response.destroy()
    else answerProblem(response, problem.status, problem.description)
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
  return {
    status: 502,
    reason: 'no connection',
    description: 'The MCP server behind this gate does not answer',
  }
}

function pairs(raw: readonly string[]): HeaderList {
  const list: [string, string][] = []
  for (let index = 0; index + 1 < raw.length; index += 2)
    list.push([String(raw[index]), String(raw[index + 1])])
  return list
}
