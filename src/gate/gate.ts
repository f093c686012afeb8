import type { AuthInfo } from '../config/options.ts'
import type { GateConfig, Resource } from '../config/gate-config.ts'
import { parseBearer } from '../protocol/bearer.ts'
import { cookieNames } from '../protocol/cookies.ts'
import {
  forwardableRequestHeaders,
  forwardableResponseHeaders,
  headerValues,
  type HeaderList,
} from '../protocol/headers.ts'
import { parseScope } from '../protocol/scope.ts'
import type { Runtime } from '../runtime.ts'
import { createReception, type RequestHead } from './arrival.ts'
import { readCall } from './calls.ts'
import { corsHeaders } from './cors.ts'
import type { VerifyToken } from './caller.ts'
import { toAuthInfo } from './identity.ts'
import type { SignIdentity } from './identity-jwt.ts'
import { challenge, refuse, reportRefusal, sessionNotFound, type Refusal } from './refusal.ts'
import type { SessionBinding } from './session-id.ts'
import { createVerifiedTokens } from './verified-tokens.ts'

export interface Admitted {
  admitted: true
  resource: Resource
  /** Where a forwarding platform sends the request; undefined for an in-process server. */
  upstreamUrl: string | undefined
  /** The headers to send there. */
  headers: [string, string][]
  authInfo: AuthInfo
  /** The sign-in that the token comes from. */
  flow?: string | undefined
  /** Turns the MCP server's response headers into those for the client. */
  responseHeaders: (upstream: HeaderList) => [string, string][] | Promise<[string, string][]>
}

export type Admission = Admitted | Refusal

/** What differs between gates. Those with public keys only have no sessions and sign nothing. */
export interface GateParts {
  verifyToken: VerifyToken
  sessions?: SessionBinding
  signIdentity?: SignIdentity
}

export interface Gate {
  admit: (head: RequestHead) => Promise<Admission>
}

/** The only way to a resource: a refusal, or the headers to send on. */
export function createGate(config: GateConfig, parts: GateParts, runtime: Runtime): Gate {
  const { sessions: binding } = parts
  const receive = createReception(config, runtime.emit)
  const verifyToken = createVerifiedTokens(config, parts.verifyToken, parts.signIdentity, runtime)
  const cookies = cookieNames(config.issuer)
  const publicUrl = new URL(config.issuer)

  async function admit(head: RequestHead): Promise<Admission> {
    const arrival = receive(head)
    if (!arrival.ok) return arrival.failure
    const { resource, origin, query } = arrival.value
    const refused = (reason: string, refusal: Refusal, target: Resource, flow?: string): Refusal =>
      reportRefusal(runtime.emit, reason, refusal, target, flow)
    const admission = await admitToken(head, resource, query)
    if (!admission.admitted) admission.headers.push(...corsHeaders(origin))
    return admission

    async function admitToken(
      request: RequestHead,
      target: Resource,
      search: string | undefined,
    ): Promise<Admission> {
      const asker = { method: request.method, headers: request.headers, site: config }
      // RFC 6750 §2.3 as MCP has it: a token in the URL ends up in logs, so it is never looked at.
      if (namesAccessToken(search)) {
        const description = 'The access token must be in the Authorization header'
        const problem = { status: 400, error: 'invalid_request', description } as const
        return refused('token_in_query', await challenge(target, asker, problem), target)
      }
      const bearer = parseBearer(headerValues(request.headers, 'authorization'))
      if (!bearer.ok) {
        const { reason } = bearer.failure
        const problem =
          reason === 'token_absent'
            ? // RFC 6750 §3.1: no error code where no token was sent.
              ({ status: 401, description: 'Sign in first' } as const)
            : reason === 'authorization_duplicated'
              ? ({
                  status: 400,
                  error: 'invalid_request',
                  description: 'Authorization must be sent once',
                } as const)
              : ({
                  status: 401,
                  error: 'invalid_token',
                  description: 'The access token is malformed',
                } as const)
        return refused(reason, await challenge(target, asker, problem), target)
      }
      const verified = await verifyToken(bearer.value, target)
      if (!verified.ok) {
        const { reason } = verified.failure
        if (reason === 'token_key_unknown')
          runtime.emit({ type: 'gate.key-unknown', resource: target.url })
        // No challenge: another token of the same person would not help.
        if (reason === 'access_refused')
          return refused(reason, refuse(403, 'This person may not use this server'), target)
        const description = 'The access token is invalid or has expired'
        const problem = { status: 401, error: 'invalid_token', description } as const
        return refused(reason, await challenge(target, asker, problem), target)
      }
      const { caller, identityHeaders, identityJwt, countCall } = verified.value
      const { flow } = caller
      const held = parseScope(caller.scope)
      const { requiredScopes, scopes: offered } = target
      const covers = requiredScopes.every((scope) => held.includes(scope))
      // Somebody else's tokens may be about other resources: one scope of this one must be there.
      if (!covers || (held.length === 0 && offered.length > 0)) {
        const needed = requiredScopes.length > 0 ? requiredScopes : offered
        const problem = {
          status: 403,
          error: 'insufficient_scope',
          description: 'The access token does not cover what this server requires',
          // Existing scopes as well: older clients replace their scope by this one.
          scope: [...new Set([...held, ...needed])].join(' '),
        } as const
        return refused('insufficient_scope', await challenge(target, asker, problem), target, flow)
      }

      let headers = forwardableRequestHeaders(request.headers, cookies.isOurs)
      const owner = { idp: caller.idp, sub: caller.sub, resource: target.url }
      const sessions = headers.filter(([name]) => isSessionHeader(name))
      const [session] = sessions
      if (session !== undefined && binding === undefined)
        // Whose session it is could not be told.
        headers = headers.filter(([name]) => !isSessionHeader(name))
      else if (session !== undefined && binding !== undefined) {
        // Of several the MCP server might believe one that was never checked.
        const sole = sessions.length === 1 && session[0] === 'mcp-session-id' ? session[1] : ''
        const own = await binding.open(sole, owner)
        if (own === undefined) return refused('session_of_another', sessionNotFound(), target, flow)
        session[1] = own
      }
      const identity = await identityJwt()
      if (identity !== undefined) headers.push(['x-postern-identity', identity])
      headers.push(
        ...identityHeaders,
        ['x-forwarded-host', publicUrl.host],
        ['x-forwarded-proto', publicUrl.protocol.slice(0, -1)],
      )
      const call = readCall(request.headers)
      runtime.emit({
        type: 'gate.admitted',
        subject: caller.sub,
        client: caller.client_id,
        resource: target.url,
        jti: caller.jti,
        ...countCall(call),
        ...call,
        flow,
      })
      return {
        admitted: true,
        resource: target,
        upstreamUrl: upstreamUrl(target, search),
        headers,
        flow,
        // Made only for whoever asks: forwarding platforms never do.
        get authInfo() {
          return toAuthInfo(bearer.value, caller)
        },
        responseHeaders: (upstream) => {
          const kept = forwardableResponseHeaders(upstream, cookies.isOurs)
          kept.push(...corsHeaders(origin))
          const session = kept.find(([name]) => name === 'mcp-session-id')
          if (session === undefined) return kept
          if (binding === undefined) return kept.filter(([name]) => name !== 'mcp-session-id')
          return binding.bind(session[1], owner).then((bound) => {
            session[1] = bound
            return kept
          })
        },
      }
    }
  }

  return { admit }
}

/** Folded as identity headers are: CGI servers make the same variable of all punctuation. */
function isSessionHeader(name: string): boolean {
  return name.replace(/[^a-z0-9]/g, '-') === 'mcp-session-id'
}

function namesAccessToken(search: string | undefined): boolean {
  if (search === undefined) return false
  // Decoded: the MCP server would decode it as well.
  return [...new URLSearchParams(search).keys()].some((name) => /^access_token$/i.test(name))
}

function upstreamUrl(resource: Resource, search: string | undefined): string | undefined {
  if (typeof resource.upstream !== 'string') return undefined
  return search === undefined ? resource.upstream : `${resource.upstream}?${search}`
}
