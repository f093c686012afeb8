import { createOauthHandler } from '../oauth.ts'

export const handler: ReturnType<typeof createOauthHandler> = createOauthHandler()
