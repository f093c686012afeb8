import { headerValue, respond, type Host } from '../http.ts'

/** Lets a web-standard handler answer at a name; the handler sees the Host that was asked for. */
export function toHost(fetch: (request: Request) => Promise<Response>): Host {
  return async ({ method, target, headers, body }) => {
    const request = toRequest(method, target, headers, body)
    if (request === undefined) return respond(400, [])
    const response = await fetch(request)
    return {
      status: response.status,
      headers: [...response.headers],
      body: new Uint8Array(await response.arrayBuffer()),
    }
  }
}

/** Undefined for what the Fetch standard has no request for. */
function toRequest(
  method: string,
  target: string,
  headers: [string, string][],
  body: Uint8Array,
): Request | undefined {
  try {
    return new Request(`https://${headerValue(headers, 'host') ?? ''}${target}`, {
      method,
      headers,
      ...(method === 'GET' || method === 'HEAD' ? {} : { body: new Uint8Array(body) }),
    })
  } catch {
    return undefined
  }
}
