import type { Permission, Text } from '../topology.ts'
import { calledByApis } from './guards.ts'
import type { Rule } from './rule.ts'
import { label, mentions, referent, type View } from './view.ts'

/** How API Gateway and EventBridge come to call a function. */
export const invocationRules: readonly Rule[] = [
  {
    code: 'PERMISSION_MISSING',
    level: 'error',
    fix: 'Add a Lambda permission for the principal that calls the function.',
    source:
      'API Gateway Developer Guide, “Lambda proxy integrations for HTTP APIs”; without one: 500',
    *find(view) {
      const allowed = new Set(
        view
          .all('permission')
          .map(({ principal, function: fn }) => keyOfCall(view, { principal, fn })),
      )
      for (const call of calls(view))
        if (
          !allowed.has(keyOfCall(view, call)) &&
          !allowed.has(keyOfCall(view, { ...call, principal: '*' }))
        )
          yield { where: `function ${call.fn}`, message: `may not be called by ${call.principal}` }
    },
  },
  {
    code: 'PERMISSION_TOO_WIDE',
    level: 'error',
    fix: 'Name this API or rule as the source ARN of the permission.',
    source: 'Lambda Developer Guide, “Granting function access to AWS services”: SourceArn',
    *find(view) {
      for (const permission of view.all('permission')) {
        const wide = explainWidth(permission)
        if (wide !== undefined) yield { where: label(permission), message: wide }
      }
    },
  },
  {
    code: 'PAYLOAD_FORMAT',
    level: 'error',
    fix: 'Set the payload format version to 2.0.',
    source: 'API Gateway Developer Guide, “Lambda proxy integrations for HTTP APIs”',
    *find(view) {
      const called = [...view.all('integration'), ...view.all('authorizer')]
      for (const each of called)
        if (each.payloadFormat !== null && each.payloadFormat !== '2.0')
          yield { where: label(each), message: `sends payload ${each.payloadFormat}` }
    },
  },
  {
    code: 'TIMEOUT_TOO_LONG',
    level: 'warning',
    fix: 'Let the function end within the integration’s time, which is 30 s at most.',
    source: 'API Gateway Developer Guide, “Quotas for HTTP APIs”: 30 seconds',
    *find(view) {
      for (const integration of view.all('integration')) {
        const fn = referent(view, 'function', integration.function)
        const limit = Math.min(integration.timeoutMilliseconds, 30_000) / 1000
        if (fn !== undefined && fn.timeoutSeconds > limit)
          yield {
            where: label(fn),
            message: `may run ${fn.timeoutSeconds} s where its caller waits ${limit} s`,
          }
      }
    },
  },
  {
    code: 'CORS_BY_GATEWAY',
    level: 'warning',
    fix: 'Remove the CORS configuration of the API: Postern answers preflights.',
    source:
      'API Gateway Developer Guide, “Configuring CORS for an HTTP API”: headers of the backend are ignored',
    *find(view) {
      for (const api of view.all('api'))
        if (api.cors)
          yield { where: label(api), message: 'answers preflights in place of the front door' }
    },
  },
  {
    code: 'STAGE_NOT_DEPLOYED',
    level: 'warning',
    fix: 'Turn automatic deployment of the stage on.',
    source: 'API Gateway Developer Guide, “Stages for HTTP APIs”',
    *find(view) {
      for (const stage of view.all('stage'))
        if (!stage.autoDeploy)
          yield { where: label(stage), message: 'keeps the routes it was first deployed with' }
    },
  },
]

/** Functions with the service that calls them, once each. */
function calls(view: View): { principal: string; fn: Text }[] {
  const byApi = calledByApis(view).map((fn) => ({ principal: 'apigateway.amazonaws.com', fn }))
  const bySchedule = view
    .all('schedule')
    .map(({ target }) => ({ principal: 'events.amazonaws.com', fn: target }))
  const unique = new Map([...byApi, ...bySchedule].map((call) => [keyOfCall(view, call), call]))
  return [...unique.values()]
}

/** However a function is named, by its name or by its ARN. */
function keyOfCall(view: View, { principal, fn }: { principal: string; fn: Text }): string {
  return `${principal} ${referent(view, 'function', fn)?.name ?? fn}`
}

function explainWidth({ principal, sourceArn, action }: Permission): string | undefined {
  if (principal === '*') return 'lets anybody on AWS call the function'
  if (action !== 'lambda:InvokeFunction') return `allows ${action}`
  if (sourceArn === null) return `lets every ${principal} of every account call the function`
  const named = mentions(sourceArn, 'api').length + mentions(sourceArn, 'schedule').length
  const literal = /^arn:[^:]*:(?:execute-api|events):[^:*]+:[^:*]+:(?![*])./.test(sourceArn)
  return named > 0 || literal ? undefined : `lets any ${principal} call the function`
}
