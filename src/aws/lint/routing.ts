import type { Behavior, Distribution, Route } from '../topology.ts'
import type { View } from './view.ts'

/** The behaviour that CloudFront chooses for a path: the first whose pattern matches it whole. */
export function behaviorFor(distribution: Distribution, path: string): Behavior | undefined {
  return distribution.behaviors.find(({ pattern }) => matches(pattern, path))
}

function matches(pattern: string, path: string): boolean {
  const absolute = pattern.startsWith('/') || pattern.startsWith('*') ? pattern : `/${pattern}`
  return matchesFrom(absolute, path)
}

/**
 * `*` stands for any number of characters, `?` for one. Written without a regular expression, since
 * a hostile template could make one that never ends.
 */
function matchesFrom(pattern: string, path: string): boolean {
  let [p, s, star, resume] = [0, 0, -1, 0]
  while (s < path.length) {
    if (pattern[p] === '*') [star, resume, p] = [p, s, p + 1]
    else if (pattern[p] === '?' || pattern[p] === path[s]) [p, s] = [p + 1, s + 1]
    else if (star === -1) return false
    else [p, s, resume] = [star + 1, resume + 1, resume + 1]
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}

/**
 * The route that an HTTP API chooses: a full match before a greedy one before `$default`, and a
 * method before ANY (API Gateway Developer Guide, "Create routes for HTTP APIs").
 */
export function routeFor(view: View, api: string, method: string, path: string): Route | undefined {
  const candidates = view
    .all('route')
    .filter((route) => route.api === api)
    .map((route) => ({ route, rank: rank(route.key, method, path) }))
    .filter(({ rank: found }) => found > 0)
  return candidates.toSorted((one, other) => other.rank - one.rank)[0]?.route
}

function rank(key: string, method: string, path: string): number {
  if (key === '$default') return 1
  const [wanted = '', pattern = ''] = key.split(' ')
  if (wanted !== 'ANY' && wanted !== method) return 0
  const exact = wanted === 'ANY' ? 0 : 1
  if (pattern === path) return 1e6 + exact
  const segments = pattern.split('/')
  const given = path.split('/')
  const greedy = isGreedy(key)
  if (greedy ? given.length < segments.length : given.length !== segments.length) return 0
  const fits = segments.every(
    (segment, index) => segment === given[index] || /^\{.+\}$/.test(segment),
  )
  return fits ? 2 + 4 * segments.length + (greedy ? 0 : 2) + exact : 0
}

/** Whether a route takes whatever no other one does, or everything below a path. */
export function isGreedy(key: string): boolean {
  return key === '$default' || key.endsWith('+}')
}
