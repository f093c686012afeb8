import { PATHS } from '../../../protocol/metadata.ts'
import type { Deployment } from '../deployment.ts'
import { shown, type Finding, type Outcome } from '../finding.ts'
import type { Answer } from '../outside.ts'
import { cameThroughApi, redeemNothing } from '../token-probe.ts'
import { wayOut } from '../ways-out.ts'

const OTHER_METHODS = ['GET', 'PUT', 'DELETE'] as const

/** What `/token` lets through that concerns nobody, and whether it refuses as RFC 6749 §5.2 says. */
export async function checkTokenEndpoint(deployment: Deployment): Promise<Outcome> {
  const { ask, origin, redirectUri } = deployment
  const endpoint = origin + PATHS.token
  const registered = await deployment.registration()
  const clientId = registered.ok ? registered.value.clientId : 'unregistered'
  const [mode, post, ...others] = await Promise.all([
    deployment.mode(),
    redeemNothing(deployment, endpoint, { clientId, redirectUri }),
    ...OTHER_METHODS.map(async (method) => ({ method, asked: await ask(endpoint, { method }) })),
  ])
  const answers = others.flatMap(({ method, asked }) =>
    asked.ok ? [{ method, answer: asked.value }] : [],
  )
  const findings = [
    ...answers
      .filter(({ answer }) => answer.status !== 405)
      .map(({ method, answer }) => methodAnswered(method, endpoint, answer)),
    ...[...answers, ...(post.answer === undefined ? [] : [{ method: 'POST', answer: post.answer }])]
      .flatMap(({ method, answer }) => strayHeaders(method, endpoint, answer))
      .filter(({ code }, index, all) => all.findIndex((each) => each.code === code) === index),
  ]
  if (post.error === undefined)
    findings.push({
      code: 'TOKEN_NOT_OAUTH',
      level: 'error',
      where: `POST ${endpoint}`,
      message: `A token request is answered without an OAuth error: ${post.summary}${post.answer === undefined ? '' : `: ${shown(post.answer.text)}`}`,
      fix: 'The behaviour `/token` must lead to the user pool’s domain with origin path `/oauth2`, or to the function that answers it.',
      source: 'RFC 6749 §5.2',
    })
  else if (mode === 'relay' && post.answer !== undefined && cameThroughApi(post.answer))
    findings.push({
      code: 'TOKEN_BY_FUNCTION',
      level: 'info',
      where: `POST ${endpoint}`,
      message: 'A function answers token requests, not the user pool itself.',
      fix: `Nothing to do with ${wayOut('tokenPathFunction')}; otherwise the behaviour \`/token\` is missing at the edge.`,
      source: 'docs/deploy-aws.md, Modes',
    })
  return { findings, positions: [] }
}

function methodAnswered(method: string, endpoint: string, answer: Answer): Finding {
  return {
    code: 'TOKEN_METHODS',
    level: 'warning',
    where: `${method} ${endpoint}`,
    message: `Only POST belongs here, yet ${method} is answered with ${answer.status}`,
    fix: 'Put the viewer-request function that answers 405 on the behaviours `/token` and `/revoke`.',
    source: 'RFC 6749 §3.2',
  }
}

function strayHeaders(method: string, endpoint: string, answer: Answer): Finding[] {
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
    ...(answer.headers.has('x-amz-cognito-request-id')
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
