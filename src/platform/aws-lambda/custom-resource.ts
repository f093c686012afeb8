import * as v from 'valibot'

// CloudFormation, "Custom resource request fields" and "response fields".
export interface CustomResourceRequest {
  RequestType: string
  /** Where the answer goes; signed, so that it needs no credentials. */
  ResponseURL: string
  StackId: string
  RequestId: string
  LogicalResourceId: string
  PhysicalResourceId?: string | undefined
  ResourceProperties: Record<string, unknown>
}

const Request: v.GenericSchema<unknown, CustomResourceRequest> = v.object({
  RequestType: v.string(),
  ResponseURL: v.pipe(v.string(), v.startsWith('https://')),
  StackId: v.string(),
  RequestId: v.string(),
  LogicalResourceId: v.string(),
  PhysicalResourceId: v.optional(v.string()),
  ResourceProperties: v.optional(v.record(v.string(), v.unknown()), {}),
})

/** Undefined for an event of another kind. */
export function parseCustomResourceRequest(event: unknown): CustomResourceRequest | undefined {
  const parsed = v.safeParse(Request, event)
  return parsed.success ? parsed.output : undefined
}

/** Tells CloudFormation how it went: without an answer a stack waits for an hour. */
export async function answerCustomResource(
  request: CustomResourceRequest,
  outcome: { data: object } | { reason: string },
  fetch: typeof globalThis.fetch,
): Promise<void> {
  const { StackId, RequestId, LogicalResourceId } = request
  const body = JSON.stringify({
    ...('data' in outcome
      ? { Status: 'SUCCESS', Data: outcome.data }
      : { Status: 'FAILED', Reason: outcome.reason }),
    // Always the same: another id would make CloudFormation delete the resource of the old one.
    PhysicalResourceId: request.PhysicalResourceId ?? `${LogicalResourceId}-keys`,
    StackId,
    RequestId,
    LogicalResourceId,
  })
  // The URL is signed for an empty media type.
  const headers = { 'content-type': '' }
  const response = await fetch(request.ResponseURL, {
    method: 'PUT',
    headers,
    body: new TextEncoder().encode(body),
  })
  if (!response.ok)
    throw new Error(`CloudFormation did not take the answer: status ${response.status}`)
}
