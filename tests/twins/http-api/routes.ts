import {
  type Api,
  ofKind,
  type Route,
  type Stage,
  type Topology,
} from '../../../src/aws/topology.ts'
import { mergeSlashes, removeDotSegments } from '../paths.ts'
import type { Switches } from '../switches.ts'

export interface RouteMatch {
  route: Route
  pathParameters: Record<string, string> | undefined
}

interface ParsedRoute {
  route: Route
  method: string
  segments: string[]
}

/** API Gateway guide, Create routes for HTTP APIs, Routing API requests. */
export function createRouter(
  api: Api,
  topology: Topology,
  switches: Switches,
): (method: string, path: string) => RouteMatch | undefined {
  const routes = ofKind(topology, 'route').filter((route) => route.api === api.name)
  const keys = new Set(routes.map(({ key }) => key))
  if (keys.size < routes.length) throw new TypeError('HTTP API twin: a route key occurs twice')
  const fallback = routes.find(({ key }) => key === '$default')
  const parsed = routes
    .filter((route) => route !== fallback)
    .map((route) => parseRoute(route, switches))
    .toSorted(bySpecificity)
  return (method, rawPath) => {
    const segments = pathToMatch(rawPath, switches).split('/').slice(1)
    for (const candidate of parsed) {
      if (candidate.method !== 'ANY' && candidate.method !== method) continue
      const pathParameters = match(candidate.segments, segments)
      if (pathParameters === undefined) continue
      const hasParameters = Object.keys(pathParameters).length > 0
      return { route: candidate.route, pathParameters: hasParameters ? pathParameters : undefined }
    }
    return fallback === undefined ? undefined : { route: fallback, pathParameters: undefined }
  }
}

/**
 * Same page: a stage that the first segment names, else `$default`. A stage without automatic
 * deployment has nothing deployed to it here, because the model has no deployments.
 */
export function chooseStage(
  api: Api,
  topology: Topology,
  path: string,
): { stage: Stage; path: string } | undefined {
  const stages = ofKind(topology, 'stage').filter((stage) => stage.api === api.name)
  const [, first = ''] = path.split('/')
  const named = stages.find(({ stageName }) => stageName !== '$default' && stageName === first)
  const stage = named ?? stages.find(({ stageName }) => stageName === '$default')
  if (stage === undefined || !stage.autoDeploy) return undefined
  const rest = stage === named ? path.slice(first.length + 1) : path
  return { stage, path: rest === '' ? '/' : rest }
}

function pathToMatch(path: string, switches: Switches): string {
  const tidy =
    switches.apiPathMatching === 'normalized' ? removeDotSegments(mergeSlashes(path)) : path
  const ignoresSlash = switches.apiTrailingSlash === 'ignored' && tidy.length > 1
  return ignoresSlash ? tidy.replace(/\/$/, '') : tidy
}

function parseRoute(route: Route, switches: Switches): ParsedRoute {
  const [, method, path] = /^([A-Z]+) (\/.*)$/.exec(route.key) ?? []
  if (method === undefined || path === undefined)
    throw new TypeError(`HTTP API twin: "${route.key}" is no route key`)
  const segments = path.split('/').slice(1)
  if (segments.slice(0, -1).some((segment) => segment.endsWith('+}')))
    throw new TypeError(`HTTP API twin: "${route.key}" goes on after a greedy variable`)
  const endsInSlash = path.length > 1 && path.endsWith('/')
  if (endsInSlash && switches.apiRouteKeyTrailingSlash === 'refused')
    throw new TypeError(`HTTP API twin: "${route.key}" ends with a slash`)
  return { route, method, segments }
}

/** Full matches before greedy ones; then fixed segments before variables; then the own method. */
function bySpecificity(a: ParsedRoute, b: ParsedRoute): number {
  const rank = ({ segments, method }: ParsedRoute): number[] => [
    segments.some((segment) => segment.endsWith('+}')) ? 1 : 0,
    segments.filter((segment) => segment.startsWith('{')).length - segments.length,
    method === 'ANY' ? 1 : 0,
  ]
  const [ours, theirs] = [rank(a), rank(b)]
  for (const [index, own] of ours.entries()) {
    const difference = own - (theirs[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

function match(pattern: string[], segments: string[]): Record<string, string> | undefined {
  const parameters: Record<string, string> = {}
  for (const [index, part] of pattern.entries()) {
    const greedy = /^\{(.+)\+\}$/.exec(part)?.[1]
    const rest = segments.slice(index)
    if (greedy !== undefined) {
      // The empty rest after a slash as well: storacha/w3infra#166 reaches `/metrics/` that way.
      parameters[greedy] = rest.join('/')
      return rest.length > 0 ? parameters : undefined
    }
    const [segment] = rest
    const variable = /^\{(.+)\}$/.exec(part)?.[1]
    if (segment === undefined || (variable !== undefined && segment === '')) return undefined
    if (variable !== undefined) parameters[variable] = segment
    else if (segment !== part) return undefined
  }
  return segments.length === pattern.length ? parameters : undefined
}
