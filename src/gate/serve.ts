import type { GateConfig } from '../config/gate-config.ts'
import type { Runtime } from '../runtime.ts'
import { forwardByFetch, toResponse } from './forward.ts'
import type { Gate, RequestHead } from './gate.ts'

/** Answers a request for a resource through the gate, for platforms that do not forward themselves. */
export async function serveResource(
  request: Request,
  gate: Gate,
  config: Pick<GateConfig, 'maxBodyBytes'>,
  runtime: Runtime,
): Promise<Response> {
  const admission = await gate.admit(requestHead(request))
  return admission.admitted
    ? forwardByFetch(request, admission, runtime, config.maxBodyBytes)
    : toResponse(admission)
}

function requestHead(request: Request): RequestHead {
  const url = new URL(request.url)
  return {
    method: request.method,
    target: url.pathname + url.search,
    host: request.headers.get('host') ?? url.host,
    headers: [...request.headers],
  }
}
