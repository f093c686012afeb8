import { createKeysHandler } from '../keys-handler.ts'
import { lambdaRuntime } from '../lambda-runtime.ts'

export const handler: ReturnType<typeof createKeysHandler> = createKeysHandler(lambdaRuntime())
