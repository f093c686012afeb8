import { PATHS } from '../../../protocol/metadata.ts'
import type { AuthorizationLeg } from '../authorization-leg.ts'
import type { Deployment } from '../deployment.ts'
import { shown, type Finding, type Outcome, type Position } from '../finding.ts'
import { settled, unsettled } from '../switches.ts'

/** What the identity provider makes of one authorization request, with nobody signed in. */
type Reception =
  /** It would ask the person to sign in: nothing is wrong with the request. */
  | { kind: 'accepted' }
  /** Its own error page: client or redirect_uri are not as registered. */
  | { kind: 'page'; error: string }
  /** An error that the client is told. */
  | { kind: 'redirect'; error: string; description: string }
  | { kind: 'unclear'; summary: string }

/** Whether the pool takes the requests that this deployment sends, and rows 4 and 7. */
export async function checkAuthorize(deployment: Deployment): Promise<Outcome> {
  const leg = await deployment.leg()
  if (!leg.ok) return noLeg(deployment, leg.failure)
  const unregistered = `${deployment.origin}/${deployment.randomText()}`
  const [asSent, unknownScope, unknownResource] = await Promise.all([
    receive(deployment, leg.value, {}),
    receive(deployment, leg.value, { scope: `${leg.value.scope} postern-verify-unknown`.trim() }),
    receive(deployment, leg.value, { resource: unregistered }),
  ])
  return {
    findings: judge(leg.value, asSent),
    positions: [readScope(asSent, unknownScope), readResource(asSent, unknownResource)],
  }
}

async function noLeg(deployment: Deployment, failure: string): Promise<Outcome> {
  const registered = await deployment.registration()
  const wouldTell = 'a deployment that leads to a user pool’s prefix domain'
  const finding: Finding = {
    code: 'NO_WAY_TO_SIGN_IN',
    level: 'error',
    where: `GET ${deployment.origin}${PATHS.authorize}`,
    message: `Consent does not lead to a user pool: ${failure}`,
    fix: 'See the function’s log for this request. With a custom domain of the pool this is no fault, and rows 1, 4, 7, 8 and 10 stay open.',
    source: 'RFC 6749 §4.1.1',
  }
  return {
    // A registration that was refused has a finding of its own.
    findings: registered.ok ? [finding] : [],
    positions: [
      unsettled('invalidScope', failure, wouldTell),
      unsettled('resourceBinding', failure, wouldTell),
    ],
  }
}

/** GET /oauth2/authorize with `prompt=none`: shows no page, and tells the client how it stands. */
async function receive(
  deployment: Deployment,
  leg: AuthorizationLeg,
  changes: Record<string, string>,
): Promise<Reception> {
  const url = new URL(leg.url)
  for (const [name, value] of Object.entries({ prompt: 'none', ...changes }))
    url.searchParams.set(name, value)
  const asked = await deployment.ask(url.href, { headers: { accept: 'text/html' } })
  if (!asked.ok) return { kind: 'unclear', summary: asked.failure }
  const { status, headers } = asked.value
  const location = URL.parse(headers.get('location') ?? '', leg.origin)
  if (status < 300 || status >= 400 || location === null)
    return { kind: 'unclear', summary: `${status} without a redirect` }
  const error = location.searchParams.get('error') ?? ''
  if (location.href.startsWith(`${leg.redirectUri}?`))
    return error === 'login_required'
      ? { kind: 'accepted' }
      : {
          kind: 'redirect',
          error: shown(error),
          description: shown(location.searchParams.get('error_description') ?? ''),
        }
  if (location.origin !== leg.origin)
    return { kind: 'unclear', summary: `${status} to ${shown(location.host)}` }
  if (location.pathname === '/error') return { kind: 'page', error: shown(error) }
  return location.pathname === '/login'
    ? { kind: 'accepted' }
    : { kind: 'unclear', summary: `${status} to ${shown(location.pathname)}` }
}

function judge(leg: AuthorizationLeg, asSent: Reception): Finding[] {
  const where = `GET ${leg.origin}/oauth2/authorize`
  switch (asSent.kind) {
    case 'accepted':
      return []
    case 'page':
      return [
        {
          code: 'REDIRECT_URI_UNKNOWN',
          level: 'error',
          where,
          message: `The app client does not know ${shown(leg.redirectUri)} (${asSent.error}): people end on an error page`,
          fix: 'Deploy again, so that the callback URLs are derived anew; for a pool of your own register what `postern callback-urls` prints.',
          source: 'Cognito developer guide, Application-specific settings with app clients',
        },
      ]
    case 'redirect':
      return [
        {
          code: 'AUTHORIZATION_REFUSED',
          level: 'error',
          where,
          message: `The user pool refuses what the deployment asks for: ${asSent.error} ${asSent.description}`,
          fix: `Enable on the app client the scopes that are asked for: ${shown(leg.scope)}.`,
          source: 'Cognito developer guide, Authorize endpoint',
        },
      ]
    case 'unclear':
      return [
        {
          code: 'AUTHORIZATION_UNCLEAR',
          level: 'warning',
          where,
          message: `The user pool’s authorize endpoint answers neither with sign-in nor with an error: ${asSent.summary}`,
          fix: 'Open the address by hand; a 403 means that the app client has no managed-login style.',
          source: 'Cognito developer guide, Authorize endpoint',
        },
      ]
  }
}

/** Row 7. */
function readScope(asSent: Reception, unknown: Reception): Position {
  const name = 'invalidScope'
  const wouldTell = 'an authorize endpoint that takes the request without the unknown scope'
  if (asSent.kind !== 'accepted') return unsettled(name, 'refused for another reason', wouldTell)
  switch (unknown.kind) {
    case 'accepted':
      return settled(name, 'ignored', 'sign-in is offered all the same')
    case 'page':
      return settled(name, 'error-page', `the pool’s own error page: ${unknown.error}`)
    case 'redirect': {
      const evidence = `the client is told ${unknown.error} ${unknown.description}`.trim()
      if (unknown.error === 'invalid_scope')
        return settled(name, 'redirect-invalid-scope', evidence)
      return unknown.description === 'invalid_scope'
        ? settled(name, 'redirect-with-description', evidence)
        : unsettled(name, evidence, wouldTell)
    }
    case 'unclear':
      return unsettled(name, unknown.summary, wouldTell)
  }
}

/** Row 4, second half: only a refusal settles it here; `--login` sees what the code is worth. */
function readResource(asSent: Reception, unknown: Reception): Position {
  const name = 'resourceBinding'
  if (asSent.kind === 'accepted' && unknown.kind === 'redirect')
    return settled(
      name,
      'refused-at-authorize',
      `the client is told ${unknown.error} ${unknown.description}`.trim(),
    )
  return unsettled(
    name,
    unknown.kind === 'accepted'
      ? 'the authorize endpoint takes an unregistered URL'
      : 'refused for another reason',
    '--login, in relay',
  )
}
