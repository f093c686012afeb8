import { base64url } from '../protocol/base64url.ts'
import { createAsk, startClock, type Ask, type Asked } from './ask.ts'
import type { ClientProfile } from './client-profiles.ts'
import { readEndpoints, type Endpoints } from './endpoints.ts'
import { isSameIssuer } from './issuer.ts'
import { lookAtNetwork, type Network } from './network.ts'
import type { Limits, Ports } from './ports.ts'
import {
  probeAuthorization,
  probeMetadataDocument,
  type AuthorizationEvidence,
} from './probes/authorization.ts'
import { probeCaches, type LocalEvidence, type LocalState } from './probes/caches.ts'
import { probeCors, type CorsEvidence } from './probes/cors.ts'
import { textOf } from './probes/documents.ts'
import { probeIdentityProvider, type IdentityProviderEvidence } from './probes/identity-provider.ts'
import {
  probeResourceMetadata,
  probeServerMetadata,
  type ResourceMetadataEvidence,
  type ServerMetadataEvidence,
} from './probes/metadata.ts'
import { probeRegistration, type RegistrationEvidence } from './probes/registration.ts'
import { probeReplay, type ReplayEvidence } from './probes/replay.ts'
import {
  firstChallenge,
  probeResource,
  type Challenge,
  type ResourceEvidence,
} from './probes/resource.ts'
import { probeToken, type TokenEvidence } from './probes/token.ts'
import { requestedScope } from './requested-scope.ts'

/** Everything a stranger can see of a server, each asked once. */
export interface Evidence extends Partial<ServerEvidence> {
  mcpUrl: URL
  /** Milliseconds since the epoch, when it was seen. */
  seenAt: number
  mcpRemotePort: number
  network: Network
  /** Undefined where nobody answers. */
  discovery: Discovery | undefined
  /** Undefined where the name has no address. */
  resource: ResourceEvidence | undefined
  /** Environment variables that name a proxy. */
  proxies: readonly string[]
  /** What lies on this machine; absent unless that is looked at. */
  local?: LocalEvidence | undefined
  /** Absent unless one was named. */
  identityProvider?: IdentityProviderEvidence | undefined
}

/** How a client gets from the MCP URL to the authorization server. */
export interface Discovery {
  challenge: Challenge | undefined
  resourceMetadata: ResourceMetadataEvidence
  serverMetadata: ServerMetadataEvidence
  endpoints: Endpoints
  /** What mcp-remote would ask for. */
  scope: string | undefined
  resource: string
}

/** What the authorization server does. */
interface ServerEvidence {
  registration: RegistrationEvidence
  /** Undefined where nobody could register. */
  authorization: AuthorizationEvidence | undefined
  /** Answer to a metadata document as client_id; undefined where the server takes none. */
  metadataDocument: Asked | undefined
  token: TokenEvidence | undefined
  cors: CorsEvidence
  replay: ReplayEvidence
  local: LocalEvidence | undefined
}

export interface Subject {
  mcpUrl: URL
  profiles: readonly ClientProfile[]
  mcpRemotePort: number
  /** What lies on this machine, if that is looked at. */
  local?: LocalState | undefined
  /** Issuer of the identity provider behind the server, if that is looked at. */
  identityProvider?: string | undefined
  /** Environment variables that name a proxy. */
  proxies: readonly string[]
  onProgress: (what: string) => void
}

/** Asks in the order of clients; what depends on nothing is asked at the same time. */
export async function gather(subject: Subject, ports: Ports, limits: Limits): Promise<Evidence> {
  const { mcpUrl, mcpRemotePort } = subject
  const upstream = lookUpstream(subject.identityProvider, ports, limits)
  const end = startClock(limits)
  const network = await lookAtNetwork(mcpUrl, ports, end)
  const ask = createAsk(ports, limits, { allowsSpecialUse: network.isSpecial, end })
  subject.onProgress('the MCP URL')
  const resource =
    network.addresses.length === 0 ? undefined : await probeResource(ask, mcpUrl.href)
  // Where nobody is at home, asking further would only take time.
  const isSilent = resource === undefined || (!resource.get.ok && !resource.post.ok)
  const discovery = isSilent ? undefined : await discover(subject, ask, resource)
  return {
    mcpUrl,
    seenAt: ports.now(),
    mcpRemotePort,
    network,
    resource,
    discovery,
    proxies: subject.proxies,
    local: subject.local && { ...subject.local, registrations: [] },
    ...(discovery === undefined ? {} : await probeServer(subject, ask, ports, discovery)),
    identityProvider: await upstream,
  }
}

async function discover(
  { mcpUrl, onProgress }: Subject,
  ask: Ask,
  answers: ResourceEvidence,
): Promise<Discovery> {
  onProgress('metadata')
  const challenge = firstChallenge(answers)
  const resourceMetadata = await probeResourceMetadata(ask, mcpUrl, challenge?.resourceMetadata)
  const resourceDocument = resourceMetadata.used?.document
  const serverMetadata = await probeServerMetadata(ask, mcpUrl, resourceDocument)
  const serverDocument = serverMetadata.used?.document
  return {
    challenge,
    resourceMetadata,
    serverMetadata,
    endpoints: readEndpoints(serverDocument, serverMetadata.advertised),
    scope: requestedScope(challenge?.scope, resourceDocument, serverDocument),
    resource: (resourceDocument && textOf(resourceDocument, 'resource')) ?? mcpUrl.href,
  }
}

async function probeServer(
  subject: Subject,
  ask: Ask,
  ports: Ports,
  discovery: Discovery,
): Promise<ServerEvidence> {
  const { endpoints, serverMetadata, resourceMetadata, scope, resource } = discovery
  const { authorization, token } = endpoints
  const { mcpRemotePort, onProgress, local } = subject
  const random = (): string => base64url(ports.random(16))
  onProgress('registration')
  const names = ['localhost', ...subject.profiles.map(({ registers }) => registers)] as const
  const registration: RegistrationEvidence =
    endpoints.registration === undefined
      ? new Map()
      : await probeRegistration(ask, endpoints.registration, names, mcpRemotePort, scope)
  const registered = registration.get('localhost')
  const redirectUri = registered?.request.redirect_uris[0] ?? ''
  const clientId = registered?.clientId
  const client = clientId === undefined ? undefined : { clientId, redirectUri }
  const request = { scope, resource }
  const takesDocuments =
    serverMetadata.used?.document['client_id_metadata_document_supported'] === true

  onProgress('the authorization and the token endpoint')
  const authorizing = Promise.resolve(
    authorization === undefined || client === undefined
      ? undefined
      : probeAuthorization(ask, authorization, { ...request, ...client }, random),
  )
  const [authorized, metadataDocument, tokens, cors, caches] = await Promise.all([
    authorizing,
    authorization === undefined || !takesDocuments
      ? undefined
      : authorizing.then(() => probeMetadataDocument(ask, authorization, request, random)),
    token === undefined ? undefined : probeToken(ask, token, client, resource),
    probeCors(ask, {
      resourceMetadata: resourceMetadata.used?.url,
      serverMetadata: serverMetadata.used?.url,
      registration: endpoints.registration,
      token,
    }),
    local === undefined || authorization === undefined || token === undefined
      ? undefined
      : authorizing.then(() =>
          probeCaches(ask, local, {
            issuer: provenIssuer(serverMetadata),
            authorization,
            token,
            resource,
          }),
        ),
  ])
  const mcpUrl = subject.mcpUrl.href
  const asked = { mcpUrl, authorization, token, request: authorized?.request }
  const replay = await probeReplay(ask, asked, random)
  return {
    registration,
    replay,
    authorization: authorized,
    metadataDocument,
    token: tokens,
    cors,
    local: caches ?? (local && { ...local, registrations: [] }),
  }
}

/** Undefined where the document is not the issuer's own word (RFC 8414 §3.3). */
function provenIssuer({ advertised, used }: ServerMetadataEvidence): string | undefined {
  const said = used === undefined ? advertised : textOf(used.document, 'issuer')
  return said !== undefined && isSameIssuer(said, advertised) ? said : undefined
}

/** Somebody named it: its address may be private, whatever the server's is; then others may too. */
async function lookUpstream(
  issuer: string | undefined,
  ports: Ports,
  limits: Limits,
): Promise<IdentityProviderEvidence | undefined> {
  if (issuer === undefined) return undefined
  const end = startClock(limits)
  const { isSpecial } = await lookAtNetwork(new URL(issuer), ports, end)
  return probeIdentityProvider(
    createAsk(ports, limits, { allowsSpecialUse: isSpecial, end }),
    issuer,
  )
}
