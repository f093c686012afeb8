import { PATHS } from '../../protocol/metadata.ts'
import { checkAuthorize } from './checks/authorize.ts'
import { checkChallenge } from './checks/challenge.ts'
import { checkApiHost, checkEdge } from './checks/edge.ts'
import { checkMetadata } from './checks/metadata.ts'
import { checkRegistration } from './checks/registration.ts'
import { checkTokenEndpoint } from './checks/token-endpoint.ts'
import { checkTokenSwitches } from './checks/token-switches.ts'
import { createDeployment, type Deployment } from './deployment.ts'
import { LEVELS, mergeSame, type Finding, type Outcome, type Position } from './finding.ts'
import { login, type LoginPorts } from './login.ts'
import { createAsk, type Limits, type Ports } from './outside.ts'
import { SWITCHES, unsettled, type SwitchName } from './switches.ts'

export interface Report {
  mcpUrl: string
  mode: 'relay' | 'broker' | null
  /** In order of rows; one for every switch. */
  positions: Position[]
  /** The worst first. */
  findings: Finding[]
  /** What `--login` saw, in sentences without a secret; empty without it. */
  login: string[]
}

/** No deployment may keep the command longer than half a minute, however it behaves. */
export const LIMITS: Limits = { secondsPerRequest: 10, seconds: 25 }

/**
 * Looks at a deployment from outside, as any client could. With `loginPorts` a person also signs
 * in, and the tokens are tried and revoked.
 */
export async function verify(
  mcpUrl: string,
  ports: Ports,
  { loginPorts, limits = LIMITS }: { loginPorts?: LoginPorts | undefined; limits?: Limits } = {},
): Promise<Report> {
  const deployment = createDeployment(mcpUrl, createAsk(ports.fetch, limits), ports)
  const first = await deployment.metadata()
  if (!first.ok) return silence(deployment, first.failure)
  const outcomes = await Promise.all([
    checkMetadata(deployment),
    checkRegistration(deployment),
    checkChallenge(deployment),
    checkAuthorize(deployment),
    checkTokenEndpoint(deployment),
    checkTokenSwitches(deployment),
    checkEdge(deployment),
  ])
  const apiHost = await checkApiHost(deployment)
  // The clock of a person is not that of a machine: signing in has requests of its own.
  const signedIn =
    loginPorts === undefined
      ? { findings: [], positions: [NO_LOGIN], login: [] }
      : await login({ ...deployment, ask: createAsk(ports.fetch, LOGIN_LIMITS) }, loginPorts)
  return {
    mcpUrl,
    mode: (await deployment.mode()) ?? null,
    positions: mergePositions([...outcomes, signedIn]),
    findings: mergeSame(
      [...outcomes, { findings: apiHost }, signedIn].flatMap(({ findings }) => findings),
    ).toSorted((a, b) => LEVELS.indexOf(b.level) - LEVELS.indexOf(a.level)),
    login: signedIn.login,
  }
}

/** Nothing answers: one finding says more than one for each question. */
function silence({ mcpUrl, origin }: Deployment, failure: string): Report {
  const names = Object.keys(SWITCHES) as SwitchName[]
  return {
    mcpUrl,
    mode: null,
    positions: names.map((name) => unsettled(name, failure, 'a deployment that answers')),
    findings: [
      {
        code: 'DEPLOYMENT_SILENT',
        level: 'error',
        where: `GET ${origin}${PATHS.authorizationServerMetadata}`,
        message: `The deployment gives ${failure}`,
        fix: 'Check the DNS record of the domain, the certificate and that the distribution is deployed.',
        source: 'RFC 8414 §3',
      },
    ],
    login: [],
  }
}

const LOGIN_LIMITS: Limits = { secondsPerRequest: 10, seconds: 10 * 60 }

const NO_LOGIN = unsettled('scopeOmitted', 'nobody signed in', '--login, in relay')

/** One for every switch: what `--login` settled stands over what was open before. */
function mergePositions(outcomes: readonly Outcome[]): Position[] {
  const bySwitch = new Map<string, Position>()
  for (const position of outcomes.flatMap(({ positions }) => positions)) {
    const known = bySwitch.get(position.switch)
    if (known === undefined || known.position === null) bySwitch.set(position.switch, position)
  }
  return [...bySwitch.values()].toSorted((a, b) => a.row - b.row)
}
