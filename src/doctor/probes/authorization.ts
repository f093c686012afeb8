import type { Ask, Asked } from '../ask.ts'
import { walk, type Walk } from '../browser.ts'
import { readOAuthError } from '../oauth-error.ts'

/** An authorization request, without what proves it. */
export interface AuthorizationRequest {
  clientId: string
  redirectUri: string
  scope: string | undefined
  resource: string | undefined
}

export interface AuthorizationEvidence {
  request: AuthorizationRequest
  /** What mcp-remote asks itself, twice: the second must not be told apart from the first. */
  asJson: [Asked, Asked]
  /** Where a browser gets with the same. */
  browser: Walk
  /** The same without one parameter, where the browser came back with an error or stopped at one. */
  withoutResource: Walk | undefined
  withoutScope: Walk | undefined
  withoutOfflineAccess: Walk | undefined
  /** Another port than the registered one (RFC 8252 §7.3). */
  otherPort: Asked
  /** A client_id that nobody registered. */
  unknownAsJson: Asked
  unknownAsHtml: Asked
  /** A fault that is told to the client: RFC 6749 §4.1.2.1. */
  errorResponse: Asked
}

const HTML = 'text/html,application/xhtml+xml,*/*;q=0.8'
const JSON_ONLY = { headers: { accept: 'application/json' } }
/** Looks like what servers issue, so that they look for it. */
export const UNKNOWN_CLIENT = '00000000-0000-4000-8000-000000000000'

export async function probeAuthorization(
  ask: Ask,
  endpoint: string,
  request: AuthorizationRequest,
  random: () => string,
): Promise<AuthorizationEvidence> {
  const url = (changes: Partial<AuthorizationRequest> = {}, more: Record<string, string> = {}) =>
    authorizationUrl(endpoint, { ...request, ...changes }, { state: random(), ...more })
  const unknown = { clientId: UNKNOWN_CLIENT }
  const once = url()
  // Alone and before all others: a cache in between would keep it, and is seen by that.
  const first = await ask(once, JSON_ONLY)
  const [browser, otherPort, unknownAsJson, unknownAsHtml, errorResponse] = await Promise.all([
    walk(ask, url(), request.redirectUri),
    ask(url({ redirectUri: withOtherPort(request.redirectUri) }), JSON_ONLY),
    ask(url(unknown), JSON_ONLY),
    ask(url(unknown), { headers: { accept: HTML } }),
    ask(url({}, { response_type: 'none' }), JSON_ONLY),
  ])
  const again = (changes: Partial<AuthorizationRequest>): Promise<Walk> =>
    walk(ask, url(changes), request.redirectUri)
  const isStopped = stopped(browser)
  const scopes = request.scope?.split(' ') ?? []
  return {
    request,
    asJson: [first, await ask(once, JSON_ONLY)],
    browser,
    withoutResource: isStopped ? await again({ resource: undefined }) : undefined,
    withoutScope: isStopped ? await again({ scope: undefined }) : undefined,
    withoutOfflineAccess:
      isStopped && scopes.includes('offline_access')
        ? await again({ scope: scopes.filter((each) => each !== 'offline_access').join(' ') })
        : undefined,
    otherPort,
    unknownAsJson,
    unknownAsHtml,
    errorResponse,
  }
}

/** As its document names them: without port. */
const CLAUDE_CODE = {
  clientId: 'https://claude.ai/oauth/claude-code-client-metadata',
  redirectUri: 'http://localhost/callback',
}

/** A Client ID Metadata Document as client_id, as Claude Code, VS Code and others present theirs. */
export function probeMetadataDocument(
  ask: Ask,
  endpoint: string,
  request: Pick<AuthorizationRequest, 'scope' | 'resource'>,
  random: () => string,
): Promise<Asked> {
  const url = authorizationUrl(endpoint, { ...CLAUDE_CODE, ...request }, { state: random() })
  return ask(url, JSON_ONLY)
}

/** A client that has just registered is not known. */
export function isForgotten({ asJson: [first] }: AuthorizationEvidence): boolean {
  return first.ok && first.value.status >= 400 && readOAuthError(first.value) === 'invalid_client'
}

/** It came back with an error, or shows one. */
export function stopped({ end }: Walk): boolean {
  if (end.kind === 'returned') return end.query.has('error')
  return end.kind === 'page' && end.answer.status >= 400
}

/** RFC 7636 appendix B: no code that this could redeem is ever redeemed. */
const CODE_CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'

export function authorizationUrl(
  endpoint: string,
  request: AuthorizationRequest,
  more: Record<string, string>,
): string {
  const url = new URL(endpoint)
  const parameters = {
    response_type: 'code',
    client_id: request.clientId,
    code_challenge: CODE_CHALLENGE,
    code_challenge_method: 'S256',
    redirect_uri: request.redirectUri,
    ...(request.scope === undefined ? {} : { scope: request.scope }),
    ...(request.scope?.split(' ').includes('offline_access') === true ? { prompt: 'consent' } : {}),
    ...(request.resource === undefined ? {} : { resource: request.resource }),
    ...more,
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  return url.href
}

function withOtherPort(redirectUri: string): string {
  const url = new URL(redirectUri)
  url.port = url.port === '49152' ? '49153' : '49152'
  return url.href
}
