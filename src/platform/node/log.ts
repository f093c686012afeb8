import { destination, pino } from 'pino'
import type { Emit, PosternEvent } from '../../events.ts'

/** Events as JSON lines on stderr. Stdout belongs to the answer of a command. */
export function logEvents(level: string = 'info'): Emit {
  const logger = pino({ level, base: null }, destination({ dest: 2, sync: false }))
  return (event) => logger[levelOf(event)](event)
}

function levelOf(event: PosternEvent): 'error' | 'warn' | 'info' | 'debug' {
  switch (event.type) {
    case 'fault':
      return 'error'
    case 'identity-provider.unavailable':
    case 'identity-provider.warning':
    case 'gate.key-unknown':
    case 'relay.token-reached-function':
    case 'seal.key-unknown':
    case 'upstream.failed':
      return 'warn'
    case 'gate.admitted':
      // Calls are many: of each token only those that tell something new.
      return event.notable === true ? 'info' : 'debug'
    default:
      return 'info'
  }
}
