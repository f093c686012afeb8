import { at, behaviors, doors, reached } from './origins.ts'
import type { Rule } from './rule.ts'
import { isApi, isCognito, label } from './view.ts'

/** The errors that CloudFront can be told not to keep; it keeps each for 10 s by itself. */
const CACHED_ERRORS = [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504]

const ALL_METHODS = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'POST', 'PATCH', 'DELETE']

/** What CloudFront does to the answers, and to the requests that may bring them. */
export const answerRules: readonly Rule[] = [
  {
    code: 'VIEWER_RESPONSE_ON_ERRORS',
    level: 'error',
    fix: 'Set WWW-Authenticate with a response headers policy instead.',
    source:
      'CloudFront Developer Guide, “Restrictions on edge functions”: not invoked at status 400 or higher',
    *find(view) {
      for (const [distribution, behavior] of behaviors(view)) {
        if (behavior.viewerResponse === null) continue
        const { code } = view.named('edgeFunction', behavior.viewerResponse) ?? {
          code: '',
        }
        if (/www-authenticate|status/i.test(code))
          yield at(
            distribution,
            behavior,
            `counts on ${behavior.viewerResponse} to change errors, for which it never runs`,
          )
      }
    },
  },
  {
    code: 'ANSWERS_CACHED',
    level: 'error',
    fix: 'Give the behaviour the managed cache policy CachingDisabled.',
    source: 'RFC 6749 §5.1: answers with tokens are not stored',
    *find(view) {
      for (const [distribution, behavior, origin] of reached(view))
        if ((isApi(origin) || isCognito(origin)) && behavior.cachePolicy !== 'CachingDisabled')
          yield at(distribution, behavior, 'may answer one person with what another one was sent')
    },
  },
  {
    code: 'ANSWERS_COMPRESSED',
    level: 'info',
    fix: 'Turn compression off; only the cache policy keeps it from working.',
    source:
      'CloudFront Developer Guide, “Serve compressed files”; RFC 9325 §3.3: sizes betray secrets (BREACH)',
    *find(view) {
      for (const [distribution, behavior, origin] of reached(view))
        if ((isApi(origin) || isCognito(origin)) && behavior.compress)
          yield at(distribution, behavior, 'compresses secrets together with what others chose')
    },
  },
  {
    code: 'ERRORS_CACHED',
    level: 'warning',
    fix: `Set the error caching minimum TTL to 0 for ${CACHED_ERRORS.join(', ')}.`,
    source: 'CloudFront Developer Guide, “How CloudFront caches HTTP 4xx and 5xx status codes”',
    *find(view) {
      for (const distribution of doors(view)) {
        const kept = CACHED_ERRORS.filter((status) => {
          const setting = distribution.errorResponses.find((each) => each.status === status)
          return setting?.cachingSeconds !== 0
        })
        if (kept.length > 0)
          yield { where: label(distribution), message: `keeps the errors ${kept.join(', ')}` }
      }
    },
  },
  {
    code: 'ERROR_PAGE',
    level: 'error',
    fix: 'Remove the custom error page: clients read the JSON and the headers of errors.',
    source: 'RFC 6749 §5.2: errors are JSON',
    *find(view) {
      for (const distribution of doors(view))
        for (const { status, responsePagePath, responseStatus } of distribution.errorResponses)
          if (responsePagePath !== null || (responseStatus ?? status) !== status)
            yield { where: label(distribution), message: `replaces the answer of status ${status}` }
    },
  },
  {
    code: 'METHODS_REFUSED',
    level: 'error',
    fix: 'Allow all seven methods; the function refuses those that it does not know.',
    source: 'MCP specification, Streamable HTTP: POST, GET and DELETE',
    *find(view) {
      for (const [distribution, behavior, origin] of reached(view)) {
        const missing = ALL_METHODS.filter((method) => !behavior.methods.includes(method))
        if (isApi(origin) && missing.length > 0)
          yield at(distribution, behavior, `refuses ${missing.join(', ')}`)
      }
    },
  },
  {
    code: 'VIEWER_HTTP_ALLOWED',
    level: 'warning',
    fix: 'Set the viewer protocol policy to https-only.',
    source: 'RFC 6750 §5.2: a token that was sent by http is lost, redirected or not',
    *find(view) {
      for (const [distribution, behavior] of behaviors(view))
        if (behavior.viewerProtocol !== 'https-only')
          yield at(distribution, behavior, `takes http (${behavior.viewerProtocol})`)
    },
  },
  {
    code: 'VIEWER_TLS_OLD',
    level: 'warning',
    fix: 'Set the minimum protocol version to TLSv1.2_2021 or newer.',
    source: 'RFC 9325 §3.1.1',
    *find(view) {
      for (const distribution of doors(view))
        if (
          distribution.certificateArn !== null &&
          !/^TLSv1\.[23]/.test(distribution.minimumTls ?? '')
        )
          yield {
            where: label(distribution),
            message: `takes viewers with ${distribution.minimumTls ?? 'any version of TLS'}`,
          }
    },
  },
  {
    code: 'CERTIFICATE_MISSING',
    level: 'error',
    fix: 'Give the distribution a certificate of its own for its aliases.',
    source: 'CloudFront Developer Guide, “Requirements for using alternate domain names”',
    *find(view) {
      for (const distribution of doors(view))
        if (distribution.aliases.length > 0 && distribution.certificateArn === null)
          yield { where: label(distribution), message: 'has aliases without a certificate' }
    },
  },
  {
    code: 'CERTIFICATE_REGION',
    level: 'error',
    fix: 'Request the certificate in us-east-1.',
    source:
      'CloudFront Developer Guide, “Requirements for using SSL/TLS certificates with CloudFront”',
    *find(view) {
      for (const distribution of doors(view)) {
        const region = /^arn:[^:]*:acm:([^:]+):/.exec(distribution.certificateArn ?? '')?.[1]
        if (region !== undefined && region !== 'us-east-1')
          yield { where: label(distribution), message: `has a certificate of ${region}` }
      }
    },
  },
]
