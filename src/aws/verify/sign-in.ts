import { fail, ok, type Result } from '../../protocol/result.ts'
import { authorizationUrl, codeChallenge, type AuthorizationLeg } from './authorization-leg.ts'
import type { CallbackListener } from './callback-listener.ts'
import type { Deployment } from './deployment.ts'
import { shown } from './finding.ts'
import { requestTokens, type Tokens } from './tokens.ts'

/** One authorization request that a browser is sent off with. */
export interface SignIn {
  url: string
  state: string
  codeVerifier: string
}

/** As clients begin it: at Postern, for the MCP URL. */
export function startAtPostern(deployment: Deployment, clientId: string): SignIn {
  const request = start(deployment)
  return { ...request, url: authorizationUrl(deployment, { clientId, ...request }) }
}

/** As Postern would never begin it: at the user pool itself. */
export function startAtPool(
  deployment: Deployment,
  pool: AuthorizationLeg,
  parameters: { scope?: string; resource?: string },
): SignIn {
  const request = start(deployment)
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: pool.clientId,
    redirect_uri: pool.redirectUri,
    state: request.state,
    code_challenge: codeChallenge(request.codeVerifier),
    code_challenge_method: 'S256',
    ...parameters,
  })
  return { ...request, url: `${pool.origin}/oauth2/authorize?${query}` }
}

function start(deployment: Deployment): { state: string; codeVerifier: string } {
  return { state: deployment.randomText(), codeVerifier: deployment.randomText() }
}

/** The pool's session answers every sign-in after the first, so nobody has to click. */
const NO_CLICK_SECONDS = 20

/** One after the other: the browser is handed on from each to the next. */
export async function collectCodes(
  listener: CallbackListener,
  signIns: readonly SignIn[],
  waitSeconds: number,
): Promise<Result<string, string>[]> {
  const codes: Result<string, string>[] = []
  for (const [index, { state }] of signIns.entries()) {
    const callback = await listener.next(state, index === 0 ? waitSeconds : NO_CLICK_SECONDS)
    if (callback === undefined) break
    const code = readCode(callback.query)
    codes.push(code)
    const next = signIns[index + 1]
    // Whoever was refused at Postern has no session at the pool for the rest.
    if (next === undefined || (index === 0 && !code.ok)) {
      callback.end()
      break
    }
    callback.sendOn(next.url)
  }
  return codes
}

function readCode(query: URLSearchParams): Result<string, string> {
  const code = query.get('code')
  if (code !== null) return ok(code)
  const error = query.get('error') ?? 'neither code nor error'
  return fail(shown(`${error} ${query.get('error_description') ?? ''}`.trim()))
}

/** At the deployment's own `/token`, with `resource` where a client would send it. */
export function redeemCode(
  deployment: Deployment,
  clientId: string,
  { codeVerifier }: SignIn,
  code: string,
  parameters: { resource?: string },
): Promise<Result<Tokens, string>> {
  return requestTokens(deployment, {
    grant_type: 'authorization_code',
    code,
    client_id: clientId,
    redirect_uri: deployment.redirectUri,
    code_verifier: codeVerifier,
    ...parameters,
  })
}
