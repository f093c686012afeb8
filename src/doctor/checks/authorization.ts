import type { Answer } from '../ask.ts'
import type { Walk } from '../browser.ts'
import type { ClientProfile } from '../client-profiles.ts'
import type { Discovery, Evidence } from '../evidence.ts'
import { everybody, observeBy, shown, type Observation } from '../finding.ts'
import { isForgotten, stopped, type AuthorizationEvidence } from '../probes/authorization.ts'
import { isRedirect, type JsonObject } from '../probes/documents.ts'
import { presentsDocument } from '../presents-document.ts'
import { requestedScope } from '../requested-scope.ts'
import { isClosedList } from './registration.ts'
import { defineRules, type Family } from './rules.ts'

const RULES = defineRules('authorization', {
  'D03-authorization-endpoint-broken': {
    level: 'error',
    fix: 'Route authorization_endpoint to what asks people to sign in, and look at its log.',
    source: 'RFC 6749 §3.1',
  },
  'D06-port-fixed': {
    level: 'warning',
    fix: 'Compare loopback redirect URIs without their port: native apps take any that is free.',
    source: 'RFC 8252 §7.3',
  },
  'D06-upstream-redirect-unregistered': {
    level: 'error',
    fix: 'Register this redirect_uri for this client at the identity provider, exactly as it is sent; or correct the client that the server is configured with.',
    source: 'RFC 6749 §3.1.2.4',
  },
  'D07-scope-refused': {
    level: 'error',
    fix: 'Advertise only scopes that the identity provider grants (no offline_access at Cognito), and ignore unknown ones instead of refusing the request.',
    source: 'RFC 6749 §3.3',
  },
  'D07-scope-refused-upstream': {
    level: 'error',
    fix: 'Let the server ask its identity provider for nothing that its client there may not have: take such scopes out of the server’s configuration (Postern: identityProvider.scopes), or allow them for that client at the identity provider.',
    source: 'RFC 6749 §4.1.2.1',
  },
  'D08-resource-refused': {
    level: 'error',
    fix: 'Accept resource, and do not send it on to an identity provider that refuses it.',
    source: 'RFC 8707 §2',
  },
  'D11-registration-forgotten': {
    level: 'error',
    fix: 'Keep registrations where every instance finds them, or put them into the client_id.',
    source: 'RFC 7591 §3.2.1',
  },
  'D11-authorize-spends-request': {
    level: 'error',
    fix: 'Change nothing at GET: mcp-remote and link scanners ask before the person’s browser does.',
    source: 'RFC 9110 §9.2.1',
  },
  'D14-form-action': {
    level: 'error',
    fix: 'Allow in form-action whatever the form leads to, up to the client’s redirect URI; or answer with a page that goes on by itself.',
    source: 'CSP Level 3, form-action',
  },
  'D14-cookie-dropped': {
    level: 'error',
    fix: 'Set the cookie so that browsers keep it: SameSite=None needs Secure, __Host- needs Secure, Path=/ and no Domain.',
    source: 'RFC 6265bis §5.7',
  },
  'D14-cookie-strict': {
    level: 'error',
    fix: 'Use SameSite=Lax: a Strict cookie is missing when the identity provider sends the person back.',
    source: 'RFC 6265bis §5.6.7.1',
  },
  'D14-redirect-circle': {
    level: 'error',
    fix: 'Find out which step sends the browser back to one before it: often a cookie that is not kept.',
    source: 'RFC 9110 §15.4',
  },
  'D20-sign-in-refused': {
    level: 'error',
    fix: 'Look at the log of the authorization server; access_denied means that this person may not.',
    source: 'RFC 6749 §4.1.2.1',
  },
  'D20-identity-provider-refuses': {
    level: 'error',
    fix: 'Look at the log of the identity provider for this request; `--idp` checks it by itself.',
    source: 'RFC 6749 §4.1.2.1',
  },
})

/** D06, D07, D08, D14 and D20: how far an authorization request gets before a person signs in. */
export const authorization: Family = { rules: RULES, check: checkAuthorization }

const observe = observeBy(RULES)

function checkAuthorization({ authorization, registration, discovery }: Evidence): Observation[] {
  if (authorization === undefined) return []
  const server = discovery?.serverMetadata.used?.document
  const { asJson, browser } = authorization
  if (isForgotten(authorization))
    return [
      observe('D11-registration-forgotten', {
        where: asJson[0].ok ? asJson[0].value.where : '',
        message: 'The client that has just registered is not known here.',
        stops: (client) => !presentsDocument(client, server),
      }),
    ]
  // A cookie that is not kept explains whatever comes after it.
  const cookies = checkCookies(browser)
  if (cookies.length > 0) return cookies
  const way = checkWay(authorization, asksForOfflineAccess(discovery))
  if (way.length > 0) return way
  // Nobody is on a closed list with two ports.
  const isClosed = registration !== undefined && isClosedList(registration)
  return [...checkAgain(authorization), ...(isClosed ? [] : checkPort(authorization, server))]
}

type Stops = (client: ClientProfile) => boolean

/** Whoever is told by the resource, and whoever finds it among what the server offers. */
function asksForOfflineAccess(discovery: Discovery | undefined): Stops {
  const document = discovery?.resourceMetadata.used?.document
  const told = requestedScope(discovery?.challenge?.scope, document, undefined)
  const isTold = told?.split(' ').includes('offline_access') === true
  return (client) => isTold || client.asksForOfflineAccess
}

function checkWay(evidence: AuthorizationEvidence, asksForOfflineAccess: Stops): Observation[] {
  const { end } = evidence.browser
  switch (end.kind) {
    case 'form-action':
      return [
        observe('D14-form-action', {
          where: `POST ${shown(end.page.split('?', 1)[0] ?? '')}`,
          message: `The page’s policy keeps the browser from ${shown(end.target)}: the button does nothing.`,
          stops: everybody,
        }),
      ]
    case 'circle':
      return [
        observe('D14-redirect-circle', {
          where: end.where,
          message: 'The browser is sent round in a circle.',
          stops: everybody,
        }),
      ]
    case 'silent': {
      const { where, reason, detail } = end.silence
      if (reason === 'special-use address') return []
      const message = `People are sent where nothing answers (${detail || reason}).`
      return [observe('D03-authorization-endpoint-broken', { where, message, stops: everybody })]
    }
    case 'returned':
    case 'page':
      return stopped(evidence.browser) ? [explainStop(evidence, asksForOfflineAccess)] : []
  }
}

function explainStop(
  { browser, withoutScope, withoutOfflineAccess, withoutResource, request }: AuthorizationEvidence,
  asksForOfflineAccess: Stops,
): Observation {
  const { where, error } = describeEnd(browser)
  const message = `The browser ends with ${error}`
  const seen = { where, stops: everybody }
  if (goesOn(withoutOfflineAccess))
    return observe('D07-scope-refused', {
      where,
      message: `${message} when it asks for offline_access.`,
      stops: asksForOfflineAccess,
    })
  if (browser.upstreamError?.error === 'invalid_scope' && !goesOn(withoutScope))
    return observe('D07-scope-refused-upstream', {
      where: browser.upstreamError.where,
      message: describeScopes(browser, browser.upstreamError),
      stops: everybody,
    })
  if (/\binvalid_scope\b/.test(error) || goesOn(withoutScope))
    return observe('D07-scope-refused', {
      ...seen,
      message: `${message} when it asks for ${shown(request.scope ?? 'no scope')}.`,
    })
  if (/\binvalid_target\b/.test(error) || goesOn(withoutResource))
    return observe('D08-resource-refused', {
      ...seen,
      message: `${message} when it sends resource=${shown(request.resource ?? '')}.`,
    })
  const isElsewhere = browser.origins.length > 1
  if (/\baccess_denied\b/.test(error)) return judgeRefusal(where, error)
  if (/redirect/i.test(error))
    return observe(
      isElsewhere ? 'D06-upstream-redirect-unregistered' : 'D20-identity-provider-refuses',
      {
        ...seen,
        message: `${message}.${describeUpstream(browser)}`,
      },
    )
  if (isElsewhere)
    return observe('D20-identity-provider-refuses', {
      ...seen,
      message: `${message}.${describeUpstream(browser)}`,
    })
  return observe('D03-authorization-endpoint-broken', {
    ...seen,
    message: `${message}.`,
    ...(error === '503' ? { fix: WAITING } : {}),
  })
}

const WAITING =
  'The server waits for something, most often for its identity provider: look at the server’s log, and at the identity provider with --idp.'

function describeScopes(
  { upstream }: Walk,
  { scopes }: NonNullable<Walk['upstreamError']>,
): string {
  const asked = `client ${shown(upstream?.clientId ?? '')} is sent there for ${shown(upstream?.scopes.join(' ') ?? '')}`
  const named = scopes.length === 0 ? '' : `, and it names ${shown(scopes.join(' '))}`
  return `The identity provider answers invalid_scope: ${asked}${named}.`
}

/** What to look for in the identity provider's own settings. */
function describeUpstream({ upstream, upstreamError }: Walk): string {
  if (upstream === undefined) return ''
  const { clientId, redirectUri } = upstream
  const answered =
    upstreamError === undefined
      ? ''
      : ` The identity provider answers ${shown(upstreamError.error)}.`
  return `${answered} It was sent there as client ${shown(clientId)} with redirect_uri ${shown(redirectUri)}.`
}

function goesOn(walk: Walk | undefined): boolean {
  if (walk === undefined) return false
  return (walk.end.kind === 'returned' || walk.end.kind === 'page') && !stopped(walk)
}

/** The error, and for a page the words in it that say which parameter it is about. */
function describeEnd({ end }: Walk): { where: string; error: string } {
  if (end.kind === 'returned')
    return { where: end.where, error: shown(end.query.get('error') ?? '') }
  if (end.kind !== 'page') return { where: '', error: '' }
  const { where, status, text, url } = end.answer
  const named = new URL(url).searchParams.get('error') ?? ''
  const word = /redirect_(?:uri_)?mismatch|invalid_scope|invalid_target|redirect_uri/.exec(
    `${named} ${text}`,
  )?.[0]
  return { where, error: word === undefined ? String(status) : `${status} ${word}` }
}

function checkCookies({ dropped, strict }: Walk): Observation[] {
  return [
    ...dropped.slice(0, 1).map(({ name, why, where }) =>
      observe('D14-cookie-dropped', {
        where,
        message: `Browsers do not keep the cookie ${shown(name)}: ${why}.`,
        stops: everybody,
      }),
    ),
    ...strict.slice(0, 1).map(({ name, where }) =>
      observe('D14-cookie-strict', {
        where,
        message: `The cookie ${shown(name)} is SameSite=Strict, and the way leads to another site.`,
        stops: everybody,
      }),
    ),
  ]
}

function checkAgain({ asJson: [first, second] }: AuthorizationEvidence): Observation[] {
  if (!first.ok || !second.ok || !isFine(first.value) || isFine(second.value)) return []
  return [
    observe('D11-authorize-spends-request', {
      where: second.value.where,
      message: `The same request is answered with ${first.value.status} first, then with ${second.value.status}.`,
    }),
  ]
}

function checkPort(
  { asJson: [first], otherPort }: AuthorizationEvidence,
  server: JsonObject | undefined,
): Observation[] {
  if (!first.ok || !otherPort.ok || !isFine(first.value) || isFine(otherPort.value)) return []
  return [
    observe('D06-port-fixed', {
      where: otherPort.value.where,
      message: 'A loopback redirect URI with another port than the registered one is refused.',
      stops: (client) => client.variesPort && presentsDocument(client, server),
    }),
  ]
}

function isFine(answer: Answer): boolean {
  if (answer.status >= 400) return false
  if (!isRedirect(answer)) return true
  return (
    URL.parse(answer.headers.get('location') ?? '', answer.url)?.searchParams.has('error') !== true
  )
}

/** An error that the authorization server sends the client after it has spoken to the person. */
export function judgeRefusal(where: string, error: string): Observation {
  return observe('D20-sign-in-refused', {
    where,
    message: `The sign-in comes back with ${shown(error)}.`,
    stops: everybody,
  })
}
