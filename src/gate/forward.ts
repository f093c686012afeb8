import type { Runtime } from '../runtime.ts'
import type { Admitted, Admission } from './gate.ts'
import { refuse } from './refusal.ts'

/** Forwards an admitted request with the global `fetch`: for every platform but Node's own server. */
export async function forwardByFetch(
  request: Request,
  admission: Admitted,
  runtime: Runtime,
  maxBodyBytes: number,
): Promise<Response> {
  const { resource, upstreamUrl, flow } = admission
  if (Number(request.headers.get('content-length') ?? 0) > maxBodyBytes)
    return toResponse(bodyTooLarge())
  const limit = limitBody(request.body, maxBodyBytes)
  try {
    const response =
      typeof resource.upstream === 'function'
        ? await resource.upstream(inProcessRequest(request, admission, limit.body), {
            authInfo: admission.authInfo,
          })
        : await runtime.fetch(upstreamUrl ?? '', {
            method: request.method,
            // `fetch` decodes what is compressed, so nothing may come compressed.
            headers: [
              ...admission.headers.filter(([name]) => name !== 'accept-encoding'),
              ['accept-encoding', 'identity'],
            ],
            body: limit.body,
            redirect: 'manual',
            // The client's disconnect is the MCP server's (2026-07-28: it cancels the request).
            signal: request.signal,
            ...(limit.body === null ? {} : { duplex: 'half' }),
          })
    const received = [...response.headers]
    const headers = await admission.responseHeaders(
      typeof resource.upstream !== 'function' && isDecoded(response)
        ? received.filter(([name]) => name !== 'content-encoding' && name !== 'content-length')
        : received,
    )
    return new Response(response.body, { status: response.status, headers })
  } catch (error) {
    if (limit.exceeded()) return toResponse(bodyTooLarge())
    if (request.signal.aborted) return new Response(null, { status: 499 })
    if (typeof resource.upstream === 'function') throw error
    const failed = { reason: 'no connection', resource: resource.url, flow }
    runtime.emit({ type: 'upstream.failed', ...failed })
    return toResponse(refuse(502, 'The MCP server behind this gate does not answer'))
  }
}

/** Whether `fetch` has decoded what an MCP server compressed against our word. */
function isDecoded({ body, headers }: Response): boolean {
  return (
    body !== null && /^(?:x-gzip|gzip|deflate|br)$/i.test(headers.get('content-encoding') ?? '')
  )
}

export function toResponse(refusal: Extract<Admission, { admitted: false }>): Response {
  return new Response(refusal.status === 204 ? null : refusal.body, {
    status: refusal.status,
    headers: refusal.headers,
  })
}

function bodyTooLarge(): Extract<Admission, { admitted: false }> {
  return refuse(413, 'The request body is too large')
}

function inProcessRequest(
  request: Request,
  admission: Admitted,
  body: ReadableStream<Uint8Array<ArrayBuffer>> | null,
): Request {
  return new Request(request.url, {
    method: request.method,
    headers: admission.headers,
    body,
    signal: request.signal,
    ...(body === null ? {} : { duplex: 'half' }),
  })
}

/** Cuts a body while it streams: the length that a client declares need not be true. */
function limitBody(
  body: ReadableStream<Uint8Array<ArrayBuffer>> | null,
  maxBytes: number,
): { body: ReadableStream<Uint8Array<ArrayBuffer>> | null; exceeded: () => boolean } {
  if (body === null) return { body, exceeded: () => false }
  let seen = 0
  const limited = body.pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(chunk, controller) {
        seen += chunk.byteLength
        if (seen > maxBytes) controller.error(new TypeError('body too large'))
        else controller.enqueue(chunk)
      },
    }),
  )
  return { body: limited, exceeded: () => seen > maxBytes }
}
