import type { Emit, PosternEvent } from '../../events.ts'
import { invocation } from './invocation.ts'

/**
 * One JSON line an event, on stdout, from where Lambda takes it to CloudWatch. No pino: it is half
 * as large as the whole OAuth function and doubles its import time.
 */
export const logEvent: Emit = (event) => {
  writeLine({ level: levelOf(event), ...invocation.getStore(), ...event })
}

export function writeLine(line: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), ...line })}\n`)
}

function levelOf(event: PosternEvent): 'error' | 'warn' | 'info' {
  switch (event.type) {
    case 'fault':
      return 'error'
    case 'identity-provider.unavailable':
    case 'identity-provider.warning':
    case 'secret.unavailable':
    case 'upstream.failed':
      return 'warn'
    default:
      return 'info'
  }
}
