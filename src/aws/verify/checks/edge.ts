import * as v from 'valibot'
import { PATHS } from '../../../protocol/metadata.ts'
import type { Deployment } from '../deployment.ts'
import { shown, type Finding, type Outcome, type Position } from '../finding.ts'
import type { Answer, Asked } from '../outside.ts'
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

const API_HOST = /\b[a-z0-9]{10}\.execute-api\.[a-z0-9-]{1,32}\.amazonaws\.com\b/

/**
 * The API's own host, where an answer has given it away: whoever knows it must get nowhere without
 * the secret that the edge adds. Last, because every answer before counts.
 */
export async function checkApiHost(deployment: Deployment): Promise<Finding[]> {
  const host = deployment
    .seen()
    .map(findApiHost)
    .find((each) => each !== undefined)
  if (host === undefined) return []
  const url = `https://${host}${PATHS.authorizationServerMetadata}`
  const direct = await deployment.ask(url)
  const shownHost: Finding = {
    code: 'API_HOST_SHOWN',
    level: 'warning',
    where: `GET ${deployment.origin}`,
    message: `An answer gives away the API’s own host, ${host}.`,
    fix: 'See which header or page of the MCP server names it, and take it out.',
    source: 'API Gateway developer guide, Disable the default endpoint for HTTP APIs',
  }
  if (!direct.ok || direct.value.status >= 400) return [shownHost]
  const bypassed: Finding = {
    code: 'EDGE_BYPASSED',
    level: 'error',
    where: `GET ${url}`,
    message: `The API answers ${direct.value.status} to a request that did not come through CloudFront.`,
    fix: 'Let the functions demand the origin secret: POSTERN_ORIGIN_SECRET_SHA256 must be what the keys call returned.',
    source: 'CloudFront developer guide, Restrict access to files on custom origins',
  }
  return [bypassed, shownHost]
}

function findApiHost({ headers, text }: Answer): string | undefined {
  return API_HOST.exec([...headers.values(), text].join('\n'))?.[0]
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
