import { createAuthorizer } from '../authorizer.ts'

export const handler: ReturnType<typeof createAuthorizer> = createAuthorizer()
