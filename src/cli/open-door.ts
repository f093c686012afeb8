import type { PosternOptions } from '../config/options.ts'
import type { Emit } from '../events.ts'
import { serve, type RunningServer } from '../platform/node/index.ts'
import { UsageError } from './usage-error.ts'

/** Starts the server; a busy port is an error that names the flag, never a silent move. */
export async function openDoor(
  options: PosternOptions,
  listen: { host: string; port: number },
  emit: Emit,
  flag: '--port' | '--listen',
): Promise<RunningServer> {
  try {
    return await serve({ postern: options, listen, runtime: { emit } })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EADDRINUSE')
      throw new UsageError(`port ${listen.port} is in use: choose another with ${flag}`)
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL')
      throw new UsageError(`cannot listen on ${listen.host}:${listen.port}: choose with ${flag}`)
    throw error
  }
}
