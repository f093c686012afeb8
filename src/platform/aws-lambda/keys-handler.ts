import { answerCustomResource, parseCustomResourceRequest } from './custom-resource.ts'
import { createKeys, explain, type KeysOutput, type KeysRuntime } from './keys.ts'
import { writeLine } from './log.ts'

/** `keys` as a custom resource of CloudFormation, and as Terraform's `aws_lambda_invocation`. */
export function createKeysHandler(
  runtime: KeysRuntime,
): (event: unknown) => Promise<KeysOutput | undefined> {
  const keys = createKeys(runtime)

  return async (event) => {
    const request = parseCustomResourceRequest(event)
    if (request === undefined) return keys(event).catch(rethrowPlainly)
    const deletes = request.RequestType === 'Delete'
    // The template's own secret goes with the template: there is nothing to undo.
    const outcome = deletes
      ? { data: {} }
      : await keys(request.ResourceProperties).then(
          (data) => ({ data }),
          (error: unknown) => ({ reason: describe(error) }),
        )
    await answerCustomResource(request, outcome, runtime.fetch)
    return undefined
  }
}

/** Lambda logs and returns what is thrown, so nothing goes out that might repeat a value. */
function rethrowPlainly(error: unknown): never {
  throw new Error(describe(error))
}

function describe(error: unknown): string {
  const known = explain(error)
  // Of an error that nobody foresaw, the place only: its message might quote the secret.
  const frames = error instanceof Error ? (error.stack ?? '').match(/^ +at .*$/gm) : null
  const reason = known ?? 'unexpected failure, see the log of the keys function'
  writeLine({
    level: 'error',
    type: 'keys.failed',
    reason,
    ...(known === undefined ? { frames } : {}),
  })
  return reason
}
