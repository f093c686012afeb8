import type { Ask, Asked } from '../ask.ts'

/** How the MCP URL answers somebody without a good token. */
export interface ResourceEvidence {
  get: Asked
  head: Asked
  post: Asked
  /** A token that nobody issued. */
  badToken: Asked
  /** CORS preflight, as the Inspector's page causes one. */
  preflight: Asked
}

export const INSPECTOR_ORIGIN = 'http://localhost:6274'
/** Nobody issued it. */
export const BAD_TOKEN = 'postern-doctor'
const BOTH = 'application/json, text/event-stream'

export const INITIALIZE: string = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'postern doctor', version: '1' },
  },
})

export async function probeResource(ask: Ask, url: string): Promise<ResourceEvidence> {
  const [get, head, posted, badToken, preflight] = await Promise.all([
    askResource(ask, url, 'GET'),
    ask(url, { method: 'HEAD', headers: { accept: BOTH } }),
    askResource(ask, url, 'POST'),
    askResource(ask, url, 'POST', BAD_TOKEN),
    ask(url, {
      method: 'OPTIONS',
      headers: {
        origin: INSPECTOR_ORIGIN,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,mcp-protocol-version',
      },
    }),
  ])
  return { get, head, post: posted, badToken, preflight }
}

/** A first request, as clients send it. */
export function askResource(
  ask: Ask,
  url: string,
  method: 'GET' | 'POST',
  token?: string,
): Promise<Asked> {
  const headers = {
    accept: BOTH,
    ...(method === 'GET' ? {} : { 'content-type': 'application/json' }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  }
  return ask(url, { method, headers, ...(method === 'GET' ? {} : { body: INITIALIZE }) })
}

export interface Challenge {
  /** `Bearer`, `Basic` … of the first challenge. */
  scheme: string
  resourceMetadata: string | undefined
  scope: string | undefined
}

/** RFC 9110 §11.6.1, as clients read it: the first challenge, and parameters anywhere. */
export function parseChallenge(header: string | null): Challenge | undefined {
  if (header === null) return undefined
  const parameter = (name: string): string | undefined => {
    const match = new RegExp(`(?:^|[\\s,])${name}=(?:"([^"]*)"|([^\\s,]+))`, 'i').exec(header)
    return match?.[1] ?? match?.[2]
  }
  return {
    scheme: /^\s*([^\s,=]+)/.exec(header)?.[1] ?? '',
    resourceMetadata: parameter('resource_metadata'),
    scope: parameter('scope'),
  }
}

/** GET first, as mcp-remote. */
export function firstChallenge({ get, post }: ResourceEvidence): Challenge | undefined {
  for (const asked of [get, post])
    if (asked.ok && asked.value.status === 401) {
      const challenge = parseChallenge(asked.value.headers.get('www-authenticate'))
      if (challenge !== undefined) return challenge
    }
  return undefined
}
