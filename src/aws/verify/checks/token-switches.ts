import { PATHS } from '../../../protocol/metadata.ts'
import type { AuthorizationLeg } from '../authorization-leg.ts'
import type { Deployment } from '../deployment.ts'
import type { Finding, Outcome, Position } from '../finding.ts'
import { settled, unsettled, type SwitchName } from '../switches.ts'
import { cameThroughApi, redeemNothing, type Refusal } from '../token-probe.ts'
import { wayOut } from '../ways-out.ts'

/** Rows 1, 4 and 10: told apart by how made-up codes are refused, at the edge and at the pool. */
export async function checkTokenSwitches(deployment: Deployment): Promise<Outcome> {
  const leg = await deployment.leg()
  if (!leg.ok) {
    const wouldTell = 'a deployment that leads to a user pool’s prefix domain'
    const names = ['authorizationHeaderOverride', 'resourceAtToken', 'basicAndBodySecret'] as const
    return {
      findings: [],
      positions: names.map((name) => unsettled(name, leg.failure, wouldTell)),
    }
  }
  const scene = await look(deployment, leg.value)
  const [resource, secret] = await Promise.all([
    checkResource(deployment, scene),
    checkInjectedSecret(deployment, scene),
  ])
  return {
    findings: [...resource.findings, ...secret.findings],
    positions: [...resource.positions, ...secret.positions],
  }
}

interface Scene {
  client: AuthorizationLeg
  isRelay: boolean
  /** The deployment's own `/token`, and the user pool's. */
  own: string
  pool: string
  atOwn: Refusal
  atPool: Refusal
  /** The edge hands `/token` straight to the pool. */
  isEdgeDirect: boolean
}

async function look(deployment: Deployment, leg: AuthorizationLeg): Promise<Scene> {
  const own = deployment.origin + PATHS.token
  const pool = `${leg.origin}/oauth2/token`
  const [mode, atOwn, atPool] = await Promise.all([
    deployment.mode(),
    redeemNothing(deployment, own, leg),
    redeemNothing(deployment, pool, leg),
  ])
  const isRelay = mode === 'relay'
  const isEdgeDirect = isRelay && atOwn.answer !== undefined && !cameThroughApi(atOwn.answer)
  return { client: leg, isRelay, own, pool, atOwn, atPool, isEdgeDirect }
}

/** Row 4. Clients send `resource` with every token request, and the edge cannot take it off. */
async function checkResource(deployment: Deployment, scene: Scene): Promise<Outcome> {
  const name = 'resourceAtToken'
  const parameters = { resource: deployment.mcpUrl }
  const endpoint = scene.isEdgeDirect ? scene.own : scene.pool
  const without = scene.isEdgeDirect ? scene.atOwn : scene.atPool
  const withIt = await redeemNothing(deployment, endpoint, scene.client, { parameters })
  const evidence = `a made-up code: ${without.summary}; with \`resource\`: ${withIt.summary}`
  const isRejected = withIt.error === 'invalid_request' && without.error !== 'invalid_request'
  if (!isRejected) {
    const isIgnored = withIt.error === 'invalid_grant' && without.error === 'invalid_grant'
    return only(
      isIgnored
        ? settled(name, 'ignored', evidence)
        : unsettled(name, evidence, 'a relay whose edge, or whose public client, is let through'),
    )
  }
  const isSentOn = scene.isEdgeDirect || (scene.isRelay && scene.atOwn.error !== 'invalid_grant')
  return only(
    settled(name, 'invalid-request', evidence),
    isSentOn ? [resourceRejected(scene.own)] : [],
  )
}

export function resourceRejected(endpoint: string): Finding {
  return {
    code: 'TOKEN_REJECTS_RESOURCE',
    level: 'error',
    where: `POST ${endpoint}`,
    message: 'The token endpoint rejects `resource`, which MCP clients send: nobody can sign in.',
    fix: `Let a function take \`resource\` off: ${wayOut('tokenPathFunction')}.`,
    source: 'RFC 8707 §2; Cognito developer guide, Token endpoint',
  }
}

/** Rows 1 and 10 need an edge that adds the secret: the pool refuses where the edge is let through. */
async function checkInjectedSecret(deployment: Deployment, scene: Scene): Promise<Outcome> {
  const { own, client, atOwn, atPool, isEdgeDirect } = scene
  const isInjected =
    isEdgeDirect && atPool.error === 'invalid_client' && atOwn.error === 'invalid_grant'
  if (!isInjected) return notInjected(deployment, scene)

  // Neither is the secret: `wrong` cannot be one (API reference, ClientSecretType: 24 and more).
  const basic = Buffer.from(`${client.clientId}:wrong`).toString('base64')
  const [withBasic, withSecret] = await Promise.all([
    redeemNothing(deployment, own, client, { headers: { authorization: `Basic ${basic}` } }),
    redeemNothing(deployment, own, client, { parameters: { client_secret: 'wrong' } }),
  ])
  const overridden = readHeader(own, withBasic)
  const both = readBoth(own, withSecret)
  return {
    findings: [...overridden.findings, ...both.findings],
    positions: [...overridden.positions, ...both.positions],
  }
}

async function notInjected(deployment: Deployment, scene: Scene): Promise<Outcome> {
  const { own, atOwn, atPool, isEdgeDirect, isRelay } = scene
  const registered = await deployment.registration()
  const isShared = registered.ok && registered.value.hasSecret
  const why = !isRelay
    ? 'the function sends the token request, not the edge'
    : atPool.error === 'invalid_grant'
      ? 'the app client is public: no secret is added at the edge'
      : `the edge adds no secret: ${atOwn.summary} there, ${atPool.summary} at the pool`
  const wouldTell = `a relay with ${wayOut('edgeSecret')}`
  const names: SwitchName[] = ['authorizationHeaderOverride', 'basicAndBodySecret']
  const refused: Finding = {
    code: 'TOKEN_REFUSES_CLIENT',
    level: 'error',
    where: `POST ${own}`,
    message:
      'The user pool wants the app client’s secret and the edge does not send it: nobody can sign in.',
    fix: `Make the client public: ${wayOut('publicClient')}; or let the edge send the secret: ${wayOut('edgeSecret')}.`,
    source: 'Cognito developer guide, Token endpoint',
  }
  return {
    positions: names.map((name) => unsettled(name, why, wouldTell)),
    findings: isEdgeDirect && atOwn.error === 'invalid_client' && !isShared ? [refused] : [],
  }
}

/** Row 1. */
function readHeader(own: string, refusal: Refusal): Outcome {
  const name = 'authorizationHeaderOverride'
  const evidence = `with a wrong Basic header of the client’s own: ${refusal.summary}`
  if (refusal.error === 'invalid_grant') return only(settled(name, 'overrides', evidence))
  if (refusal.error !== 'invalid_client')
    return only(unsettled(name, evidence, 'an answer of invalid_grant or invalid_client'))
  return only(settled(name, 'viewer-wins', evidence), [
    {
      code: 'EDGE_SECRET_OVERRULED',
      level: 'warning',
      where: `POST ${own}`,
      message:
        'A client’s own Authorization header reaches the user pool in place of the edge’s: clients that send one cannot sign in.',
      fix: `Make the client public: ${wayOut('publicClient')}; or let a function answer: ${wayOut('tokenPathFunction')}.`,
      source: 'CloudFront developer guide, Add custom headers to origin requests',
    },
  ])
}

/** Row 10. */
function readBoth(own: string, refusal: Refusal): Outcome {
  const name = 'basicAndBodySecret'
  const evidence = `with a client_secret in the body beside the edge’s Basic: ${refusal.summary}`
  if (refusal.error === 'invalid_grant') return only(settled(name, 'basic-wins', evidence))
  if (refusal.error !== 'invalid_request' && refusal.error !== 'invalid_client')
    return only(unsettled(name, evidence, 'an answer of invalid_grant or invalid_request'))
  return only(settled(name, refusal.error.replace('_', '-'), evidence), [
    {
      code: 'BODY_SECRET_REFUSED',
      level: 'warning',
      where: `POST ${own}`,
      message:
        'A client_secret in the body beside the edge’s Basic is refused: clients that kept a secret from elsewhere cannot sign in.',
      fix: `Make the client public: ${wayOut('publicClient')}; or have people clear ~/.mcp-auth.`,
      source: 'RFC 6749 §2.3; Cognito developer guide, Token endpoint',
    },
  ])
}

function only(position: Position, findings: Finding[] = []): Outcome {
  return { positions: [position], findings }
}
