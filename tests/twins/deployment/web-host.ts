import type { Host } from '../http.ts'

/** Lets a web-standard handler answer at a name. */
export function toHost(origin: string, fetch: (request: Request) => Promise<Response>): Host {
  return async ({ method, target, headers, body }) => {
    const hasBody = method !== 'GET' && method !== 'HEAD'
    const response = await fetch(
      new Request(`${origin}${target}`, {
        method,
        headers: new Headers(headers.filter(([name]) => name.toLowerCase() !== 'host')),
        ...(hasBody ? { body: new Uint8Array(body) } : {}),
      }),
    )
    return {
      status: response.status,
      headers: [...response.headers],
      body: new Uint8Array(await response.arrayBuffer()),
    }
  }
}
