import { createKeyWatch } from '../key-watch.ts'
import { lambdaRuntime } from '../lambda-runtime.ts'

export const handler: ReturnType<typeof createKeyWatch> = createKeyWatch(lambdaRuntime())
