import type { Behavior, Distribution, Origin, UserPoolClient } from '../topology.ts'
import { at, reached } from './origins.ts'
import type { Rule } from './rule.ts'
import { behaviorFor } from './routing.ts'
import { isCognito, label, mentions, type View } from './view.ts'

/** What CloudFront does between the clients and Cognito's token endpoint. */
export const tokenPathRules: readonly Rule[] = [
  {
    code: 'TOKEN_ORIGIN_PATH',
    level: 'error',
    fix: 'Set the origin path to /oauth2, so that /token arrives as /oauth2/token.',
    source:
      'CloudFront API Reference, Origin, OriginPath; Cognito Developer Guide, “Token endpoint”',
    *find(view) {
      for (const [distribution, behavior, origin] of tokenBehaviors(view))
        if (origin.path !== '/oauth2')
          yield at(distribution, behavior, `arrives at ${origin.path}${behavior.pattern}`)
    },
  },
  {
    code: 'TOKEN_ORIGIN_POLICY',
    level: 'warning',
    fix: 'Remove the origin request policy: POST needs none, and Cookie and Referer stay away.',
    source: 'CloudFront Developer Guide, “HTTP request headers and CloudFront behavior”',
    *find(view) {
      for (const [distribution, behavior] of tokenBehaviors(view))
        if (behavior.originRequestPolicy !== null)
          yield at(distribution, behavior, 'sends cookies and more of your domain to Cognito')
    },
  },
  {
    code: 'TOKEN_METHODS',
    level: 'warning',
    fix: 'Answer other methods than POST and OPTIONS with 405 in a viewer-request function.',
    source: 'RFC 6749 §3.2: the token endpoint takes POST',
    *find(view) {
      for (const [distribution, behavior] of tokenBehaviors(view)) {
        const name = behavior.viewerRequest ?? ''
        const code = view.named('edgeFunction', name)?.code ?? ''
        if (!(code.includes('POST') && code.includes('405')))
          yield at(distribution, behavior, 'lets every method through to Cognito')
      }
    },
  },
  {
    code: 'TOKEN_COOKIES',
    level: 'warning',
    fix: 'Remove Set-Cookie with a response headers policy.',
    source: 'Observed: Cognito sets XSRF-TOKEN, here on your own domain',
    *find(view) {
      for (const [distribution, behavior] of tokenBehaviors(view)) {
        const name = behavior.responseHeadersPolicy ?? ''
        const removed = view.named('responseHeadersPolicy', name)?.remove ?? []
        if (!removed.some((header) => header.toLowerCase() === 'set-cookie'))
          yield at(distribution, behavior, 'lets Cognito set cookies on your domain')
      }
    },
  },
  {
    code: 'REVOKE_NOT_ROUTED',
    level: 'warning',
    fix: 'Send /revoke the way /token goes.',
    source: 'RFC 7009 §2; Cognito Developer Guide, “Revoke endpoint”',
    *find(view) {
      const toCognito = new Set(tokenBehaviors(view).map(([, behavior]) => behavior))
      for (const distribution of view.all('distribution')) {
        const [token, revoke] = ['/token', '/revoke'].map((path) => behaviorFor(distribution, path))
        if (token !== undefined && toCognito.has(token) && revoke?.origin !== token.origin)
          yield { where: label(distribution), message: 'leaves tokens without a way to end them' }
      }
    },
  },
  {
    code: 'EDGE_AUTHORIZATION_ON_PUBLIC_CLIENT',
    level: 'error',
    fix: 'Remove the Authorization header of the origin, or give the client a secret.',
    source: 'Reported: Cognito answers 400 to a public client with an Authorization header',
    *find(view) {
      for (const [distribution, behavior, origin] of tokenBehaviors(view))
        if (
          sendsAuthorization(origin) &&
          clientsAt(view, origin).some((each) => !each.generateSecret)
        )
          yield at(distribution, behavior, 'authenticates a client that has no secret')
    },
  },
  {
    code: 'EDGE_AUTHORIZATION_MISSING',
    level: 'error',
    fix: 'Let the origin send Authorization: Basic, or make the client a public one.',
    source: 'RFC 6749 §3.2.1; a secret that clients must send is given to everybody',
    *find(view) {
      const shared = view
        .all('function')
        .some(({ environment }) => 'POSTERN_DANGEROUSLY_SHARED_CLIENT_SECRET' in environment)
      if (shared) return
      for (const [distribution, behavior, origin] of tokenBehaviors(view))
        if (
          !sendsAuthorization(origin) &&
          clientsAt(view, origin).some((each) => each.generateSecret)
        )
          yield at(distribution, behavior, 'needs a client secret that nobody here sends')
    },
  },
]

/** Behaviours that lead to Cognito, with the origin. */
function tokenBehaviors(view: View): [Distribution, Behavior, Origin][] {
  return reached(view).filter(([, , origin]) => isCognito(origin))
}

function sendsAuthorization({ headers }: Origin): boolean {
  return headers.some(({ name }) => name === 'authorization')
}

/** Clients of the pool whose domain an origin is; where that is not seen, all of them. */
function clientsAt(view: View, origin: Origin): readonly UserPoolClient[] {
  const clients = view.all('userPoolClient')
  const [domain] = mentions(origin.domain, 'userPoolDomain')
  const pool = view.named('userPoolDomain', domain ?? '')?.userPool
  return pool === undefined ? clients : clients.filter(({ userPool }) => userPool === pool)
}
