import type { Route, Text } from '../topology.ts'
import { at, originOf } from './origins.ts'
import type { Fault, Rule } from './rule.ts'
import { behaviorFor, routeFor } from './routing.ts'
import { apiBehind, type View } from './view.ts'

/** An authorizer of an HTTP API answers by itself, and its 401 names no metadata. */
export const challengeRules: readonly Rule[] = [
  {
    code: 'CHALLENGE_MISSING',
    level: 'error',
    fix: 'Set WWW-Authenticate with a response headers policy on the behaviour of the MCP path.',
    source:
      'RFC 9728 §5.1; API Gateway Developer Guide, “JWT authorizers”: the 401 says only Bearer',
    *find(view) {
      for (const { fault, challenge } of challenges(view))
        if (challenge === undefined)
          yield { ...fault, message: 'has an authorizer behind it, whose 401 names no metadata' }
    },
  },
  {
    code: 'CHALLENGE_INVALID',
    level: 'error',
    fix: 'Let the challenge be Bearer resource_metadata="https://<your host>/.well-known/oauth-protected-resource<path>".',
    source: 'RFC 9728 §3.1 and §5.1',
    *find(view) {
      for (const { fault, challenge } of challenges(view)) {
        if (challenge === undefined) continue
        const wrong = explain(challenge, view)
        if (wrong !== undefined) yield { ...fault, message: wrong }
      }
    },
  },
]

interface Challenge {
  value: Text
  override: boolean
}

/** The behaviours that serve an MCP route with an authorizer, and the challenge they add. */
function challenges(view: View): { fault: Fault; challenge: Challenge | undefined }[] {
  return view.all('distribution').flatMap((distribution) => {
    const found = mcpPaths(view).flatMap((path) => {
      const behavior = behaviorFor(distribution, path)
      const origin = behavior && originOf(distribution, behavior)
      const api = origin && apiBehind(view, origin)
      if (behavior === undefined || api === undefined) return []
      const guarded = routeFor(view, api.name, 'POST', path)?.authorizer ?? null
      return guarded === null ? [] : [behavior]
    })
    return [...new Set(found)].map((behavior) => {
      const policy =
        behavior.responseHeadersPolicy === null
          ? undefined
          : view.named('responseHeadersPolicy', behavior.responseHeadersPolicy)
      return {
        fault: at(distribution, behavior, ''),
        challenge: policy?.set.find(({ name }) => name.toLowerCase() === 'www-authenticate'),
      }
    })
  })
}

/** People type the resource with and without a trailing slash. */
function mcpPaths({ mcpPath }: View): string[] {
  return mcpPath.endsWith('/') ? [mcpPath] : [mcpPath, `${mcpPath}/`]
}

/** The routes that an MCP request may take, per API. */
export function mcpRoutes(view: View): Route[] {
  const found = view
    .all('api')
    .flatMap(({ name }) =>
      mcpPaths(view).flatMap((path) =>
        ['POST', 'GET', 'DELETE'].map((method) => routeFor(view, name, method, path)),
      ),
    )
  return [...new Set(found)].filter((route) => route !== undefined)
}

function explain(
  { value, override }: Challenge,
  { mcpPath, publicHost }: View,
): string | undefined {
  const url = /^Bearer\b.*\bresource_metadata="([^"]*)"/i.exec(value)?.[1]
  if (url === undefined) return 'sets a WWW-Authenticate without resource_metadata'
  if (!override) return 'leaves the 401 of the authorizer as it is: override is off'
  const [, host, path] = /^https:\/\/([^/]+)(\/.*)$/.exec(url) ?? []
  if (host === undefined || (publicHost !== undefined && host !== publicHost))
    return `names metadata of another host: ${url}`
  const root = '/.well-known/oauth-protected-resource'
  const known = [root, `${root}${mcpPath.replace(/\/$/, '')}`, `${root}${mcpPath}`]
  return known.includes(path ?? '') ? undefined : `names metadata of another resource: ${url}`
}
