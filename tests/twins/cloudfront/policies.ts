import type { Behavior } from '../../../src/aws/topology.ts'

export interface CachePolicy {
  minimumSeconds: number
  defaultSeconds: number
  maximumSeconds: number
  /** In the cache key, and so in origin requests. */
  queryString: boolean
}

/** What goes to the origin beyond CloudFront's defaults. */
export interface OriginRequestPolicy {
  viewerHeaders: 'defaults' | 'all' | 'all-but-host'
  queryString: boolean
  cookies: boolean
}

const YEAR_SECONDS = 365 * 24 * 60 * 60

/** CloudFront guide, Use managed cache policies. */
const CACHE_POLICIES: [name: string, id: string, CachePolicy][] = [
  [
    'CachingDisabled',
    '4135ea2d-6df8-44a3-9df3-4b5a84be39ad',
    { minimumSeconds: 0, defaultSeconds: 0, maximumSeconds: 0, queryString: false },
  ],
  [
    'CachingOptimized',
    '658327ea-f89d-4fab-a63d-7e88639e58f6',
    {
      minimumSeconds: 1,
      defaultSeconds: 86_400,
      maximumSeconds: YEAR_SECONDS,
      queryString: false,
    },
  ],
  [
    'UseOriginCacheControlHeaders-QueryStrings',
    '4cc15a8a-d715-48a4-82b8-cc0b614638fe',
    { minimumSeconds: 0, defaultSeconds: 0, maximumSeconds: YEAR_SECONDS, queryString: true },
  ],
]

/** CloudFront guide, Use managed origin request policies. */
const ORIGIN_REQUEST_POLICIES: [name: string, id: string, OriginRequestPolicy][] = [
  [
    'AllViewer',
    '216adef6-5c7f-47e4-b989-5492eafa07d3',
    { viewerHeaders: 'all', queryString: true, cookies: true },
  ],
  [
    'AllViewerExceptHostHeader',
    'b689b0a8-53d0-40ab-baf2-68738e2966ac',
    { viewerHeaders: 'all-but-host', queryString: true, cookies: true },
  ],
]

export function cachePolicyOf({ cachePolicy }: Behavior): CachePolicy {
  return find(CACHE_POLICIES, cachePolicy ?? '')
}

/**
 * CloudFront guide, Understand how origin request policies and cache policies work together: what
 * is in the cache key is in the origin request as well.
 */
export function originRequestPolicyOf(behavior: Behavior): OriginRequestPolicy {
  if (behavior.originRequestPolicy !== null)
    return find(ORIGIN_REQUEST_POLICIES, behavior.originRequestPolicy)
  const { queryString } = cachePolicyOf(behavior)
  return { viewerHeaders: 'defaults', queryString, cookies: false }
}

function find<T>(policies: [name: string, id: string, T][], wanted: string): T {
  const found = policies.find(
    ([name, id]) => wanted === id || wanted.replace(/^Managed-/, '') === name,
  )
  if (found === undefined) throw new TypeError(`CloudFront twin: unknown policy "${wanted}"`)
  return found[2]
}
