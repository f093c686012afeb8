import { ofKind, type Permission, type Text, type Topology } from '../topology.ts'
import { calledBy } from './guards.ts'
import type { Rule } from './rule.ts'
import { label, mentions, referent } from './view.ts'

/** How API Gateway and EventBridge come to call a function. */
export const invocationRules: readonly Rule[] = [
  {
    code: 'PERMISSION_MISSING',
    level: 'error',
    fix: 'Add a Lambda permission for the principal that calls the function.',
    source:
      'API Gateway Developer Guide, “Lambda proxy integrations for HTTP APIs”; without one: 500',
    *find({ topology }) {
      for (const { principal, where, fn } of calls(topology))
        if (!permissionsFor(topology, fn, principal).length)
          yield { where, message: `may not be called by ${principal}` }
    },
  },
  {
    code: 'PERMISSION_TOO_WIDE',
    level: 'error',
    fix: 'Name this API or rule as the source ARN of the permission.',
    source: 'Lambda Developer Guide, “Granting function access to AWS services”: SourceArn',
    *find({ topology }) {
      for (const permission of ofKind(topology, 'permission')) {
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
    *find({ topology }) {
      const called = [...ofKind(topology, 'integration'), ...ofKind(topology, 'authorizer')]
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
    *find({ topology }) {
      for (const integration of ofKind(topology, 'integration')) {
        const fn = referent(topology, 'function', integration.function)
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
    *find({ topology }) {
      for (const api of ofKind(topology, 'api'))
        if (api.cors)
          yield { where: label(api), message: 'answers preflights in place of the front door' }
    },
  },
  {
    code: 'STAGE_NOT_DEPLOYED',
    level: 'warning',
    fix: 'Turn automatic deployment of the stage on.',
    source: 'API Gateway Developer Guide, “Stages for HTTP APIs”',
    *find({ topology }) {
      for (const stage of ofKind(topology, 'stage'))
        if (!stage.autoDeploy)
          yield { where: label(stage), message: 'keeps the routes it was first deployed with' }
    },
  },
]

function calls(topology: Topology): { principal: string; where: string; fn: Text }[] {
  const byApi = calledBy(topology).map(({ function: fn }) => ({
    principal: 'apigateway.amazonaws.com',
    where: `function ${fn}`,
    fn,
  }))
  const bySchedule = ofKind(topology, 'schedule').map(({ target }) => ({
    principal: 'events.amazonaws.com',
    where: `function ${target}`,
    fn: target,
  }))
  const unique = new Map(
    [...byApi, ...bySchedule].map((call) => [`${call.principal} ${call.fn}`, call]),
  )
  return [...unique.values()]
}

function permissionsFor(topology: Topology, fn: Text, principal: string): Permission[] {
  const wanted = referent(topology, 'function', fn)
  return ofKind(topology, 'permission').filter(
    (permission) =>
      (permission.function === fn ||
        (wanted !== undefined && referent(topology, 'function', permission.function) === wanted)) &&
      (permission.principal === principal || permission.principal === '*'),
  )
}

function explainWidth({ principal, sourceArn, action }: Permission): string | undefined {
  if (principal === '*') return 'lets anybody on AWS call the function'
  if (action !== 'lambda:InvokeFunction') return `allows ${action}`
  if (sourceArn === null) return `lets every ${principal} of every account call the function`
  const named = mentions(sourceArn, 'api').length + mentions(sourceArn, 'schedule').length
  const literal = /^arn:[^:]*:(?:execute-api|events):[^:*]+:[^:*]+:(?![*])./.test(sourceArn)
  return named > 0 || literal ? undefined : `lets any ${principal} call the function`
}
