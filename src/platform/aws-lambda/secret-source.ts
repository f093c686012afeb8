import type { Emit } from '../../events.ts'
import { AwsError, createAwsCall } from './aws-api.ts'
import type { LambdaRuntime } from './lambda-runtime.ts'
import { readSecret, type SecretValue, type StoredSecret } from './secret.ts'

/** How long a rotation may take to be seen. Rotations are announced 15 minutes ahead. */
const REFRESH_MS = 5 * 60_000
/** Between attempts while Secrets Manager does not answer, so that not every request waits for it. */
const RETRY_MS = 30_000
/** Anybody can send a seal of an unknown key: that must not become a call to AWS each time. */
const UNKNOWN_KEY_MS = 10_000

/** The deployment's secret, as read last. */
export interface SecretSource {
  /**
   * The last good value, read again when it is old.
   * @throws Error while there never was one.
   */
  current: () => Promise<SecretValue>
  /** Reads again because of a key that is not in the value; whether the value is another one now. */
  rereadForUnknownKey: () => Promise<boolean>
}

export function createSecretSource(arn: string, runtime: LambdaRuntime): SecretSource {
  const call = createAwsCall(runtime)
  let stored: StoredSecret | undefined
  let readAt = -Infinity
  let triedAt = -Infinity

  /** Whether that changed the value. Never throws: the last good value goes on being used. */
  async function read(): Promise<boolean> {
    triedAt = runtime.now()
    try {
      const next = await readSecret(call, arn)
      if (next === undefined) throw new AwsError('GetSecretValue', 'the secret has no value')
      readAt = triedAt
      if (next.version === stored?.version) return false
      stored = next
      return true
    } catch (error) {
      reportUnavailable(error, runtime.emit)
      return false
    }
  }

  return {
    current: async () => {
      const now = runtime.now()
      const isStale = now - readAt >= REFRESH_MS && now - triedAt >= RETRY_MS
      if (stored === undefined || isStale) await read()
      if (stored === undefined) throw new Error('the secret was never read')
      return stored.value
    },
    rereadForUnknownKey: async () => {
      if (runtime.now() - triedAt < UNKNOWN_KEY_MS) return false
      return read()
    },
  }
}

function reportUnavailable(error: unknown, emit: Emit): void {
  const reason = error instanceof AwsError ? error.message : 'unexpected failure'
  emit({ type: 'secret.unavailable', reason })
}
