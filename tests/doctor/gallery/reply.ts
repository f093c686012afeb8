import type { IncomingHttpHeaders } from 'node:http'

export interface Visit {
  method: string
  url: URL
  headers: IncomingHttpHeaders
  body: string
}

export interface Reply {
  status: number
  headers?: Record<string, string>
  json?: object
  /** Instead of JSON. */
  text?: string
}

export function page(status: number, body: string, headers: Record<string, string> = {}): Reply {
  const text = `<!doctype html><title>Gallery</title>${body}`
  return { status, headers: { 'content-type': 'text/html; charset=utf-8', ...headers }, text }
}

export function error(status: number, code: string): Reply {
  return { status, headers: { 'cache-control': 'no-store' }, json: { error: code } }
}

export function redirect(location: string, headers: Record<string, string> = {}): Reply {
  return { status: 302, headers: { ...headers, location } }
}
