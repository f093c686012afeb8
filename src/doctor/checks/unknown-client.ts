import type { Answer, Asked } from '../ask.ts'
import type { Evidence } from '../evidence.ts'
import { everybody, observeBy, shown, type Observation } from '../finding.ts'
import { readOAuthError } from '../oauth-error.ts'
import { isForgotten } from '../probes/authorization.ts'
import { isRedirect } from '../probes/documents.ts'
import type { TokenEvidence } from '../probes/token.ts'
import { defineRules, type Family } from './rules.ts'

const RULES = defineRules('token', {
  'D11-unknown-client-html': {
    level: 'warning',
    step: 'authorization',
    fix: 'Answer 400 with {"error":"invalid_client"} where JSON is asked for: mcp-remote asks before it opens the browser, and registers anew.',
    source: 'mcp-remote 0.15.1, preflight',
  },
  'D11-unknown-client-accepted': {
    level: 'error',
    step: 'authorization',
    fix: 'Check client_id first, and refuse one that was never registered with 400 invalid_client.',
    source: 'RFC 6749 §4.1.2.1',
  },
  'D11-open-redirect': {
    level: 'error',
    step: 'authorization',
    fix: 'Show a page instead: nobody has proven that the redirect URI belongs to a client.',
    source: 'RFC 6749 §4.1.2.1',
  },
  'D11-token-hides-unknown-client': {
    level: 'error',
    fix: 'Look at the client first: 401 {"error":"invalid_client"} for one that is not known, and only then at the grant.',
    source: 'RFC 6749 §5.2',
  },
  'D11-token-unknown-client-status': {
    level: 'info',
    fix: 'Answer 401: from that every client knows that it has to register anew.',
    source: 'RFC 6749 §5.2',
  },
  'D11-token-error-unreadable': {
    level: 'error',
    fix: 'Answer errors as JSON with an OAuth error code: from a page clients cannot tell what to do, and open a browser.',
    source: 'RFC 6749 §5.2',
  },
  'D03-token-endpoint-broken': {
    level: 'error',
    fix: 'Route token_endpoint to what issues tokens, and look at its log.',
    source: 'RFC 6749 §3.2',
  },
  'D08-resource-refused-at-token': {
    level: 'error',
    fix: 'Accept resource at the token endpoint, and do not send it on to an identity provider that refuses it.',
    source: 'RFC 8707 §2.2',
  },
  'D13-public-client-refused': {
    level: 'error',
    fix: 'Accept clients that registered as public without a secret, or return the secret that they must use.',
    source: 'RFC 7591 §2, token_endpoint_auth_method',
  },
  'D19-cacheable': {
    level: 'warning',
    fix: 'Send Cache-Control: no-store with every answer of the token endpoint.',
    source: 'RFC 6749 §5.1',
  },
})

/** D11 and D13: what becomes of clients that the server does not know, or not any more. */
export const unknownClient: Family = { rules: RULES, check: checkUnknownClient }

const observe = observeBy(RULES)

function checkUnknownClient({ authorization, token }: Evidence): Observation[] {
  const atAuthorize =
    authorization === undefined
      ? []
      : checkAuthorize(authorization.unknownAsJson, authorization.unknownAsHtml)
  if (token === undefined) return atAuthorize
  const broken = checkBroken(token)
  if (broken.length > 0) return [...atAuthorize, ...broken]
  const isKnown = authorization === undefined || !isForgotten(authorization)
  const atToken = [
    ...(isKnown ? checkKnown(token.knownClientCode) : []),
    ...checkUnknown(token.unknownClientRefresh),
    ...checkCacheable(token.knownClientCode ?? token.unknownClientCode),
  ]
  return [...atAuthorize, ...atToken]
}

function checkAuthorize(asJson: Asked, asHtml: Asked): Observation[] {
  if (asHtml.ok && isRedirect(asHtml.value) && goesToClient(asHtml.value))
    return [
      observe('D11-open-redirect', {
        where: asHtml.value.where,
        message: 'With an unknown client_id the browser is sent to whatever redirect_uri says.',
      }),
    ]
  if (!asJson.ok) return []
  const { where, status } = asJson.value
  if (status < 400)
    return [
      observe('D11-unknown-client-accepted', {
        where,
        message: `An unknown client_id is answered with ${status}: people sign in, and the code is of no use.`,
      }),
    ]
  if (readOAuthError(asJson.value) !== undefined || status >= 500) return []
  return [
    observe('D11-unknown-client-html', {
      where,
      message: `An unknown client_id is answered with ${status} and no OAuth error, although JSON was asked for.`,
    }),
  ]
}

function goesToClient({ headers, url }: Answer): boolean {
  const location = URL.parse(headers.get('location') ?? '', url)
  return (
    location !== null &&
    location.pathname.endsWith('/oauth/callback') &&
    location.origin !== new URL(url).origin
  )
}

function checkBroken(token: TokenEvidence): Observation[] {
  const asked = token.knownClientCode ?? token.unknownClientCode
  if (!asked.ok)
    return asked.failure.reason === 'special-use address'
      ? []
      : [
          observe('D03-token-endpoint-broken', {
            where: asked.failure.where,
            message: `Nothing answers (${asked.failure.detail || asked.failure.reason}).`,
            stops: everybody,
          }),
        ]
  const { where, status } = asked.value
  const { unknownClientCode, unknownClientRefresh, knownClientCode, knownClientRefresh } = token
  const isBroken = [unknownClientCode, unknownClientRefresh, knownClientCode, knownClientRefresh]
    .filter((each) => each !== undefined)
    .every(
      (each) => each.ok && each.value.status >= 500 && readOAuthError(each.value) === undefined,
    )
  if (isBroken || isRedirect(asked.value) || status === 404 || status === 405 || status === 415)
    return [
      observe('D03-token-endpoint-broken', {
        where,
        message: `A token request is answered with ${status}.`,
        stops: everybody,
      }),
    ]
  if (readOAuthError(asked.value) !== undefined) return []
  return [
    observe('D11-token-error-unreadable', {
      where,
      message: `A code that nobody issued is answered with ${status} and no OAuth error.`,
    }),
  ]
}

function checkKnown(asked: Asked | undefined): Observation[] {
  if (asked?.ok !== true) return []
  const { where } = asked.value
  const error = readOAuthError(asked.value)
  if (error === 'invalid_client' || error === 'unauthorized_client')
    return [
      observe('D13-public-client-refused', {
        where,
        message: `A client that has just registered is refused: ${asked.value.status} ${error}.`,
        stops: everybody,
      }),
    ]
  if (error === 'invalid_target')
    return [
      observe('D08-resource-refused-at-token', {
        where,
        message: 'A token request with resource is refused: invalid_target.',
        stops: everybody,
      }),
    ]
  return []
}

function checkUnknown(asked: Asked): Observation[] {
  if (!asked.ok) return []
  const { where, status } = asked.value
  const error = readOAuthError(asked.value)
  if (error === 'invalid_client')
    return status === 401
      ? []
      : [
          observe('D11-token-unknown-client-status', {
            where,
            message: `An unknown client is answered with ${status} invalid_client, not 401.`,
          }),
        ]
  if (error === undefined) return []
  return [
    observe('D11-token-hides-unknown-client', {
      where,
      message: `An unknown client is answered with ${status} ${shown(error)}: clients whose registration is lost never recover.`,
    }),
  ]
}

function checkCacheable(asked: Asked): Observation[] {
  if (!asked.ok || /\bno-store\b/.test(asked.value.headers.get('cache-control') ?? '')) return []
  return [
    observe('D19-cacheable', {
      where: asked.value.where,
      message: 'The answer has no Cache-Control: no-store.',
    }),
  ]
}
