import type { PosternOptions } from '../../src/config/options.ts'
import type { PosternEvent } from '../../src/events.ts'
import { type RunningServer, serve } from '../../src/platform/node/index.ts'

/** The first message starts Postern, the others only set its clock; each is answered by `done`. */
export interface ToPostern {
  now: number
  postern?: PosternOptions
  port?: number
}

export interface FromPostern {
  done?: true
  event?: PosternEvent
}

const say = (message: FromPostern): void => {
  process.send?.(message)
}

let running: RunningServer | undefined
let now = 0

process.on('message', (message: ToPostern) => {
  now = message.now
  void start(message).then(() => say({ done: true }))
})
// The tests were killed.
process.once('disconnect', () => process.exit())
process.once('SIGTERM', () => {
  void running?.close().then(() => process.exit())
})

async function start({ postern, port }: ToPostern): Promise<void> {
  if (postern === undefined || port === undefined) return
  running = await serve({
    postern,
    listen: { host: '127.0.0.1', port },
    runtime: { now: () => now, emit: (event) => say({ event }) },
    drainSeconds: 0.2,
  })
}
