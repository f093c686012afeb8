import type { LambdaFunction } from '../topology.ts'
import type { Rule } from './rule.ts'
import { label, mentions, referent, type View } from './view.ts'

/** Keys are pinned at deploy time, so somebody has to notice that they changed. */
export const keyWatchRules: readonly Rule[] = [
  {
    code: 'KEY_WATCH_MISSING',
    level: 'warning',
    fix: 'Run the keyWatch function on an enabled schedule.',
    source: 'OpenID Connect Core §10.1.1: providers rotate their keys',
    *find(view) {
      const pinned = view.all('function').filter(({ environment }) => 'POSTERN_JWKS' in environment)
      const watched = view.all('schedule').some(({ enabled, target }) => {
        const fn = referent(view, 'function', target)
        return enabled && fn !== undefined && isKeyWatch(fn)
      })
      for (const fn of watched ? [] : pinned.slice(0, 1))
        yield {
          where: label(fn),
          message: 'pins keys, and nothing compares them with the live ones',
        }
    },
  },
  {
    code: 'KEY_WATCH_SILENT',
    level: 'warning',
    fix: 'Add an alarm on the Errors of the keyWatch function.',
    source: 'Lambda Developer Guide, “Lambda metrics”: Errors',
    *find(view) {
      for (const fn of view.all('function'))
        if (isKeyWatch(fn) && !hasAlarm(view, fn))
          yield { where: label(fn), message: 'fails without anybody hearing of it' }
    },
  },
]

function isKeyWatch({ handler }: LambdaFunction): boolean {
  return handler === 'keyWatch.handler'
}

function hasAlarm(view: View, { name }: LambdaFunction): boolean {
  return view.all('alarm').some(({ namespace, metric, dimensions }) => {
    const watched = dimensions['FunctionName'] ?? ''
    const here = watched === name || mentions(watched, 'function').includes(name)
    return namespace === 'AWS/Lambda' && metric === 'Errors' && here
  })
}
