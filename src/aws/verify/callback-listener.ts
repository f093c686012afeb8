import { createServer, type ServerResponse } from 'node:http'

/** Waits on this machine for the browser that comes back from a sign-in. */
export interface CallbackListener {
  /**
   * The query of the callback with this `state`, and the answer to give the browser: on to a
   * further sign-in, or the end. Undefined where nobody came in time.
   */
  next: (state: string, waitSeconds: number) => Promise<Callback | undefined>
  close: () => Promise<void>
}

export interface Callback {
  query: URLSearchParams
  sendOn: (url: string) => void
  end: () => void
}

const HEADERS = { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }

/** Undefined where the port is taken. */
export async function listenForCallback(
  redirectUri: string,
): Promise<CallbackListener | undefined> {
  const { port, pathname } = new URL(redirectUri)
  const waiting = new Map<string, (callback: Callback) => void>()
  const server = createServer((request, response) => {
    const url = URL.parse(request.url ?? '', redirectUri)
    const state = url?.searchParams.get('state') ?? ''
    const resolve = waiting.get(state)
    // Any page could call this address; only the identity provider was told the state.
    if (request.method !== 'GET' || url?.pathname !== pathname || resolve === undefined)
      return void response.writeHead(404, HEADERS).end()
    waiting.delete(state)
    resolve({
      query: url.searchParams,
      sendOn: (location) => void response.writeHead(302, { ...HEADERS, location }).end(),
      end: () => endPage(response),
    })
  })
  const isListening = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(Number(port), '127.0.0.1', () => resolve(true))
  })
  if (!isListening) return undefined
  return {
    next: (state, waitSeconds) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => {
          waiting.delete(state)
          resolve(undefined)
        }, waitSeconds * 1000)
        waiting.set(state, (callback) => {
          clearTimeout(timer)
          resolve(callback)
        })
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function endPage(response: ServerResponse): void {
  response
    .writeHead(200, { ...HEADERS, 'content-type': 'text/plain; charset=utf-8' })
    .end('postern has what it needs. You can close this page.\n')
}
