import type { Client } from '../clients/client.ts'
import { flowOfVerifier } from '../crypto/flow-of.ts'
import { readForm } from '../http/read-form.ts'
import { jsonResponse, oauthErrorResponse } from '../http/responses.ts'
import type { Failure } from '../protocol/failure.ts'
import type { Parameters } from '../protocol/form.ts'
import { toOAuthError } from '../protocol/oauth-error.ts'
import { fail } from '../protocol/result.ts'
import { authenticateClient } from './client-authentication.ts'
import { redeemCode } from './code-grant.ts'
import type { AuthorizationServer } from './context.ts'
import type { Outcome } from './issue-tokens.ts'
import { refreshGrant } from './refresh-grant.ts'

/**
 * POST /token (OAuth 2.1 §3.2). The client is checked before the grant: 401 `invalid_client` is the
 * one answer from which clients heal by registering again.
 */
export async function handleToken(
  request: Request,
  server: AuthorizationServer,
): Promise<Response> {
  const form = await readForm(request)
  if (!form.ok) return refuse(server, form.failure, {})
  const grant = knownGrant(form.value)
  const client = await authenticateClient(request, form.value, server)
  if (!client.ok) {
    const usedBasic = request.headers.has('authorization')
    const flow = await flowOfVerifier(form.value.get('code_verifier'), server.runtime)
    // RFC 6749 §5.2
    const headers = usedBasic ? { 'WWW-Authenticate': 'Basic realm="postern"' } : {}
    return refuse(server, client.failure, { ...grant, flow }, headers)
  }
  const outcome = await grantTokens(form.value, client.value, server)
  if (outcome.tokens.ok) return jsonResponse(outcome.tokens.value)
  const flow =
    outcome.flow ?? (await flowOfVerifier(form.value.get('code_verifier'), server.runtime))
  return refuse(server, outcome.tokens.failure, { client: client.value.name, ...grant, flow })
}

function grantTokens(
  form: Parameters,
  client: Client,
  server: AuthorizationServer,
): Promise<Outcome> {
  switch (form.get('grant_type')) {
    case 'authorization_code':
      return redeemCode(form, client, server)
    case 'refresh_token':
      return refreshGrant(form, client, server)
    case undefined:
      return Promise.resolve({ tokens: fail({ reason: 'grant_type_missing' }) })
    default:
      return Promise.resolve({ tokens: fail({ reason: 'grant_type_unsupported' }) })
  }
}

/** For events: what else stands there is anybody's text. */
function knownGrant(form: Parameters): { grant?: string } {
  const grant = form.get('grant_type')
  return grant === 'authorization_code' || grant === 'refresh_token' ? { grant } : {}
}

function refuse(
  server: AuthorizationServer,
  failure: Failure,
  known: { client?: string; grant?: string; flow?: string | undefined },
  headers: Record<string, string> = {},
): Response {
  server.runtime.emit({ type: 'token.refused', reason: failure.reason, ...known })
  return oauthErrorResponse(toOAuthError(failure), headers)
}
