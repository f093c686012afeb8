import { documentResponse } from '../http/responses.ts'
import { buildRelayMetadata } from '../protocol/metadata.ts'
import type { RelayServer } from './context.ts'

export function handleRelayMetadata({ config }: RelayServer): Response {
  return documentResponse(
    buildRelayMetadata({
      issuer: config.issuer,
      scopes: config.resources[0].scopes,
      sharesClientSecret: config.sharedClientSecret !== undefined,
      revocation: config.identityProvider.revocation,
    }),
  )
}
