import { ofKind, type Route, type Text, type Topology } from '../topology.ts'
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
      const servers = new Set(mcp.map((route) => serverOf(view.topology, route)))
      for (const route of ofKind(view.topology, 'route')) {
        if (route.authorizer !== null || route.key.startsWith('OPTIONS ')) continue
        const server = serverOf(view.topology, route)
        const guard = server === undefined ? undefined : referent(view.topology, 'function', server)
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
        const api = apiBehind(view.topology, origin)
        if (api === undefined || !api.executeApiEndpoint) continue
        const open = ofKind(view.topology, 'route').filter(
          (route) => route.api === api.name && route.authorizer === null,
        )
        const reached = open.map((route) =>
          referent(view.topology, 'function', serverOf(view.topology, route) ?? ''),
        )
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
    *find({ topology }) {
      for (const route of ofKind(topology, 'route')) {
        const authorizer = ofKind(topology, 'authorizer').find(
          ({ name, api }) => name === route.authorizer && api === route.api,
        )
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
      for (const authorizer of ofKind(view.topology, 'authorizer')) {
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
    *find({ topology }) {
      const issuers = ofKind(topology, 'function').flatMap(
        ({ environment }) => environment['POSTERN_IDP_ISSUER'] ?? [],
      )
      for (const authorizer of ofKind(topology, 'authorizer'))
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
    *find({ topology }) {
      for (const authorizer of ofKind(topology, 'authorizer'))
        if (authorizer.type === 'REQUEST' && authorizer.resultTtlSeconds !== 0)
          yield {
            where: label(authorizer),
            message: `admits a token for ${authorizer.resultTtlSeconds ?? 300} s after it was cut off`,
          }
    },
  },
]

/** The function behind a route, as its integration names it. */
function serverOf(topology: Topology, route: Route): Text | undefined {
  return ofKind(topology, 'integration').find(
    ({ name, api }) => name === route.integration && api === route.api,
  )?.function
}

function missingAudience(
  { topology, mcpUrl }: View,
  audience: readonly Text[],
): string | undefined {
  const functions = ofKind(topology, 'function').map(({ environment }) => environment)
  const bound = functions.some((each) => each['POSTERN_RESOURCE_PARAMETER'] === 'forward')
  if (bound) return audience.includes(mcpUrl ?? '') ? undefined : 'the MCP URL'
  const ids = functions.flatMap((each) => each['POSTERN_IDP_CLIENT_ID'] ?? [])
  const clients = ofKind(topology, 'userPoolClient').map(
    ({ name }) => `\${userPoolClient.${name}.id}`,
  )
  const known = ids.length > 0 ? ids : [...clients, ...(mcpUrl === undefined ? [] : [mcpUrl])]
  if (known.length === 0 && audience.length > 0) return undefined
  return known.some((id) => audience.includes(id)) ? undefined : 'the client’s id'
}

/** Functions that an API calls: behind its routes and as authorizers. */
export function calledBy(topology: Topology): { api: string; function: Text }[] {
  return [
    ...ofKind(topology, 'integration').map(({ api, function: fn }) => ({ api, function: fn })),
    ...ofKind(topology, 'authorizer').flatMap(({ api, function: fn }) =>
      fn === null ? [] : [{ api, function: fn }],
    ),
  ]
}
