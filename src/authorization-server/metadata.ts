import { ASSERTION_ALGORITHMS } from '../clients/client-keys.ts'
import { documentResponse } from '../http/responses.ts'
import { buildAuthorizationServerMetadata } from '../protocol/metadata.ts'
import type { AuthorizationServer } from './context.ts'

export function handleAuthorizationServerMetadata({
  config,
  documents,
}: AuthorizationServer): Response {
  const document = buildAuthorizationServerMetadata({
    issuer: config.issuer,
    scopes: [...new Set(config.resources.flatMap((resource) => resource.scopes))],
    confidentialClients: config.staticClients.some((client) => client.secret !== undefined),
    ...(documents === undefined ? {} : { assertionAlgorithms: ASSERTION_ALGORITHMS }),
  })
  return documentResponse(document)
}

export async function handleJwks(server: AuthorizationServer): Promise<Response> {
  const keys = (await server.signingKeys()).map((key) => key.publicJwk)
  return documentResponse({ keys })
}
