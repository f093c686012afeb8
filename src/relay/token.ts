import * as v from 'valibot'
import { jwtIdOf } from '../crypto/access-token.ts'
import { flowOfVerifier } from '../crypto/flow-of.ts'
import { readForm } from '../http/read-form.ts'
import { jsonResponse, oauthErrorResponse } from '../http/responses.ts'
import type { Failure } from '../protocol/failure.ts'
import type { Parameters } from '../protocol/form.ts'
import { toOAuthError } from '../protocol/oauth-error.ts'
import { isCodeVerifier } from '../protocol/pkce.ts'
import { normalizeResource } from '../protocol/resource.ts'
import { fail, ok, type Result } from '../protocol/result.ts'
import { checkClient, type RelayTokenServer } from './token-context.ts'

/** Of the identity provider's answer only this is passed on: no ID token, no session of its own. */
const Tokens = v.object({
  access_token: v.pipe(v.string(), v.nonEmpty()),
  token_type: v.pipe(v.string(), v.regex(/^bearer$/i)),
  // Some write the number as text.
  expires_in: v.optional(v.pipe(v.unknown(), v.transform(Number), v.minValue(1))),
  refresh_token: v.optional(v.string()),
  scope: v.optional(v.string()),
})

type Grant = 'authorization_code' | 'refresh_token'

/**
 * POST /token (OAuth 2.1 §3.2) of relay mode: the client's request, cleaned of what the identity
 * provider does not know, and its answer, cleaned of what is not the client's.
 */
export async function handleToken(request: Request, server: RelayTokenServer): Promise<Response> {
  const { config, runtime } = server
  const form = await readForm(request)
  const verifier = form.ok ? form.value.get('code_verifier') : undefined
  const flow = await flowOfVerifier(verifier, runtime)
  const refuse = (failure: Failure, headers: Record<string, string> = {}): Response => {
    const client = config.clientId
    runtime.emit({ type: 'token.refused', reason: failure.reason, client, flow })
    return oauthErrorResponse(toOAuthError(failure), headers)
  }
  if (!form.ok) return refuse(form.failure)
  const client = await checkClient(request, form.value, config)
  if (!client.ok) {
    const usedBasic = request.headers.has('authorization')
    // RFC 6749 §5.2
    return refuse(client.failure, usedBasic ? { 'WWW-Authenticate': 'Basic realm="postern"' } : {})
  }
  const grant = readGrant(form.value, config.resource)
  if (!grant.ok) return refuse(grant.failure)
  const { type, parameters } = grant.value
  const step = type === 'refresh_token' ? 'refresh' : 'token'
  const answer = await server.leg(step, config.tokenEndpoint, {
    ...parameters,
    ...(config.resourceParameter === 'forward' ? { resource: config.resource } : {}),
  })
  if (!answer.ok) return refuse(answer.failure)
  const tokens = v.safeParse(Tokens, answer.value)
  if (!tokens.success) {
    const detail = 'answer is not OAuth'
    runtime.emit({ type: 'identity-provider.unavailable', step, reason: detail })
    return refuse({ reason: 'idp_unavailable', detail })
  }
  const jti = jwtIdOf(tokens.output.access_token)
  runtime.emit({
    type: 'relay.tokens-passed-on',
    grant: type,
    client: config.clientId,
    ...(jti === undefined ? {} : { jti }),
    flow,
  })
  return jsonResponse({ ...tokens.output, token_type: 'Bearer' })
}

function readGrant(
  form: Parameters,
  resource: string,
): Result<{ type: Grant; parameters: Record<string, string> }, Failure> {
  const type = form.get('grant_type')
  if (type === undefined) return fail({ reason: 'grant_type_missing' })
  if (type !== 'authorization_code' && type !== 'refresh_token')
    return fail({ reason: 'grant_type_unsupported' })
  const asked = form.get('resource')
  if (asked !== undefined && normalizeResource(asked) !== normalizeResource(resource))
    return fail({ reason: 'resource_unknown' })
  const parameters = type === 'refresh_token' ? readRefresh(form) : readCode(form)
  return parameters.ok
    ? ok({ type, parameters: { grant_type: type, ...parameters.value } })
    : parameters
}

function readCode(form: Parameters): Result<Record<string, string>, Failure> {
  const [code, verifier] = [form.get('code'), form.get('code_verifier')]
  const redirectUri = form.get('redirect_uri')
  if (code === undefined) return fail({ reason: 'code_missing' })
  // Here, because an identity provider may leave PKCE to the client, as Cognito does.
  if (verifier === undefined) return fail({ reason: 'code_verifier_missing' })
  if (!isCodeVerifier(verifier)) return fail({ reason: 'code_verifier_mismatch' })
  if (redirectUri === undefined) return fail({ reason: 'redirect_uri_missing' })
  return ok({ code, code_verifier: verifier, redirect_uri: redirectUri })
}

/** `scope` stays here: clients repeat it, and identity providers need not take it. */
function readRefresh(form: Parameters): Result<Record<string, string>, Failure> {
  const token = form.get('refresh_token')
  return token === undefined
    ? fail({ reason: 'refresh_token_missing' })
    : ok({ refresh_token: token })
}
