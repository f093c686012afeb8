import type { Behavior, Distribution } from '../../../src/aws/topology.ts'
import { decodeUnreserved, mergeSlashes, removeDotSegments } from '../paths.ts'
import type { Switches } from '../switches.ts'

/**
 * CloudFront guide, Cache behavior settings, Path pattern: the first match in the order listed;
 * case-sensitive; the query string is not looked at.
 */
export function chooseBehavior(
  distribution: Distribution,
  path: string,
  matching: Switches['edgePathMatching'],
): Behavior {
  const matched = pathToMatch(path, matching)
  const found = distribution.behaviors.find(({ pattern }) => matchesPattern(pattern, matched))
  if (found === undefined) throw new TypeError('a distribution ends with the pattern *')
  return found
}

function pathToMatch(path: string, matching: Switches['edgePathMatching']): string {
  switch (matching) {
    case 'as-sent':
      return path
    case 'slashes-and-dots':
      return removeDotSegments(mergeSlashes(path))
    case 'rfc3986':
      return removeDotSegments(mergeSlashes(decodeUnreserved(path)))
  }
}

/** Same page: `*` is 0 or more characters, `?` exactly one, a leading slash is optional. */
export function matchesPattern(pattern: string, path: string): boolean {
  if (pattern === '*') return true
  const source = pattern
    .replace(/^\/?/, '/')
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, 's').test(path)
}
