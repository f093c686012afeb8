import * as v from 'valibot'
import { PATHS } from '../../../protocol/metadata.ts'
import type { Deployment } from '../deployment.ts'
import { shown, type Finding, type Outcome, type Position } from '../finding.ts'
import type { Asked } from '../outside.ts'
import { settled, unsettled } from '../switches.ts'

/** Errors in CloudFront's cache, ways past it, and rows 8 and 9. */
export async function checkEdge(deployment: Deployment): Promise<Outcome> {
  const [cached, forwarding, aaaa] = await Promise.all([
    checkErrorCaching(deployment),
    checkHostForwarding(deployment),
    readAaaa(deployment),
  ])
  return {
    findings: [...cached, ...forwarding.findings],
    positions: [aaaa, ...forwarding.positions],
  }
}

/**
 * The same missing page twice. CloudFront keeps errors for 10 s unless told otherwise, and then
 * everybody gets the refusal of one.
 */
async function checkErrorCaching(deployment: Deployment): Promise<Finding[]> {
  const url = `${deployment.origin}/${deployment.randomText()}`
  const first = await deployment.ask(url)
  const second = await deployment.ask(url)
  if (!first.ok || !second.ok || second.value.status < 400) return []
  const id = second.value.headers.get('apigw-requestid')
  const isSameAnswer = id !== null && id === first.value.headers.get('apigw-requestid')
  if (!isSameAnswer && !second.value.headers.has('age')) return []
  return [
    {
      code: 'ERRORS_CACHED',
      level: 'error',
      where: `GET ${url}`,
      message: `CloudFront answers a second request from its cache of errors (${second.value.status}): a refusal meant for one reaches others.`,
      fix: 'Set the error caching minimum TTL of every status to 0 in the distribution.',
      source: 'CloudFront developer guide, Control how long CloudFront caches errors',
    },
  ]
}

/** API Gateway's own answer to a name it does not know. */
const ForbiddenSchema = v.strictObject({ message: v.literal('Forbidden') })

/** Row 9. */
async function checkHostForwarding(deployment: Deployment): Promise<Outcome> {
  const name = 'hostForwarding'
  const metadata: Asked = await deployment.metadata()
  const isRefused =
    metadata.ok && metadata.value.status === 403 && v.is(ForbiddenSchema, metadata.value.json)
  if (!isRefused)
    return {
      findings: [],
      positions: [
        unsettled(
          name,
          'the API answers; under which name the edge asks it does not show',
          'an origin request policy AllViewer in front of an API custom domain of the same name',
        ),
      ],
    }
  return {
    findings: [
      {
        code: 'API_REFUSES_HOST',
        level: 'error',
        where: `GET ${deployment.origin}${PATHS.authorizationServerMetadata}`,
        message:
          'API Gateway refuses the host name that the edge passes on: no request reaches a function.',
        fix: 'Use the origin request policy AllViewerExceptHostHeader on every behaviour of the API.',
        source: 'CloudFront developer guide, Use managed origin request policies',
      },
    ],
    positions: [settled(name, 'refused', '403 {"message":"Forbidden"} to every request')],
  }
}

/** Row 8. */
async function readAaaa(deployment: Deployment): Promise<Position> {
  const name = 'cognitoAaaa'
  const leg = await deployment.leg()
  if (!leg.ok)
    return unsettled(name, leg.failure, 'a deployment that leads to a user pool’s prefix domain')
  try {
    const addresses = await deployment.resolveAaaa(leg.value.host)
    return addresses.length === 0
      ? settled(name, 'absent', `${leg.value.host} has no AAAA record`)
      : settled(name, 'present', `${leg.value.host} has ${shown(addresses.join(', '))}`)
  } catch {
    return unsettled(name, 'the name server gave no answer', 'a name server that answers')
  }
}
