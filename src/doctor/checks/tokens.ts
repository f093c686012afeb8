import type { Result } from '../../protocol/result.ts'
import type { Answer, Silence } from '../ask.ts'
import { refuses } from '../client-profiles.ts'
import type { Evidence } from '../evidence.ts'
import { everybody, observeBy, shown, type Observation, type Rule } from '../finding.ts'
import { readClaims, type Tokens } from '../login/tokens.ts'
import type { Use } from '../login/use.ts'
import { readOAuthError } from '../oauth-error.ts'
import { defineRules } from './rules.ts'
import { covers } from './resource-metadata.ts'

const RULES = defineRules('token', {
  'D09-audience': {
    level: 'warning',
    step: 'access',
    fix: 'Issue tokens for the resource that was asked for, and refuse others: a token of another audience was meant for somebody else.',
    source: 'RFC 8707 §2.2; MCP authorization, Token Audience Binding',
  },
  'D09-token-refused': {
    level: 'error',
    step: 'access',
    fix: 'Check by what the token’s issuer puts into it: Cognito access tokens have client_id and no aud, ID tokens aud.',
    source: 'RFC 9068 §4',
  },
  'D09-refreshed-token-refused': {
    level: 'error',
    step: 'refresh',
    fix: 'Give refreshed tokens what the first one had: audience and scope above all.',
    source: 'RFC 6749 §6',
  },
  'D09-id-token': {
    level: 'error',
    step: 'access',
    fix: 'Return the access token as access_token, not the ID token.',
    source: 'RFC 9068 §5',
  },
  'D09-server-fails': {
    level: 'error',
    step: 'access',
    fix: 'Look at the log of the MCP server: the token is taken, and initialize is not answered.',
    source: 'MCP lifecycle, Initialization',
  },
  'D07-insufficient-scope': {
    level: 'error',
    step: 'access',
    fix: 'Ask in the 401 challenge for every scope that initialize needs.',
    source: 'MCP authorization, Scope Challenge Handling',
  },
  'D10-no-refresh-token': {
    level: 'warning',
    fix: 'Issue refresh tokens; upstream that may need offline_access, access_type=offline or a setting of the client.',
    source: 'RFC 6749 §1.5',
  },
  'D10-refresh-refused': {
    level: 'error',
    step: 'refresh',
    fix: 'Keep refresh tokens alive as long as their sessions, and return the successor wherever they rotate.',
    source: 'RFC 6749 §6',
  },
  'D12-no-grace': {
    level: 'warning',
    step: 'refresh',
    fix: 'Accept a refresh token once more for a minute after its use: processes of one client race.',
    source: 'RFC 9700 §4.14.2; mcp-remote#25',
  },
  'D13-code-refused': {
    level: 'error',
    fix: 'Look at the log of the token endpoint: client, redirect_uri, code_verifier and resource were those of the request.',
    source: 'RFC 6749 §5.2',
  },
  'D19-no-token-type': {
    level: 'error',
    fix: 'Add token_type: "Bearer".',
    source: 'RFC 6749 §5.1',
  },
  'D19-no-expires-in': {
    level: 'warning',
    fix: 'Add expires_in: without it clients refresh only after a refusal.',
    source: 'RFC 6749 §5.1',
  },
  'D19-token-too-short': {
    level: 'warning',
    fix: 'Let access tokens live five minutes at least: mcp-remote renews those of a minute before every request, and gives up after twenty.',
    source: 'mcp-remote 0.15.1, proactive refresh',
  },
})

/** D07, D09, D10, D12, D13, D19: what only somebody who signs in can see. */
export const tokenRules: Readonly<Record<string, Rule>> = RULES

const observe = observeBy(RULES)
const SHORTEST_SECONDS = 60

export function judgeTokens(
  answer: Tokens | Answer | Silence,
  { mcpUrl }: Evidence,
): Observation[] {
  const { where } = answer
  if (!('accessToken' in answer)) {
    const why = 'status' in answer ? describeRefusal(answer) : answer.detail || answer.reason
    return [
      observe('D13-code-refused', {
        where,
        message: `The code of a real sign-in is refused: ${why}.`,
        stops: everybody,
      }),
    ]
  }
  const { tokenType, expiresInSeconds, refreshToken } = answer
  const found: Observation[] = []
  if (tokenType === undefined)
    found.push(
      observe('D19-no-token-type', {
        where,
        message: 'There is no token_type.',
        stops: refuses('no token_type'),
      }),
    )
  if (expiresInSeconds === undefined)
    found.push(observe('D19-no-expires-in', { where, message: 'There is no expires_in.' }))
  else if (expiresInSeconds <= SHORTEST_SECONDS)
    found.push(
      observe('D19-token-too-short', {
        where,
        message: `Access tokens live ${expiresInSeconds} s.`,
      }),
    )
  if (refreshToken === undefined)
    found.push(observe('D10-no-refresh-token', { where, message: 'There is no refresh token.' }))
  return [...found, ...judgeClaims(where, answer.accessToken, mcpUrl)]
}

function judgeClaims(where: string, accessToken: string, mcpUrl: URL): Observation[] {
  const claims = readClaims(accessToken)
  if (claims === undefined) return []
  if (claims.tokenUse === 'id')
    return [observe('D09-id-token', { where, message: 'The access token says token_use: id.' })]
  const { audiences } = claims
  if (audiences.length === 0 || audiences.some((audience) => covers(audience, mcpUrl))) return []
  return [
    observe('D09-audience', {
      where,
      message: `The token is for ${shown(audiences.join(' '))}, not for the MCP URL.`,
    }),
  ]
}

/** `fresh` or `refreshed`: which token was presented. */
export function judgeAccess({ initialize }: Use, which: 'fresh' | 'refreshed'): Observation[] {
  if (!initialize.ok)
    return [
      observe('D09-server-fails', {
        where: initialize.failure.where,
        message: `With a token nothing answers (${initialize.failure.detail || initialize.failure.reason}).`,
        stops: everybody,
      }),
    ]
  const { where, status } = initialize.value
  const stops = everybody
  if (status === 200) return []
  if (status === 401)
    return which === 'fresh'
      ? [
          observe('D09-token-refused', {
            where,
            message: 'The token of a real sign-in is refused: clients sign in again and again.',
            stops,
          }),
        ]
      : [
          observe('D09-refreshed-token-refused', {
            where,
            message: 'The token of a refresh is refused.',
          }),
        ]
  if (status === 403)
    return [
      observe('D07-insufficient-scope', {
        where,
        message: 'The token of a real sign-in is not enough for initialize.',
        stops,
      }),
    ]
  return [
    observe('D09-server-fails', {
      where,
      message: `With a token initialize is answered with ${status}.`,
      stops,
    }),
  ]
}

export function judgeRefresh(
  refreshed: Result<Tokens, Answer | Silence>,
  round: number,
): Observation[] {
  if (refreshed.ok) return []
  const { failure } = refreshed
  const why = 'status' in failure ? describeRefusal(failure) : failure.detail || failure.reason
  return [
    observe('D10-refresh-refused', {
      where: failure.where,
      message: `Refresh ${round} is refused: ${why}.`,
    }),
  ]
}

function describeRefusal(answer: Answer): string {
  return shown(`${answer.status} ${readOAuthError(answer) ?? 'without an OAuth error'}`)
}

/** Two processes of one client refresh at the same time, with the same refresh token. */
export function judgeReplay(replayed: Result<Tokens, Answer | Silence>): Observation[] {
  if (replayed.ok) return []
  return [
    observe('D12-no-grace', {
      where: replayed.failure.where,
      message: 'A refresh token that was just used is refused when it comes a second time.',
    }),
  ]
}
