import { createHash } from 'node:crypto'
import { PATHS } from '../../protocol/metadata.ts'
import { fail, ok, type Result } from '../../protocol/result.ts'
import { shown } from './finding.ts'
import type { Ask } from './outside.ts'

/** What a stranger has in hand. */
export interface Stranger {
  /** Without a trailing slash. */
  mcpUrl: string
  origin: string
  /** The one that mcp-remote would come back to. */
  redirectUri: string
  ask: Ask
  /** Unguessable, so that a request means nothing to anybody else. */
  randomText: () => string
}

/** The authorization request that the deployment sends a person to its identity provider with. */
export interface AuthorizationLeg {
  url: string
  /** `https://<prefix>.auth.<region>.amazoncognito.com` */
  origin: string
  host: string
  clientId: string
  redirectUri: string
  scope: string
}

/**
 * Prefix domains of user pools. Nothing else is asked: a deployment could name any address of the
 * network that this runs in.
 */
const COGNITO_DOMAIN = /^[a-z0-9-]{1,63}\.auth\.[a-z0-9-]{1,32}\.amazoncognito\.com$/

/** GET /authorize and POST /consent, as a browser would, up to the address it would go to next. */
export async function walkToIdentityProvider(
  stranger: Stranger,
  clientId: string,
): Promise<Result<AuthorizationLeg, string>> {
  const { ask, origin } = stranger
  const authorize = authorizationUrl(stranger, {
    clientId,
    state: stranger.randomText(),
    codeVerifier: stranger.randomText(),
  })
  const page = await ask(authorize, { headers: { accept: 'text/html' } })
  if (!page.ok) return fail(`GET ${PATHS.authorize}: ${page.failure}`)
  const fields = hiddenFields(page.value.text)
  if (page.value.status !== 200 || fields.length === 0)
    return fail(
      `GET ${PATHS.authorize} showed no consent page but ${page.value.status}: ${shown(page.value.text)}`,
    )

  const cookies = page.value.headers
    .getSetCookie()
    .map((line) => line.split(';', 1)[0] ?? '')
    .join('; ')
  const consent = await ask(origin + PATHS.consent, {
    method: 'POST',
    headers: {
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
      cookie: cookies,
      origin,
      'sec-fetch-site': 'same-origin',
    },
    body: new URLSearchParams([...fields, ['action', 'approve']]).toString(),
  })
  if (!consent.ok) return fail(`POST ${PATHS.consent}: ${consent.failure}`)
  const location = consent.value.headers.get('location')
  if (consent.value.status !== 302 || location === null)
    return fail(
      `POST ${PATHS.consent} led nowhere but answered ${consent.value.status}: ${shown(consent.value.text)}`,
    )
  return readLeg(location)
}

const MAX_FIELDS = 32

/** What the consent form would send along. */
function hiddenFields(page: string): [string, string][] {
  const inputs = page.matchAll(/<input type="hidden" name="(\w{1,64})" value="([^"<>]{0,8192})"/g)
  return [...inputs]
    .slice(0, MAX_FIELDS)
    .map(([, name = '', value = '']) => [name, unescapeHtml(value)])
}

function unescapeHtml(text: string): string {
  return text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}

export function authorizationUrl(
  stranger: Stranger,
  request: { clientId: string; state: string; codeVerifier: string },
): string {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: request.clientId,
    redirect_uri: stranger.redirectUri,
    state: request.state,
    code_challenge: codeChallenge(request.codeVerifier),
    code_challenge_method: 'S256',
    resource: stranger.mcpUrl,
  })
  return `${stranger.origin}${PATHS.authorize}?${query}`
}

/** RFC 7636 §4.2 */
export function codeChallenge(codeVerifier: string): string {
  return createHash('sha256').update(codeVerifier).digest('base64url')
}

function readLeg(location: string): Result<AuthorizationLeg, string> {
  const url = URL.parse(location)
  if (url?.protocol !== 'https:' || url.port !== '' || !COGNITO_DOMAIN.test(url.hostname))
    return fail(
      `people are sent to ${shown(url?.host ?? location)}, which is no prefix domain of Cognito`,
    )
  const clientId = url.searchParams.get('client_id')
  const redirectUri = url.searchParams.get('redirect_uri')
  if (clientId === null || redirectUri === null)
    return fail('the way to the identity provider names no client_id or no redirect_uri')
  return ok({
    url: url.href,
    origin: url.origin,
    host: url.hostname,
    clientId,
    redirectUri,
    scope: url.searchParams.get('scope') ?? '',
  })
}
