import { PATHS } from '../../protocol/metadata.ts'
import type { Result } from '../../protocol/result.ts'
import { resourceRejected } from './checks/token-switches.ts'
import type { AuthorizationLeg } from './authorization-leg.ts'
import type { CallbackListener } from './callback-listener.ts'
import type { Deployment } from './deployment.ts'
import type { Finding, Outcome, Position } from './finding.ts'
import { collectCodes, redeemCode, startAtPool, startAtPostern, type SignIn } from './sign-in.ts'
import { settled, unsettled } from './switches.ts'
import { readClaims, revokeToken, type Tokens } from './tokens.ts'
import { tryTokens } from './try-tokens.ts'
import { wayOut } from './ways-out.ts'

export interface LoginPorts {
  /** Shows a person the address to open. */
  announce: (url: string) => void
  /** Undefined where the port is taken. */
  listen: (redirectUri: string) => Promise<CallbackListener | undefined>
  /** How long a person may take. */
  waitSeconds: number
}

export type LoginOutcome = Outcome & { login: string[] }

/**
 * A person signs in once, and the tokens are tried, refreshed and revoked. In relay the browser is
 * then sent to the user pool twice more, for what Postern never asks there: rows 6 and 4.
 */
export async function login(deployment: Deployment, ports: LoginPorts): Promise<LoginOutcome> {
  const [registered, leg, mode] = await Promise.all([
    deployment.registration(),
    deployment.leg(),
    deployment.mode(),
  ])
  // Both have findings of their own.
  if (!registered.ok || !leg.ok) return noLogin('nobody can sign in')
  const { clientId } = registered.value
  const main = startAtPostern(deployment, clientId)
  const probe = mode === 'relay' ? createProbe(deployment, leg.value) : undefined

  const listener = await ports.listen(deployment.redirectUri)
  if (listener === undefined)
    return noLogin('the callback port is taken', portTaken(deployment.redirectUri))
  const signIns = [main, ...(probe === undefined ? [] : [probe.withoutScope, probe.foreign])]
  let codes: Result<string, string>[]
  try {
    ports.announce(main.url)
    codes = await collectCodes(listener, signIns, ports.waitSeconds)
  } finally {
    await listener.close()
  }

  const [code, ...probeCodes] = codes
  if (code === undefined) return noLogin('nobody came back', nobodyCame(main.url))
  if (!code.ok) return noLogin('the sign-in was refused', signInRefused(main.url, code.failure))
  const positions = (await probe?.read(clientId, probeCodes)) ?? [
    unsettled('scopeOmitted', 'broker names scopes at every sign-in', '--login, in relay'),
  ]
  const tokens = await redeemCode(deployment, clientId, main, code.value, {
    resource: deployment.mcpUrl,
  })
  if (!tokens.ok)
    return {
      findings: [noToken(deployment, mode, tokens.failure)],
      positions,
      login: [`Signed in, and the code was refused: ${tokens.failure}`],
    }
  return { ...(await tryTokens(deployment, clientId, tokens.value)), positions }
}

function noLogin(why: string, finding?: Finding): LoginOutcome {
  return {
    findings: finding === undefined ? [] : [finding],
    positions: [unsettled('scopeOmitted', why, '--login, in relay')],
    login: [],
  }
}

interface Probe {
  withoutScope: SignIn
  foreign: SignIn
  read: (clientId: string, codes: readonly Result<string, string>[]) => Promise<Position[]>
}

function createProbe(deployment: Deployment, pool: AuthorizationLeg): Probe {
  const resource = `${deployment.origin}/${deployment.randomText()}`
  const withoutScope = startAtPool(deployment, pool, {})
  const foreign = startAtPool(deployment, pool, { scope: pool.scope, resource })
  const redeem = async (
    clientId: string,
    signIn: SignIn,
    code: Result<string, string> | undefined,
  ): Promise<Result<Tokens, string> | undefined> => {
    if (code?.ok !== true) return undefined
    const tokens = await redeemCode(deployment, clientId, signIn, code.value, {})
    if (tokens.ok && tokens.value.refreshToken !== undefined)
      await revokeToken(deployment, { token: tokens.value.refreshToken, client_id: clientId })
    return tokens
  }
  return {
    withoutScope,
    foreign,
    read: async (clientId, [scopeless, bound]) => [
      readScopeOmitted(await redeem(clientId, withoutScope, scopeless)),
      readResourceBinding(await redeem(clientId, foreign, bound), resource),
    ],
  }
}

/** Row 6. */
function readScopeOmitted(tokens: Result<Tokens, string> | undefined): Position {
  const name = 'scopeOmitted'
  const wouldTell = 'a sign-in without scope that comes back with a code'
  if (tokens === undefined) return unsettled(name, 'no code came back', wouldTell)
  if (tokens.ok)
    return settled(
      name,
      'all-scopes',
      `the token has ${readClaims(tokens.value.accessToken)?.scope ?? 'claims of another shape'}`,
    )
  return tokens.failure.endsWith(' invalid_grant')
    ? settled(name, 'invalid-grant-at-token', `a code came, and ${tokens.failure}`)
    : unsettled(name, tokens.failure, wouldTell)
}

/** Row 4, second half. */
function readResourceBinding(
  tokens: Result<Tokens, string> | undefined,
  resource: string,
): Position {
  const name = 'resourceBinding'
  const wouldTell = 'a sign-in for an unregistered URL that comes back with a code'
  if (tokens === undefined) return unsettled(name, 'no code came back', wouldTell)
  if (!tokens.ok)
    return tokens.failure.endsWith(' invalid_grant')
      ? settled(name, 'strict', `a code came for an unregistered URL, and ${tokens.failure}`)
      : unsettled(name, tokens.failure, wouldTell)
  const audiences = readClaims(tokens.value.accessToken)?.audiences ?? []
  if (audiences.includes(resource))
    return settled(name, 'lenient', 'the token’s aud is an unregistered URL')
  return audiences.length === 0
    ? settled(name, 'ignored', 'the token has no aud')
    : unsettled(name, 'the token’s aud is something else', wouldTell)
}

function portTaken(redirectUri: string): Finding {
  return {
    code: 'LOGIN_PORT_TAKEN',
    level: 'error',
    where: redirectUri,
    message: 'Another program listens on the port that the sign-in comes back to.',
    fix: 'End the mcp-remote that runs for this URL, and try again.',
    source: 'docs/deploy-aws.md, postern aws verify',
  }
}

function nobodyCame(url: string): Finding {
  return {
    code: 'LOGIN_UNFINISHED',
    level: 'error',
    where: `GET ${new URL(url).origin}${PATHS.authorize}`,
    message: 'Nobody came back from the sign-in in time.',
    fix: 'Try again. If the browser ends on an error page, the callback URLs of the app client are not those that `postern callback-urls` prints.',
    source: 'RFC 6749 §4.1.2',
  }
}

function signInRefused(url: string, failure: string): Finding {
  return {
    code: 'LOGIN_REFUSED',
    level: 'error',
    where: `GET ${new URL(url).origin}${PATHS.authorize}`,
    message: `The sign-in came back with ${failure}`,
    fix: 'access_denied means that `access` admits nobody with these claims; for the rest see the function’s log.',
    source: 'RFC 6749 §4.1.2.1',
  }
}

function noToken(deployment: Deployment, mode: string | undefined, failure: string): Finding {
  const endpoint = deployment.origin + PATHS.token
  if (mode === 'relay' && failure.endsWith(' invalid_request')) return resourceRejected(endpoint)
  return {
    code: 'CODE_REFUSED',
    level: 'error',
    where: `POST ${endpoint}`,
    message: `The code of a real sign-in was refused: ${failure}`,
    fix:
      mode === 'relay'
        ? `The pool’s resource server must have the MCP URL as its identifier, byte for byte; or send no resource: ${wayOut('resourceStrip')}.`
        : 'See the event token.refused in the log of the oauth function: `access` may admit nobody with these claims.',
    source: 'RFC 6749 §5.2',
  }
}
