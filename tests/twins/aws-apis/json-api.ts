import { randomUUID } from 'node:crypto'
import { headerValue, pathOf, respond, type Host, type HttpResponse } from '../http.ts'
import { authorize } from './identities.ts'
import { ServiceError } from './service-error.ts'
import { verifySignature, type SignatureOptions } from './signature.ts'

/** Runs for a caller whom `may` lets act on a resource, or throws `AccessDeniedException`. */
export type Action = (input: unknown, may: (resourceArn: string) => void) => object

export interface JsonApiOptions extends SignatureOptions {
  /** What stands before the action in `X-Amz-Target`. */
  target: string
  actions: Readonly<Record<string, Action>>
  /** How often each action was called, refused calls included. */
  counters: Map<string, number>
}

/** Smithy, AWS JSON 1.1 protocol: one path, the action in a header, JSON both ways. */
export function createJsonApi(options: JsonApiOptions): Host {
  return async (request) => {
    try {
      const contentType = headerValue(request.headers, 'content-type')
      const target = headerValue(request.headers, 'x-amz-target') ?? ''
      const [service = '', name = ''] = target.split('.')
      const action = service === options.target ? options.actions[name] : undefined
      const isCall = request.method === 'POST' && pathOf(request.target) === '/'
      if (!isCall || contentType !== 'application/x-amz-json-1.1' || action === undefined)
        throw new ServiceError(400, 'UnknownOperationException', 'Unknown operation')
      options.counters.set(name, (options.counters.get(name) ?? 0) + 1)
      const identity = verifySignature(request, options)
      const input = parseBody(request.body)
      return toJson(
        200,
        action(input, (arn) => authorize(identity, `${options.service}:${name}`, arn)),
      )
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error
      return toJson(error.status, { __type: error.code, message: error.message })
    }
  }
}

function parseBody(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8')) as unknown
  } catch {
    throw new ServiceError(400, 'SerializationException', 'The body is not JSON.')
  }
}

function toJson(status: number, body: object): HttpResponse {
  return respond(
    status,
    [
      ['content-type', 'application/x-amz-json-1.1'],
      ['x-amzn-requestid', randomUUID()],
    ],
    JSON.stringify(body),
  )
}
