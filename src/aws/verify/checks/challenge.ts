import { protectedResourceMetadataUrl } from '../../../protocol/metadata.ts'
import type { Deployment } from '../deployment.ts'
import {
  challengeOf,
  createView,
  isAuthorizers,
  namesMetadata,
  readPositions,
  REMAPPED,
  type View,
} from '../challenge-view.ts'
import { mergeSame, shown, type Finding, type Outcome } from '../finding.ts'
import type { Asked } from '../outside.ts'
import { wayOut } from '../ways-out.ts'

const METHODS = ['GET', 'HEAD', 'POST'] as const

const BY_FUNCTION: string = `Let the function refuse, whose challenge is its own: ${wayOut('defenceLambda')}, with \`mcpHandler\` as its handler.`

interface Sight {
  /** `GET https://…` */
  where: string
  asked: Asked
}

/** What clients are told whose token is absent or no good, and rows 2 and 3. */
export async function checkChallenge(deployment: Deployment): Promise<Outcome> {
  const { ask, mcpUrl, origin } = deployment
  const look = async (method: string, url: string, headers = {}): Promise<Sight> => ({
    where: `${method} ${url}`,
    asked: await ask(url, { method, headers: { accept: 'application/json', ...headers } }),
  })
  const [preflight, forged, ...sights] = await Promise.all([
    look('OPTIONS', mcpUrl, { origin, 'access-control-request-method': 'POST' }),
    look('POST', mcpUrl, { authorization: `Bearer ${madeUpToken(deployment)}` }),
    ...METHODS.map((method) => look(method, mcpUrl)),
    look('GET', `${mcpUrl}/`),
  ])
  const view = createView(
    protectedResourceMetadataUrl(mcpUrl),
    preflight.asked,
    [...sights, forged].map(({ asked }) => asked),
  )
  return {
    findings: mergeSame([
      ...sights.flatMap((sight) => judge(sight, view)),
      ...judgeForged(forged, view),
    ]),
    positions: readPositions(view),
  }
}

/** By its form good until 2100: the edge lets it pass to whoever verifies. Nobody signed it. */
function madeUpToken({ randomText }: Deployment): string {
  const part = (json: object): string => Buffer.from(JSON.stringify(json)).toString('base64url')
  return `${part({ alg: 'RS256', kid: randomText() })}.${part({ exp: 4_102_444_800 })}.${randomText()}`
}

function judgeForged({ where, asked }: Sight, view: View): Finding[] {
  const place = `${where} with a made-up token`
  // Whoever does not answer at all is told of above.
  if (!asked.ok) return []
  const { status } = asked.value
  if (status < 300)
    return [
      {
        code: 'MCP_TAKES_ANY_TOKEN',
        level: 'error',
        where: place,
        message: `The MCP endpoint answers ${status} to a token that nobody signed.`,
        fix: `Verify tokens in the function: ${wayOut('defenceLambda')}, with \`mcpHandler\` as its handler.`,
        source: 'RFC 9068 §4',
      },
    ]
  // Signing in works: most clients know the metadata's address by then, and tokens that ran out are
  // answered by the edge.
  if (status === 401)
    return judge({ where: place, asked }, view).map((finding) => ({ ...finding, level: 'warning' }))
  return [
    {
      code: 'BAD_TOKEN_NOT_401',
      level: 'warning',
      where: place,
      message: `A token that is no good is answered ${status}: clients sign in again only after 401.`,
      fix: 'After cutting people off have them clear ~/.mcp-auth; or serve the MCP endpoint by `mcpHandler`, which says 401 itself.',
      source:
        'API Gateway developer guide, Control access to HTTP APIs with AWS Lambda authorizers',
    },
  ]
}

function judge({ where, asked }: Sight, view: View): Finding[] {
  const { metadataUrl } = view
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
  if (isAuthorizers(answer) || (view.byAuthorizer && answer.text === ''))
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
