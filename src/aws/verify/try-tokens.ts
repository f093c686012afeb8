import { PATHS } from '../../protocol/metadata.ts'
import type { Deployment } from './deployment.ts'
import { shown, type Finding } from './finding.ts'
import { readClaims, requestTokens, revokeToken, type Tokens } from './tokens.ts'

/** The life of a grant: what the token says, a call with it, a refresh, a revocation, its end. */
export async function tryTokens(
  deployment: Deployment,
  clientId: string,
  tokens: Tokens,
): Promise<{ findings: Finding[]; login: string[] }> {
  const claims = describeClaims(deployment, tokens)
  const call = await callServer(deployment, tokens)
  const grant = await tryGrant(deployment, clientId, tokens.refreshToken)
  const parts = [claims, call, grant]
  return {
    findings: parts.flatMap(({ findings }) => findings),
    login: parts.flatMap(({ login }) => login),
  }
}

interface Part {
  findings: Finding[]
  login: string[]
}

function describeClaims({ mcpUrl, origin }: Deployment, tokens: Tokens): Part {
  const claims = readClaims(tokens.accessToken)
  if (claims === undefined) return { findings: [], login: ['Signed in; the token is no JWT'] }
  const { audiences, scope, tokenUse } = claims
  const isForUs = audiences.includes(mcpUrl)
  const audience = isForUs
    ? 'aud is the MCP URL'
    : audiences.length === 0
      ? 'there is no aud'
      : `aud is ${shown(audiences.join(', '))}`
  const login = [
    `Signed in: ${audience}; scope ${scope === '' ? 'absent' : scope}; ${tokenUse === undefined ? '' : `token_use ${tokenUse}; `}expires in ${tokens.expiresIn ?? '?'} s`,
  ]
  if (isForUs || audiences.length === 0) return { findings: [], login }
  return {
    login,
    findings: [
      {
        code: 'AUDIENCE_FOREIGN',
        level: 'error',
        where: `POST ${origin}${PATHS.token}`,
        message: `The access token is for ${shown(audiences.join(', '))}, not for ${mcpUrl}.`,
        fix: 'The pool’s resource server must have the MCP URL as its identifier, byte for byte.',
        source: 'RFC 9068 §4; Cognito developer guide, Resource binding',
      },
    ],
  }
}

async function callServer(deployment: Deployment, tokens: Tokens): Promise<Part> {
  const { mcpUrl } = deployment
  const asked = await deployment.ask(mcpUrl, {
    method: 'POST',
    headers: {
      accept: 'application/json, text/event-stream',
      authorization: `Bearer ${tokens.accessToken}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: {
        protocolVersion: '2025-11-25',
        capabilities: {},
        clientInfo: { name: 'postern aws verify', version: '1' },
      },
    }),
  })
  const status = asked.ok ? asked.value.status : undefined
  if (status === 200)
    return { findings: [], login: ['The MCP server answered initialize with that token'] }
  return {
    login: [],
    findings: [
      {
        code: 'MCP_REFUSES_TOKEN',
        level: 'error',
        where: `POST ${mcpUrl}`,
        message: `A fresh access token is answered with ${status ?? (asked.ok ? '' : asked.failure)}.`,
        fix: 'See the event gate.refused in the function’s log. After a rotation of the pool’s keys run the redeploy command that the alarm names.',
        source: 'RFC 6750 §3.1',
      },
    ],
  }
}

async function tryGrant(
  deployment: Deployment,
  clientId: string,
  refreshToken: string | undefined,
): Promise<Part> {
  const where = `POST ${deployment.origin}${PATHS.token}`
  if (refreshToken === undefined)
    return part(
      'TOKEN_WITHOUT_REFRESH',
      where,
      'No refresh token came: people sign in every hour.',
      {
        fix: 'Enable the refresh token on the app client; see the event token.without-refresh.',
        source: 'RFC 6749 §6',
      },
    )
  const refresh = (token: string): ReturnType<typeof requestTokens> =>
    requestTokens(deployment, {
      grant_type: 'refresh_token',
      refresh_token: token,
      client_id: clientId,
      resource: deployment.mcpUrl,
    })
  const refreshed = await refresh(refreshToken)
  if (!refreshed.ok)
    return part('REFRESH_FAILED', where, `The first refresh was refused: ${refreshed.failure}.`, {
      fix: 'With refresh token rotation the app client must not have ALLOW_REFRESH_TOKEN_AUTH among its flows.',
      source: 'Cognito developer guide, Refresh tokens',
    })
  const isRotated = refreshed.value.refreshToken !== undefined
  const login = [
    `Refreshed once: ${isRotated ? 'a new refresh token came' : 'no new refresh token'}`,
  ]
  const newest = refreshed.value.refreshToken ?? refreshToken

  const revoked = await revokeToken(deployment, { token: newest, client_id: clientId })
  const after = await refresh(newest)
  if (revoked.ok && revoked.value === 200 && !after.ok)
    return { findings: [], login: [...login, `Revoked; a further refresh: ${after.failure}`] }
  const failed = part(
    'REVOKE_FAILED',
    `POST ${deployment.origin}${PATHS.revoke}`,
    `Revocation is answered with ${revoked.ok ? revoked.value : revoked.failure}, and the refresh token ${after.ok ? 'still works' : 'is refused'}.`,
    {
      fix: 'Enable token revocation on the app client, and lead the behaviour `/revoke` where `/token` leads.',
      source: 'RFC 7009 §2; Cognito developer guide, Revoke endpoint',
    },
  )
  return { ...failed, login }
}

function part(
  code: string,
  where: string,
  message: string,
  { fix, source }: { fix: string; source: string },
): Part {
  return { findings: [{ code, level: 'warning', where, message, fix, source }], login: [] }
}
