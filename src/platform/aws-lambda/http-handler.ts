import { faultResponse } from '../../http/fault.ts'
import type { Runtime } from '../../runtime.ts'
import { parseHttpEvent, toRequest } from './event.ts'
import { invocation } from './invocation.ts'
import { takeEdge } from './origin-proof.ts'
import { problem, toResult, type HttpResult } from './result.ts'

/** A Lambda handler behind an HTTP API, payload format 2.0. */
export type HttpHandler = (event: unknown) => Promise<HttpResult>

// The first use of a web class loads Node's HTTP client: some 50 ms that belong into INIT.
void new Response()

/** Answers events through a `fetch`. Never throws: API Gateway would make a bare 500 of it. */
export function createHttpHandler(
  fetch: (request: Request) => Promise<Response>,
  originSecretHashes: readonly string[],
  runtime: Pick<Runtime, 'random' | 'emit'>,
): HttpHandler {
  return async (event) => {
    const parsed = parseHttpEvent(event)
    if (parsed === undefined) return problem(400, 'The request is malformed')
    const edge = takeEdge(parsed.headers, originSecretHashes)
    const { requestId } = parsed
    const address = edge?.clientAddress
    const store = { requestId, ...(address === undefined ? {} : { clientAddress: address }) }
    return invocation.run(store, async () => {
      // Called past CloudFront. The host check of the core stays on for what CloudFront says.
      if (edge === undefined) {
        runtime.emit({ type: 'gate.refused', reason: 'origin_not_proven', status: 403 })
        return problem(403, 'This host name is not served here')
      }
      try {
        const request = toRequest(parsed, edge.host)
        if (request === undefined) return problem(400, 'The request is malformed')
        return await toResult(await fetch(request))
      } catch (error) {
        return toResult(faultResponse(error, runtime))
      }
    })
  }
}
