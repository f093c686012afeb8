import type { GateConfig } from '../config/gate-config.ts'
import type { Runtime } from '../runtime.ts'
import { requestHead } from './arrival.ts'
import { forwardByFetch, toResponse } from './forward.ts'
import type { Gate } from './gate.ts'

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
