import { randomUUID } from 'node:crypto'
import type { Pool } from './pool.ts'

export type Handler = (pool: Pool, request: Request) => Response | Promise<Response>

export function redirect(location: string): Response {
  return new Response(null, { status: 302, headers: { Location: location } })
}

/** Developer guide, Token endpoint: errors are HTTP 400 with a JSON body. */
export function jsonError(error: string, description?: string, status = 400): Response {
  return json(
    description === undefined ? { error } : { error, error_description: description },
    status,
  )
}

export function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'Content-Type': 'application/json;charset=UTF-8', 'Cache-Control': 'no-store' },
  })
}

/** The body of a form post, or undefined where it is not one. */
export async function readForm(request: Request): Promise<URLSearchParams | undefined> {
  const mediaType = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (mediaType !== 'application/x-www-form-urlencoded') return undefined
  return new URLSearchParams(await request.text())
}

/**
 * Cognito's own cookie names. Browsers share cookies between all ports of a host, so on loopback
 * the port is part of the name.
 */
export function cookieNames(pool: Pool): { session: string; xsrf: string } {
  const { protocol, port } = new URL(pool.origin)
  const suffix = protocol === 'http:' ? `-${port}` : ''
  return { session: `cognito${suffix}`, xsrf: `XSRF-TOKEN${suffix}` }
}

export function readCookie(request: Request, name: string): string | undefined {
  for (const pair of request.headers.get('cookie')?.split(';') ?? []) {
    const [key, ...value] = pair.trim().split('=')
    if (key === name) return value.join('=')
  }
  return undefined
}

export function setCookie(
  pool: Pool,
  response: Response,
  name: string,
  value: string,
  maxAgeSeconds?: number,
): void {
  const attributes = [`${name}=${value}`, 'Path=/', 'HttpOnly', 'SameSite=Lax']
  if (maxAgeSeconds !== undefined) attributes.push(`Max-Age=${maxAgeSeconds}`)
  if (pool.origin.startsWith('https:')) attributes.push('Secure')
  response.headers.append('Set-Cookie', attributes.join('; '))
}

/** An existing value is kept, so that sign-in pages in several tabs all stay usable. */
export function xsrfToken(pool: Pool, request: Request): string {
  const existing = readCookie(request, cookieNames(pool).xsrf)
  return existing !== undefined && /^[0-9a-f-]{36}$/.test(existing) ? existing : randomUUID()
}

export function setXsrfCookie(pool: Pool, response: Response, token: string): void {
  setCookie(pool, response, cookieNames(pool).xsrf, token)
}
