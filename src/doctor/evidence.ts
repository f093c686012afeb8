import { base64url } from '../protocol/base64url.ts'
import { createAsk, type Asked } from './ask.ts'
import type { ClientProfile } from './client-profiles.ts'
import { isInsecure } from './insecure.ts'
import type { Limits, Ports } from './ports.ts'
import {
  probeAuthorization,
  probeMetadataDocument,
  type AuthorizationEvidence,
} from './probes/authorization.ts'
import { probeCors, type CorsEvidence } from './probes/cors.ts'
import { textOf, type JsonObject } from './probes/documents.ts'
import {
  probeResourceMetadata,
  probeServerMetadata,
  type ResourceMetadataEvidence,
  type ServerMetadataEvidence,
} from './probes/metadata.ts'
import { probeRegistration, type RegistrationEvidence } from './probes/registration.ts'
import {
  parseChallenge,
  probeResource,
  type Challenge,
  type ResourceEvidence,
} from './probes/resource.ts'
import { probeToken, type TokenEvidence } from './probes/token.ts'
import { requestedScope } from './requested-scope.ts'

/** Everything a stranger can see of a server, each asked once. */
export interface Evidence {
  mcpUrl: URL
  /** Milliseconds since the epoch, when it was seen. */
  seenAt: number
  mcpRemotePort: number
  network: Network
  /** Undefined where the name has no address. */
  resource: ResourceEvidence | undefined
  challenge: Challenge | undefined
  resourceMetadata: ResourceMetadataEvidence | undefined
  serverMetadata: ServerMetadataEvidence | undefined
  endpoints: Endpoints
  registration: RegistrationEvidence
  authorization: AuthorizationEvidence | undefined
  /** Answer to a metadata document as client_id; undefined where the server takes none. */
  metadataDocument: Asked | undefined
  token: TokenEvidence | undefined
  cors: CorsEvidence | undefined
}

/** What the name of the server stands for. */
export interface Network {
  addresses: string[]
  /** Those that the internet cannot reach. */
  special: string[]
  isPublic: boolean
  /** Public addresses, and others besides. */
  isMixed: boolean
}

/** Where clients go: as the metadata say, or at default addresses without them. */
export interface Endpoints {
  authorization: string | undefined
  token: string | undefined
  registration: string | undefined
}

export interface Subject {
  mcpUrl: URL
  profiles: readonly ClientProfile[]
  mcpRemotePort: number
  onProgress: (what: string) => void
}

/** Asks in the order of clients; what depends on nothing is asked at the same time. */
export async function gather(subject: Subject, ports: Ports, limits: Limits): Promise<Evidence> {
  const { mcpUrl, mcpRemotePort, onProgress } = subject
  const addresses = await ports.resolve(mcpUrl.hostname.replace(/^\[|\]$/g, '')).catch(() => [])
  const network = describeNetwork(addresses, ports)
  const ask = createAsk(ports, limits, { allowsSpecialUse: !network.isPublic })
  const random = (): string => base64url(ports.random(16))
  const evidence: Evidence = {
    mcpUrl,
    seenAt: ports.now(),
    mcpRemotePort,
    network,
    resource: undefined,
    challenge: undefined,
    resourceMetadata: undefined,
    serverMetadata: undefined,
    endpoints: { authorization: undefined, token: undefined, registration: undefined },
    registration: new Map(),
    authorization: undefined,
    metadataDocument: undefined,
    token: undefined,
    cors: undefined,
  }
  if (addresses.length === 0) return evidence

  onProgress('the MCP URL')
  evidence.resource = await probeResource(ask, mcpUrl.href)
  // Nobody is at home: to ask further would only take time.
  if (!evidence.resource.get.ok && !evidence.resource.post.ok) return evidence
  evidence.challenge = firstChallenge(evidence.resource)

  onProgress('metadata')
  const named = evidence.challenge?.resourceMetadata
  evidence.resourceMetadata = await probeResourceMetadata(ask, mcpUrl, named)
  const resourceDocument = evidence.resourceMetadata.used?.document
  evidence.serverMetadata = await probeServerMetadata(ask, mcpUrl, resourceDocument)
  const document = evidence.serverMetadata.used?.document
  evidence.endpoints = readEndpoints(document, evidence.serverMetadata.advertised)
  const { authorization, token, registration } = evidence.endpoints

  onProgress('registration')
  const scope = requestedScope(evidence.challenge?.scope, resourceDocument, document)
  if (registration !== undefined)
    evidence.registration = await probeRegistration(
      ask,
      registration,
      ['localhost', ...subject.profiles.map(({ registers }) => registers)],
      mcpRemotePort,
      scope,
    )
  const registered = evidence.registration.get('localhost')
  const redirectUri = registered?.request.redirect_uris[0] ?? ''
  const clientId = registered?.clientId

  onProgress('authorization and token endpoint')
  const resource = (resourceDocument && textOf(resourceDocument, 'resource')) ?? mcpUrl.href
  const request = { redirectUri, scope, resource }
  const [authorizationEvidence, metadataDocument, tokenEvidence, cors] = await Promise.all([
    authorization !== undefined && clientId !== undefined
      ? probeAuthorization(ask, authorization, { ...request, clientId }, random)
      : undefined,
    authorization !== undefined && document?.['client_id_metadata_document_supported'] === true
      ? probeMetadataDocument(ask, authorization, claudeCodeRequest(request), random)
      : undefined,
    token !== undefined
      ? probeToken(
          ask,
          token,
          clientId === undefined ? undefined : { clientId, redirectUri },
          resource,
        )
      : undefined,
    probeCors(ask, {
      resourceMetadata: evidence.resourceMetadata.used?.url,
      serverMetadata: evidence.serverMetadata.used?.url,
      registration,
      token,
    }),
  ])
  return {
    ...evidence,
    authorization: authorizationEvidence,
    metadataDocument,
    token: tokenEvidence,
    cors,
  }
}

function describeNetwork(addresses: string[], ports: Ports): Network {
  const special = addresses.filter((address) => !ports.isPublicAddress(address))
  return {
    addresses,
    special,
    isPublic: addresses.length > 0 && special.length === 0,
    isMixed: special.length > 0 && special.length < addresses.length,
  }
}

function firstChallenge({ get, post }: ResourceEvidence): Challenge | undefined {
  for (const asked of [get, post])
    if (asked.ok && asked.value.status === 401) {
      const challenge = parseChallenge(asked.value.headers.get('www-authenticate'))
      if (challenge !== undefined) return challenge
    }
  return undefined
}

function readEndpoints(document: JsonObject | undefined, advertised: string): Endpoints {
  if (document === undefined) {
    const origin = URL.parse(advertised)?.origin
    const at = (path: string): string | undefined =>
      origin === undefined ? undefined : origin + path
    return {
      authorization: at('/authorize'),
      token: at('/token'),
      registration: at('/register'),
    }
  }
  const endpoint = (name: string): string | undefined => {
    const url = URL.parse(textOf(document, name) ?? '')
    const isUsable = url !== null && /^https?:$/.test(url.protocol) && !isInsecure(url)
    return isUsable ? url.href : undefined
  }
  return {
    authorization: endpoint('authorization_endpoint'),
    token: endpoint('token_endpoint'),
    registration: endpoint('registration_endpoint'),
  }
}

function claudeCodeRequest<T>(request: T): T & { clientId: string; redirectUri: string } {
  return {
    ...request,
    clientId: 'https://claude.ai/oauth/claude-code-client-metadata',
    redirectUri: 'http://localhost/callback',
  }
}
