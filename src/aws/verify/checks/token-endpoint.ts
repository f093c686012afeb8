import { PATHS } from '../../../protocol/metadata.ts'
import type { Deployment } from '../deployment.ts'
import { mergeSame, shown, type Finding, type Outcome, type Position } from '../finding.ts'
import type { Answer } from '../outside.ts'
import { settled, unsettled } from '../switches.ts'
import { cameThroughApi, redeemNothing, type Refusal } from '../token-probe.ts'
import { wayOut } from '../ways-out.ts'

const REQUEST_ID = 'x-amz-cognito-request-id'
const OTHER_METHODS = ['GET', 'PUT', 'DELETE'] as const

/** What `/token` lets through that concerns nobody, and whether it refuses as RFC 6749 §5.2 says. */
export async function checkTokenEndpoint(deployment: Deployment): Promise<Outcome> {
  const { ask, origin, redirectUri } = deployment
  const endpoint = origin + PATHS.token
  const registered = await deployment.registration()
  const clientId = registered.ok ? registered.value.clientId : 'unregistered'
  const [mode, post, preflight, ...others] = await Promise.all([
    deployment.mode(),
    redeemNothing(deployment, endpoint, { clientId, redirectUri }),
    ask(endpoint, { method: 'OPTIONS' }),
    ...OTHER_METHODS.map(async (method) => ({ method, asked: await ask(endpoint, { method }) })),
  ])
  const answers = [
    ...others.flatMap(({ method, asked }) => (asked.ok ? [{ method, answer: asked.value }] : [])),
    ...(post.answer === undefined ? [] : [{ method: 'POST', answer: post.answer }]),
  ]
  return {
    findings: [
      ...answers.flatMap(({ method, answer }) => checkMethod(method, endpoint, answer)),
      ...mergeSame(answers.flatMap(({ method, answer }) => checkHeaders(method, endpoint, answer))),
      ...checkRefusal(endpoint, post, mode),
    ],
    positions:
      mode === 'relay' && preflight.ok && isPools(post)
        ? [headersPolicy(preflight.value, post.answer)]
        : [],
  }
}

function isPools(refusal: Refusal): refusal is Refusal & { answer: Answer } {
  return (
    refusal.error !== undefined && refusal.answer !== undefined && !cameThroughApi(refusal.answer)
  )
}

function checkRefusal(endpoint: string, refusal: Refusal, mode: string | undefined): Finding[] {
  const where = `POST ${endpoint}`
  if (refusal.error === undefined)
    return [
      {
        code: 'TOKEN_NOT_OAUTH',
        level: 'error',
        where,
        message: `A token request is answered without an OAuth error: ${refusal.summary}: ${shown(refusal.answer?.text ?? '')}`,
        fix: 'The behaviour `/token` must lead to the user pool’s domain with origin path `/oauth2`, or to the function that answers it.',
        source: 'RFC 6749 §5.2',
      },
    ]
  if (mode !== 'relay' || isPools(refusal)) return []
  return [
    {
      code: 'TOKEN_BY_FUNCTION',
      level: 'info',
      where,
      message: 'A function answers token requests, not the user pool itself.',
      fix: `Nothing to do with ${wayOut('tokenPathFunction')}; otherwise the behaviour \`/token\` is missing at the edge.`,
      source: 'docs/deploy-aws.md, Modes',
    },
  ]
}

/** Row 2: the policy takes Cognito's request id off good answers; off a 400 as well? */
function headersPolicy(preflight: Answer, refusal: Answer): Position {
  const name = 'headersPolicyOnErrors'
  if (!refusal.headers.has(REQUEST_ID))
    return settled(name, 'applied', `a ${refusal.status} of /token has no ${REQUEST_ID}`)
  return preflight.status >= 400 || preflight.headers.has(REQUEST_ID)
    ? unsettled(name, 'no policy is to be seen on /token', 'a policy that removes headers')
    : settled(
        name,
        'skipped',
        `a ${refusal.status} of /token has ${REQUEST_ID}, a ${preflight.status} has not`,
      )
}

function checkMethod(method: string, endpoint: string, answer: Answer): Finding[] {
  if (method === 'POST' || answer.status === 405) return []
  return [
    {
      code: 'TOKEN_METHODS',
      level: 'warning',
      where: `${method} ${endpoint}`,
      message: `Only POST belongs here, yet ${method} is answered with ${answer.status}`,
      fix: 'Put the viewer-request function that answers 405 on the behaviours `/token` and `/revoke`.',
      source: 'RFC 6749 §3.2',
    },
  ]
}

function checkHeaders(method: string, endpoint: string, answer: Answer): Finding[] {
  const fix =
    'Put the response headers policy that removes Set-Cookie and x-amz-cognito-request-id on the behaviours `/token` and `/revoke`.'
  const where = `${method} ${endpoint}`
  const source = 'CloudFront developer guide, Understand response headers policies'
  return [
    ...(answer.headers.has('set-cookie')
      ? [
          {
            code: 'TOKEN_SETS_COOKIE',
            level: 'warning' as const,
            where,
            message: 'The user pool’s cookie is set on the domain of the MCP server.',
            fix,
            source,
          },
        ]
      : []),
    ...(answer.headers.has(REQUEST_ID)
      ? [
          {
            code: 'TOKEN_SHOWS_COGNITO',
            level: 'info' as const,
            where,
            message: 'The answer bears the user pool’s request id.',
            fix,
            source,
          },
        ]
      : []),
  ]
}
