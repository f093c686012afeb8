import { AUTHORIZATION } from './authorization.ts'
import { CACHE } from './cache.ts'
import { CHALLENGE } from './challenge.ts'
import type { Exhibit, Scene, SceneExhibit } from './exhibit.ts'
import { IDENTITY_PROVIDER } from './identity-provider.ts'
import { MACHINE } from './machine.ts'
import { PLACES } from './places.ts'
import { REACH } from './reach.ts'
import { REGISTRATION } from './registration.ts'
import { RESOURCE_METADATA } from './resource-metadata.ts'
import { SERVER_METADATA } from './server-metadata.ts'
import { SIGN_IN } from './sign-in.ts'
import { startServer } from '../server.ts'
import { TOKEN } from './token.ts'

/** In the order of clients. */
export const EXHIBITS: readonly Exhibit[] = [
  ...REACH,
  ...CHALLENGE,
  ...RESOURCE_METADATA,
  ...SERVER_METADATA,
  ...REGISTRATION,
  ...AUTHORIZATION,
  ...TOKEN,
  ...SIGN_IN,
]

export const GALLERY: readonly SceneExhibit[] = [
  ...PLACES,
  ...EXHIBITS.map(toScene),
  ...CACHE,
  ...MACHINE,
  ...IDENTITY_PROVIDER,
]

function toScene({ fault, look, ...expectation }: Exhibit): SceneExhibit {
  return {
    ...expectation,
    open: async (): Promise<Scene> => {
      const { mcpUrl, close } = await startServer(fault)
      return { mcpUrl, look: look ?? {}, close }
    },
  }
}
