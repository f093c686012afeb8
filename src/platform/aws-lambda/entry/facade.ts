import { createFacadeHandler } from '../facade.ts'

export const handler: ReturnType<typeof createFacadeHandler> = createFacadeHandler()
