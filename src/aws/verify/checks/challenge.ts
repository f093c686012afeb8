import * as v from 'valibot'
import { protectedResourceMetadataUrl } from '../../../protocol/metadata.ts'
import type { Deployment } from '../deployment.ts'
import { mergeSame, shown, type Finding, type Outcome, type Position } from '../finding.ts'
import type { Answer, Asked } from '../outside.ts'
import { settled, unsettled } from '../switches.ts'
import { wayOut } from '../ways-out.ts'

const METHODS = ['GET', 'HEAD', 'POST'] as const
const REMAPPED = 'x-amzn-remapped-www-authenticate'

const BY_FUNCTION: string = `Let the function refuse, whose challenge is its own: ${wayOut('defenceLambda')}, with \`mcpHandler\` as its handler.`

interface Sight {
  /** `GET https://…` */
  where: string
  asked: Asked
}

/** What an MCP client without a token is told, and rows 2 and 3: what becomes of it on the way. */
export async function checkChallenge(deployment: Deployment): Promise<Outcome> {
  const { ask, mcpUrl, origin } = deployment
  const look = async (method: string, url: string, headers = {}): Promise<Sight> => ({
    where: `${method} ${url}`,
    asked: await ask(url, { method, headers: { accept: 'application/json', ...headers } }),
  })
  const [preflight, slash, ...sights] = await Promise.all([
    look('OPTIONS', mcpUrl, { origin, 'access-control-request-method': 'POST' }),
    look('GET', `${mcpUrl}/`),
    ...METHODS.map((method) => look(method, mcpUrl)),
  ])
  const answers = sights.flatMap(({ asked }) => (asked.ok ? [asked.value] : []))
  const refusals = answers.filter(({ status }) => status === 401)
  const view: View = {
    byAuthorizer: refusals.some(isAuthorizers),
    // The answer to a preflight needs no challenge: one that bears it shows the policy.
    hasPolicy: preflight.asked.ok && preflight.asked.value.headers.has('www-authenticate'),
    refusals,
  }
  const metadataUrl = protectedResourceMetadataUrl(mcpUrl)
  return {
    findings: mergeSame([...sights, slash].flatMap((sight) => judge(sight, view, metadataUrl))),
    positions: [headersPolicy(view, metadataUrl), remapping(view)],
  }
}

interface View {
  /** The API's authorizer refused, so no function was asked. */
  byAuthorizer: boolean
  /** A response headers policy sets a challenge. */
  hasPolicy: boolean
  refusals: Answer[]
}

/** The body with which an authorizer of an HTTP API refuses. */
function isAuthorizers({ json }: Answer): boolean {
  return v.is(v.strictObject({ message: v.literal('Unauthorized') }), json)
}

function challengeOf(answer: Answer): string | null {
  return answer.headers.get('www-authenticate')
}

function namesMetadata(answer: Answer, metadataUrl: string): boolean {
  return challengeOf(answer)?.includes(`resource_metadata="${metadataUrl}"`) === true
}

function judge({ where, asked }: Sight, view: View, metadataUrl: string): Finding[] {
  const finding = (code: string, message: string, fix: string, source: string): Finding[] => [
    { code, level: 'error', where, message, fix, source },
  ]
  if (!asked.ok)
    return finding(
      'MCP_URL_SILENT',
      `The MCP URL gives ${asked.failure}`,
      'Check the DNS record of the domain, the certificate and that the distribution is deployed.',
      'RFC 9110 §9',
    )
  const answer = asked.value
  if (answer.status < 300)
    return finding(
      'MCP_OPEN',
      `The MCP endpoint answers ${answer.status} without a token: nothing guards it`,
      `Guard it by the function: ${wayOut('defenceLambda')}, with \`mcpHandler\` as the handler.`,
      'MCP authorization, Access token usage',
    )
  if (answer.status < 400)
    return finding(
      'MCP_REDIRECTS',
      `The MCP endpoint redirects (${answer.status}) to ${shown(answer.headers.get('location') ?? 'nowhere')}: clients lose their token on the way`,
      'Serve the URL with and without a trailing slash, and redirect neither.',
      'RFC 9110 §15.4',
    )
  if (answer.status !== 401)
    return finding(
      'MCP_NOT_401',
      `The MCP endpoint answers ${answer.status} without a token, where clients wait for 401: ${shown(answer.text)}`,
      'See the function’s log for this request; a 502 or 504 is CloudFront’s or API Gateway’s own.',
      'RFC 6750 §3.1',
    )
  if (namesMetadata(answer, metadataUrl)) return []
  if (view.byAuthorizer)
    return finding(
      'CHALLENGE_NOT_ADDED',
      view.hasPolicy
        ? 'The API’s authorizer refuses, and the response headers policy adds no challenge to its 401: clients cannot find the way in'
        : 'The API’s authorizer refuses without naming the metadata, and nothing at the edge adds it',
      view.hasPolicy
        ? BY_FUNCTION
        : `${BY_FUNCTION} Or let the edge add it: ${wayOut('defenceBoth')}.`,
      'CloudFront developer guide, Add or remove HTTP headers in CloudFront responses',
    )
  if (answer.headers.has(REMAPPED))
    return finding(
      'CHALLENGE_REMAPPED',
      `API Gateway renamed the challenge to ${REMAPPED}: clients cannot find the way in`,
      `In relay let the edge add the challenge: ${wayOut('defenceBoth')}. In broker put a response headers policy with the challenge on the behaviours of the MCP path.`,
      'API Gateway developer guide, Amazon API Gateway important notes',
    )
  return finding(
    'CHALLENGE_INCOMPLETE',
    `The 401 names no resource_metadata="${metadataUrl}" in WWW-Authenticate (${shown(challengeOf(answer) ?? 'absent')})`,
    'Serve the MCP endpoint by `mcpHandler`, and let nothing at the edge overwrite its headers.',
    'RFC 9728 §5.1',
  )
}

function headersPolicy(view: View, metadataUrl: string): Position {
  const name = 'headersPolicyOnErrors'
  if (view.byAuthorizer && view.refusals.every((answer) => namesMetadata(answer, metadataUrl)))
    return settled(name, 'applied', 'the authorizer’s 401 bears the challenge of the edge')
  if (view.byAuthorizer && view.hasPolicy)
    return settled(
      name,
      'skipped',
      'a preflight bears the challenge, the authorizer’s 401 does not',
    )
  return unsettled(
    name,
    view.refusals.length === 0
      ? 'there is no 401 to look at'
      : view.byAuthorizer
        ? 'no response headers policy is to be seen'
        : 'the function refuses, with a challenge of its own',
    `a deployment with ${wayOut('defenceBoth')}`,
  )
}

function remapping({ byAuthorizer, hasPolicy, refusals }: View): Position {
  const name = 'httpApiRemapsWwwAuthenticate'
  const wouldTell = `a deployment with ${wayOut('defenceLambda')}`
  if (refusals.length === 0) return unsettled(name, 'there is no 401 to look at', wouldTell)
  if (byAuthorizer)
    return unsettled(name, 'the authorizer refuses, so no function sends a challenge', wouldTell)
  if (refusals.some(({ headers }) => headers.has(REMAPPED)))
    return settled(name, 'true', `the function’s 401 bears ${REMAPPED}`)
  if (hasPolicy) return unsettled(name, 'the edge sets a challenge over whatever comes', wouldTell)
  return refusals.some((answer) => challengeOf(answer) !== null)
    ? settled(name, 'false', 'the function’s 401 bears WWW-Authenticate')
    : unsettled(name, 'the 401 bears neither name', wouldTell)
}
