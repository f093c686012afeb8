import { doors } from './origins.ts'
import type { Rule } from './rule.ts'
import { label } from './view.ts'

export const accessLogRules: readonly Rule[] = [
  {
    code: 'EDGE_LOGS_QUERY_STRINGS',
    level: 'warning',
    fix: 'Turn standard access logs off; the stage of the API logs without query strings.',
    source:
      'CloudFront Developer Guide, “Access logs (standard logs)”, cs-uri-query; RFC 9700 §4.3.2: codes leak by logs',
    *find(view) {
      for (const distribution of doors(view))
        if (distribution.accessLogs !== null)
          yield {
            where: label(distribution),
            message: 'logs query strings, and so codes and state',
          }
    },
  },
  {
    code: 'API_LOGS_QUERY_STRINGS',
    level: 'warning',
    fix: 'Log $context.routeKey and $context.status.',
    source: 'API Gateway Developer Guide, “Customize HTTP API access logs”; RFC 9700 §4.3.2',
    *find(view) {
      for (const stage of view.all('stage'))
        if (/query_?string|\$context\.requestOverride/i.test(stage.accessLogs?.format ?? ''))
          yield { where: label(stage), message: 'logs query strings, and so codes and state' }
    },
  },
]
