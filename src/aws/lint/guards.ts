import type { Authorizer, Route, Text } from '../topology.ts'
import { mcpRoutes } from './challenge.ts'
import { origins } from './origins.ts'
import type { Rule } from './rule.ts'
import { isGreedy } from './routing.ts'
import { apiBehind, isGuard, label, referent, type View } from './view.ts'

/** Who lets a request through to the MCP server. */
export const guardRules: readonly Rule[] = [
  {
    code: 'ROUTE_UNGUARDED',
    level: 'error',
    fix: 'Put an authorizer on the route, or let Postern handle it.',
    source: 'MCP specification, Authorization, “Access Token Usage”',
    *find(view) {
      const mcp = mcpRoutes(view)
      const servers = new Set(mcp.map((route) => serverOf(view, route)))
      for (const route of view.all('route')) {
        if (route.authorizer !== null || route.key.startsWith('OPTIONS ')) continue
        const server = serverOf(view, route)
        const guard = server === undefined ? undefined : referent(view, 'function', server)
        if (guard !== undefined && isGuard(guard)) continue
        // A path that no route names (//mcp, /MCP) falls to the greedy one, and the server may serve it.
        if (mcp.includes(route) || (isGreedy(route.key) && servers.has(server)))
          yield {
            where: label(route),
            message: `lets anybody reach ${server ?? 'its integration'}`,
          }
      }
    },
  },
  {
    code: 'ORIGIN_BYPASSABLE',
    level: 'error',
    fix: 'Let the origin send x-origin-verify and give the function POSTERN_ORIGIN_SECRET_SHA256.',
    source:
      'CloudFront Developer Guide, “Restrict access to origins with custom headers”; execute-api stays public',
    *find(view) {
      for (const [distribution, origin] of origins(view)) {
        const api = apiBehind(view, origin)
        if (api === undefined || !api.executeApiEndpoint) continue
        const open = view
          .all('route')
          .filter((route) => route.api === api.name && route.authorizer === null)
        const reached = open.map((route) => referent(view, 'function', serverOf(view, route) ?? ''))
        const proves = origin.headers.some(({ name }) => name === 'x-origin-verify')
        for (const fn of new Set(reached))
          if (fn !== undefined && !(proves && 'POSTERN_ORIGIN_SECRET_SHA256' in fn.environment))
            yield {
              where: label(fn),
              message: `answers calls to the API’s own host, past ${label(distribution)}`,
            }
      }
    },
  },
  {
    code: 'AUTHORIZER_WITHOUT_SCOPES',
    level: 'error',
    fix: 'Give the route the scopes of the resource.',
    source:
      'API Gateway Developer Guide, “JWT authorizers”: token_use is not checked, so ID tokens pass',
    *find(view) {
      for (const route of view.all('route')) {
        const authorizer = view.named('authorizer', route.authorizer ?? '')
        if (authorizer?.type === 'JWT' && route.scopes.length === 0)
          yield { where: label(route), message: 'admits ID tokens and tokens of any scope' }
      }
    },
  },
  {
    code: 'AUTHORIZER_AUDIENCE',
    level: 'error',
    fix: 'List the MCP URL where tokens are bound to it, and else the client’s id.',
    source: 'API Gateway Developer Guide, “JWT authorizers”: client_id counts only without aud',
    *find(view) {
      for (const authorizer of mcpAuthorizers(view)) {
        if (authorizer.type !== 'JWT') continue
        const missing = missingAudience(view, authorizer.audience)
        if (missing !== undefined)
          yield { where: label(authorizer), message: `does not list ${missing}: no token passes` }
      }
    },
  },
  {
    code: 'AUTHORIZER_ISSUER',
    level: 'error',
    fix: 'Set the issuer that the user pool writes into its tokens.',
    source: 'RFC 9068 §4: iss must match exactly',
    *find(view) {
      const issuers = view
        .all('function')
        .flatMap(({ environment }) => environment['POSTERN_IDP_ISSUER'] ?? [])
      for (const authorizer of mcpAuthorizers(view))
        if (
          authorizer.type === 'JWT' &&
          (authorizer.issuer === null ||
            (issuers.length > 0 && !issuers.includes(authorizer.issuer)))
        )
          yield {
            where: label(authorizer),
            message: `trusts ${authorizer.issuer ?? 'no issuer'}, which is not the identity provider`,
          }
    },
  },
  {
    code: 'AUTHORIZER_CACHES',
    level: 'warning',
    fix: 'Set the result TTL to 0: the check costs less than a cut-off that comes late.',
    source: 'API Gateway API Reference, CreateAuthorizer, authorizerResultTtlInSeconds',
    *find(view) {
      for (const authorizer of view.all('authorizer'))
        if (authorizer.type === 'REQUEST' && authorizer.resultTtlSeconds !== 0)
          yield {
            where: label(authorizer),
            message: `admits a token for ${authorizer.resultTtlSeconds ?? 300} s after it was cut off`,
          }
    },
  },
]

/** The authorizers that an MCP request may meet. */
function mcpAuthorizers(view: View): Authorizer[] {
  const found = mcpRoutes(view).map(({ authorizer }) => view.named('authorizer', authorizer ?? ''))
  return [...new Set(found)].filter((authorizer) => authorizer !== undefined)
}

/** The function behind a route, as its integration names it. */
function serverOf(view: View, route: Route): Text | undefined {
  const integration = view.named('integration', route.integration)
  return integration?.api === route.api ? integration.function : undefined
}

function missingAudience(view: View, audience: readonly Text[]): string | undefined {
  const functions = view.all('function').map(({ environment }) => environment)
  const bound = functions.some((each) => each['POSTERN_RESOURCE_PARAMETER'] === 'forward')
  if (bound) return audience.includes(view.mcpUrl ?? '') ? undefined : 'the MCP URL'
  const ids = functions.flatMap((each) => each['POSTERN_IDP_CLIENT_ID'] ?? [])
  const clients = view.all('userPoolClient').map(({ name }) => `\${userPoolClient.${name}.id}`)
  const known =
    ids.length > 0 ? ids : [...clients, ...(view.mcpUrl === undefined ? [] : [view.mcpUrl])]
  if (known.length === 0 && audience.length > 0) return undefined
  return known.some((id) => audience.includes(id)) ? undefined : 'the client’s id'
}

/** Functions that an API calls: behind its routes and as authorizers. */
export function calledByApis(view: View): Text[] {
  return [
    ...view.all('integration').map((integration) => integration.function),
    ...view.all('authorizer').flatMap((authorizer) => authorizer.function ?? []),
  ]
}
