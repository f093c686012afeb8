import type { GateConfig, Resource } from '../config/gate-config.ts'
import type { Emit } from '../events.ts'
import { connectPage, guessPlatform } from '../pages/connect.ts'
import { renderPage } from '../pages/layout.ts'
import { buildChallenge } from '../protocol/bearer.ts'
import { headerValues, type HeaderList } from '../protocol/headers.ts'
import { protectedResourceMetadataUrl } from '../protocol/metadata.ts'
import { prefersHtml } from '../protocol/negotiation.ts'

/** A finished answer of the gate: nothing reaches the MCP server. */
export interface Refusal {
  admitted: false
  status: number
  headers: [string, string][]
  body: string
}

/** What the answer depends on besides the problem: machines never get a page. */
export interface Asker {
  method: string
  headers: HeaderList
  site: Pick<GateConfig, 'issuer' | 'branding'>
}

type ChallengeError = 'invalid_request' | 'invalid_token' | 'insufficient_scope'

export function refuse(
  status: number,
  description: string,
  headers: [string, string][] = [],
): Refusal {
  return {
    admitted: false,
    status,
    headers: [
      ['content-type', 'application/json'],
      ['cache-control', 'no-store'],
      ['x-content-type-options', 'nosniff'],
      ...headers,
    ],
    body: JSON.stringify({ error_description: description }),
  }
}

/** Tells the operator, and hands the refusal on. */
export function reportRefusal(
  emit: Emit,
  reason: string,
  refusal: Refusal,
  resource?: Resource,
  flow?: string,
): Refusal {
  emit({
    type: 'gate.refused',
    reason,
    status: refusal.status,
    ...(resource === undefined ? {} : { resource: resource.url }),
    flow,
  })
  return refusal
}

/** 401, 400 or 403 with the challenge from which clients find the way in (RFC 9728 §5.1). */
export async function challenge(
  resource: Resource,
  request: Asker,
  problem: { status: 400 | 401 | 403; error?: ChallengeError; description: string; scope?: string },
): Promise<Refusal> {
  const header = buildChallenge({
    ...(problem.error === undefined
      ? {}
      : { error: problem.error, error_description: problem.description }),
    scope: problem.scope ?? resource.scopes.join(' '),
    resource_metadata: protectedResourceMetadataUrl(resource.url),
  })
  const say = (name: string): string => headerValues(request.headers, name).join(',')
  if (problem.status === 401 && request.method === 'GET' && prefersHtml(say('accept'))) {
    const platform = guessPlatform(say('sec-ch-ua-platform') || say('user-agent'))
    const { headers, body } = await renderPage(request.site, connectPage(resource, platform))
    return {
      admitted: false,
      status: problem.status,
      headers: [...Object.entries(headers), ['www-authenticate', header]],
      body,
    }
  }
  return refuse(problem.status, problem.description, [['www-authenticate', header]])
}

/**
 * The MCP server's own words for a session it does not have, because that is what clients answer by
 * starting a new one. Without a JSON-RPC body a 404 would make them change the protocol.
 */
export function sessionNotFound(): Refusal {
  const error = { code: -32001, message: 'Session not found' }
  return {
    admitted: false,
    status: 404,
    headers: [
      ['content-type', 'application/json'],
      ['cache-control', 'no-store'],
    ],
    body: JSON.stringify({ jsonrpc: '2.0', error, id: null }),
  }
}
