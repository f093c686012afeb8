import {
  buildAuthorizationServerMetadata,
  buildProtectedResourceMetadata,
} from '../protocol/metadata.ts'
import type { Resource } from '../config/gate-config.ts'
import type { AuthorizationServer } from './context.ts'

// Public, and the same for everybody until the next deployment.
const HEADERS = {
  'Content-Type': 'application/json',
  'Cache-Control': 'public, max-age=300',
  'X-Content-Type-Options': 'nosniff',
}

export function handleAuthorizationServerMetadata({ config }: AuthorizationServer): Response {
  const document = buildAuthorizationServerMetadata({
    issuer: config.issuer,
    scopes: [...new Set(config.resources.flatMap((resource) => resource.scopes))],
    confidentialClients: config.staticClients.some((client) => client.secret !== undefined),
  })
  return new Response(JSON.stringify(document), { headers: HEADERS })
}

export function handleProtectedResourceMetadata(
  { config }: AuthorizationServer,
  resource: Resource,
): Response {
  const document = buildProtectedResourceMetadata({
    issuer: config.issuer,
    resource: resource.url,
    name: resource.name,
    scopes: resource.scopes,
  })
  return new Response(JSON.stringify(document), { headers: HEADERS })
}

export async function handleJwks(server: AuthorizationServer): Promise<Response> {
  const keys = (await server.signingKeys()).map((key) => key.publicJwk)
  return new Response(JSON.stringify({ keys }), { headers: HEADERS })
}
