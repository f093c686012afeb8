import type { Behavior, Distribution, Origin } from '../topology.ts'
import type { Fault, Rule } from './rule.ts'
import { apiBehind, isApi, isCognito, label, mentions, type View } from './view.ts'

const RESPONSE_SECONDS = 30
const OLD_TLS = ['SSLv3', 'TLSv1', 'TLSv1.1']

export const originRules: readonly Rule[] = [
  {
    code: 'ORIGIN_MISSING',
    level: 'error',
    fix: 'Name an origin of this distribution in the behaviour.',
    source: 'CloudFront API Reference, CacheBehavior, TargetOriginId',
    *find(view) {
      for (const [distribution, behavior] of behaviors(view))
        if (originOf(distribution, behavior) === undefined)
          yield at(
            distribution,
            behavior,
            `leads to the origin ${behavior.origin}, which is not there`,
          )
    },
  },
  {
    code: 'ORIGIN_POLICY_MISSING',
    level: 'error',
    fix: 'Give the behaviour the managed origin request policy AllViewerExceptHostHeader.',
    source: 'CloudFront Developer Guide, “HTTP request headers and CloudFront behavior”',
    *find(view) {
      for (const [distribution, behavior, origin] of reached(view))
        if (isApi(origin) && behavior.originRequestPolicy === null)
          yield at(
            distribution,
            behavior,
            'has no origin request policy: Accept and the Authorization of a GET do not arrive',
          )
    },
  },
  {
    code: 'HOST_FORWARDED',
    level: 'error',
    fix: 'Use AllViewerExceptHostHeader before an API, and no policy before Cognito.',
    source: 'CloudFront Developer Guide, “Use managed origin request policies”, AllViewer',
    *find(view) {
      for (const [distribution, behavior, origin] of reached(view))
        if ((isApi(origin) || isCognito(origin)) && behavior.originRequestPolicy === 'AllViewer')
          yield at(
            distribution,
            behavior,
            'sends your own Host to an origin that only knows its own',
          )
    },
  },
  {
    code: 'ORIGIN_PATH_INVALID',
    level: 'error',
    fix: 'Let the origin path start with / and not end with /.',
    source: 'CloudFront API Reference, Origin, OriginPath',
    *find(view) {
      for (const [distribution, origin] of origins(view))
        if (origin.path !== '' && (!origin.path.startsWith('/') || origin.path.endsWith('/')))
          yield atOrigin(distribution, origin, `has the path ${JSON.stringify(origin.path)}`)
    },
  },
  {
    code: 'ORIGIN_NOT_HTTPS',
    level: 'error',
    fix: 'Set the origin protocol policy to https-only.',
    source: 'RFC 6750 §5.2: bearer tokens travel over TLS',
    *find(view) {
      for (const [distribution, origin] of origins(view))
        if (origin.protocol !== 'https-only')
          yield atOrigin(distribution, origin, `is spoken to by ${origin.protocol}`)
    },
  },
  {
    code: 'ORIGIN_TLS_OLD',
    level: 'error',
    fix: 'Allow TLSv1.2 only.',
    source: 'RFC 9325 §3.1.1: TLS 1.0 and 1.1 must not be used',
    *find(view) {
      for (const [distribution, origin] of origins(view)) {
        const old = origin.tlsVersions.filter((version) => OLD_TLS.includes(version))
        if (old.length > 0) yield atOrigin(distribution, origin, `takes ${old.join(', ')}`)
      }
    },
  },
  {
    code: 'ORIGIN_TIMEOUT_SHORT',
    level: 'warning',
    fix: `Leave the response timeout at ${RESPONSE_SECONDS} s.`,
    source:
      'CloudFront Developer Guide, “Response timeout”: 30 s by default, as long as an HTTP API waits',
    *find(view) {
      for (const [distribution, origin] of origins(view))
        if ((isApi(origin) || isCognito(origin)) && origin.readTimeoutSeconds < RESPONSE_SECONDS)
          yield atOrigin(
            distribution,
            origin,
            `is given up after ${origin.readTimeoutSeconds} s, when its answer may still come`,
          )
    },
  },
  {
    code: 'COGNITO_CUSTOM_DOMAIN_ORIGIN',
    level: 'error',
    fix: 'Use the prefix domain (<prefix>.auth.<region>.amazoncognito.com) as the origin.',
    source:
      'Cognito Developer Guide, “Using your own domain”: it is a CloudFront distribution itself',
    *find(view) {
      const custom = view.all('userPoolDomain').filter(({ domain }) => domain.includes('.'))
      for (const [distribution, origin] of origins(view))
        for (const { name, domain } of custom)
          if (origin.domain === domain || mentions(origin.domain, 'userPoolDomain').includes(name))
            yield atOrigin(distribution, origin, 'is a custom domain of Cognito, which answers 403')
    },
  },
  {
    code: 'PUBLIC_HOST_MISSING',
    level: 'error',
    fix: 'Let the origin set x-mcp-public-host to the public host name.',
    source: 'MCP specification, Streamable HTTP, “Security Warning”: the Host check stays on',
    *find(view) {
      if (view.mode === undefined) return
      for (const [distribution, origin] of origins(view)) {
        if (apiBehind(view, origin) === undefined) continue
        const told = origin.headers.find(({ name }) => name === 'x-mcp-public-host')?.value
        if (told !== view.publicHost)
          yield atOrigin(distribution, origin, 'does not tell the functions the host people see')
      }
    },
  },
]

export function behaviors(view: View): [Distribution, Behavior][] {
  return view
    .all('distribution')
    .flatMap((distribution) =>
      distribution.behaviors.map((behavior): [Distribution, Behavior] => [distribution, behavior]),
    )
}

/** Distributions before an API or Cognito; others are none of this linter's business. */
export function doors(view: View): Distribution[] {
  return view
    .all('distribution')
    .filter(({ origins: all }) => all.some((origin) => isApi(origin) || isCognito(origin)))
}

/** Behaviours with the origin that they lead to. */
export function reached(view: View): [Distribution, Behavior, Origin][] {
  return behaviors(view).flatMap(([distribution, behavior]) => {
    const origin = originOf(distribution, behavior)
    return origin === undefined ? [] : [[distribution, behavior, origin]]
  })
}

export function originOf({ origins: all }: Distribution, { origin }: Behavior): Origin | undefined {
  return all.find(({ id }) => id === origin)
}

export function origins(view: View): [Distribution, Origin][] {
  return view
    .all('distribution')
    .flatMap((distribution) =>
      distribution.origins.map((origin): [Distribution, Origin] => [distribution, origin]),
    )
}

export function at(distribution: Distribution, { pattern }: Behavior, message: string): Fault {
  return { where: `${label(distribution)}, behaviour ${pattern}`, message }
}

function atOrigin(distribution: Distribution, { id }: Origin, message: string): Fault {
  return { where: `${label(distribution)}, origin ${id}`, message }
}
