import { createTokenHandler } from '../token.ts'

export const handler: ReturnType<typeof createTokenHandler> = createTokenHandler()
