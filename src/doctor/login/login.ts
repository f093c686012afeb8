import { sha256 } from '../../crypto/digest.ts'
import { base64url } from '../../protocol/base64url.ts'
import type { Ask } from '../ask.ts'
import { judgeBusyPort, judgeCallback } from '../checks/sign-in.ts'
import { judgeAccess, judgeRefresh, judgeReplay, judgeTokens } from '../checks/tokens.ts'
import type { Evidence } from '../evidence.ts'
import { shown, type Observation } from '../finding.ts'
import type { Ports } from '../ports.ts'
import { authorizationUrl } from '../probes/authorization.ts'
import { textOf } from '../probes/documents.ts'
import { postForm } from '../probes/token.ts'
import type { CallbackListener, LoginPorts } from './ports.ts'
import { readClaims, requestTokens, type Tokens } from './tokens.ts'
import { callServer } from './use.ts'

export interface LoginOutcome {
  observations: Observation[]
  /** What was seen, in sentences without a secret. */
  story: string[]
}

/** The pieces of a sign-in that is possible at all. */
interface SignIn {
  ask: Ask
  evidence: Evidence
  tokenEndpoint: string
  clientId: string
  redirectUri: string
  resource: string
}

/** A person signs in once, as with mcp-remote; the tokens are used, refreshed twice and revoked. */
export async function login(
  evidence: Evidence,
  ask: Ask,
  ports: Ports,
  person: LoginPorts,
): Promise<LoginOutcome> {
  const { authorization, discovery } = evidence
  const endpoints = discovery?.endpoints
  // Whatever keeps people from signing in has a finding already.
  if (
    authorization === undefined ||
    endpoints?.authorization === undefined ||
    endpoints.token === undefined
  )
    return { observations: [], story: ['Nobody can sign in.'] }
  const { clientId, redirectUri, resource = evidence.mcpUrl.href } = authorization.request
  const signIn = { ask, evidence, tokenEndpoint: endpoints.token, clientId, redirectUri, resource }
  const [state, codeVerifier] = [0, 1].map(() => base64url(ports.random(32))) as [string, string]
  const url = authorizationUrl(endpoints.authorization, authorization.request, {
    state,
    code_challenge: await sha256(codeVerifier),
  })

  const listener = await person.listen(redirectUri)
  if (listener === undefined) return { observations: [judgeBusyPort(redirectUri)], story: [] }
  const query = await waitForCallback(listener, url, state, person)
  const response = judgeCallback(`GET ${redirectUri}`, query, evidence)
  const code = query?.get('code') ?? undefined
  if (code === undefined || response.length > 0) return { observations: response, story: [] }
  const tokens = await requestTokens(ask, signIn.tokenEndpoint, {
    grant_type: 'authorization_code',
    code,
    code_verifier: codeVerifier,
    redirect_uri: redirectUri,
    client_id: clientId,
    resource,
  })
  if (!tokens.ok) return { observations: [...judgeTokens(tokens.failure, evidence)], story: [] }
  return tryTokens(signIn, tokens.value)
}

async function waitForCallback(
  listener: CallbackListener,
  url: string,
  state: string,
  { announce, waitSeconds }: LoginPorts,
): Promise<URLSearchParams | undefined> {
  try {
    announce(url)
    const callback = await listener.next(state, waitSeconds)
    callback?.end()
    return callback?.query
  } finally {
    await listener.close()
  }
}

async function tryTokens(signIn: SignIn, first: Tokens): Promise<LoginOutcome> {
  const { ask, evidence } = signIn
  const story = [describeTokens(first)]
  const observations = judgeTokens(first, evidence)
  const use = await callServer(ask, evidence.mcpUrl.href, first.accessToken)
  observations.push(...judgeAccess(use, 'fresh'))
  if (use.toolCount !== undefined) story.push(`tools/list names ${use.toolCount} tools.`)

  const refreshed = await refreshTwice(signIn, first, story)
  observations.push(...refreshed.observations)
  const { current } = refreshed
  if (current !== first && observations.every(({ step }) => step !== 'access')) {
    const again = await callServer(ask, evidence.mcpUrl.href, current.accessToken)
    observations.push(...judgeAccess(again, 'refreshed'))
  }
  if (await revoke(signIn, current)) story.push('The tokens were revoked.')
  return { observations, story }
}

/** The second shows whether the first one's successor is good; and the first is tried once more. */
async function refreshTwice(
  signIn: SignIn,
  first: Tokens,
  story: string[],
): Promise<{ current: Tokens; observations: Observation[] }> {
  let current = first
  for (const round of [1, 2]) {
    const used = current.refreshToken
    if (used === undefined) break
    const refreshed = await refresh(signIn, used)
    if (!refreshed.ok) return { current, observations: judgeRefresh(refreshed, round) }
    story.push(`Refresh ${round} gave a token.`)
    const { refreshToken = used } = refreshed.value
    current = { ...refreshed.value, refreshToken }
    if (round === 2 && refreshToken !== used)
      return { current, observations: judgeReplay(await refresh(signIn, used)) }
  }
  return { current, observations: [] }
}

function refresh(
  { ask, tokenEndpoint, clientId, resource }: SignIn,
  refreshToken: string,
): ReturnType<typeof requestTokens> {
  return requestTokens(ask, tokenEndpoint, {
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
    client_id: clientId,
    resource,
  })
}

async function revoke({ ask, evidence, clientId }: SignIn, tokens: Tokens): Promise<boolean> {
  const document = evidence.discovery?.serverMetadata.used?.document
  const endpoint = document && textOf(document, 'revocation_endpoint')
  if (endpoint === undefined || !URL.canParse(endpoint)) return false
  const token = tokens.refreshToken ?? tokens.accessToken
  const revoked = await postForm(ask, endpoint, { token, client_id: clientId })
  return revoked.ok && revoked.value.status === 200
}

/** Never the token. */
function describeTokens({ accessToken, expiresInSeconds, refreshToken }: Tokens): string {
  const claims = readClaims(accessToken)
  const parts =
    claims === undefined
      ? ['opaque']
      : [
          `iss ${claims.issuer ?? 'none'}`,
          `aud ${claims.audiences.join(' ') || 'none'}`,
          `client_id ${claims.clientId ?? 'none'}`,
          `scope ${claims.scope ?? 'none'}`,
        ]
  const lifetime = expiresInSeconds === undefined ? 'no expires_in' : `${expiresInSeconds} s`
  const refreshable = refreshToken === undefined ? 'no refresh token' : 'a refresh token'
  return `The access token: ${shown(parts.join(', '))}; ${lifetime}; ${refreshable}.`
}
