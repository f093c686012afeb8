import type { Ask, Asked } from '../ask.ts'
import { isSameIssuer } from '../issuer.ts'
import { authorizationUrl } from './authorization.ts'
import { probeClientAtToken } from './token.ts'

/** A client that mcp-remote has registered at some time, as its folder remembers it. */
export interface CachedRegistration {
  file: string
  /** Its name is derived from the URL that is looked at. */
  isOfThisUrl: boolean
  /** Versions before 0.15 do not note it. */
  issuer: string | undefined
  clientId: string
  redirectUri: string
  hasTokens: boolean
}

/** What lies on this machine. */
export interface LocalState {
  registrations: CachedRegistration[]
  /** Files that mcp-remote cannot read. */
  unreadable: string[]
  /** Who listens on the port that mcp-remote will want. */
  port: 'nobody' | 'mcp-remote' | 'somebody'
}

export interface LocalEvidence extends Omit<LocalState, 'registrations'> {
  registrations: ProbedRegistration[]
}

export interface ProbedRegistration extends CachedRegistration {
  /** As mcp-remote asks before it opens the browser. */
  authorize: Asked
  token: Asked
}

interface Server {
  /** Undefined where its metadata name another than they were found at (RFC 8414 §3.3). */
  issuer: string | undefined
  authorization: string
  token: string
  resource: string
}

/** Asks what has become of the registrations that belong to this server. */
export async function probeCaches(
  ask: Ask,
  state: LocalState,
  server: Server,
): Promise<LocalEvidence> {
  const own = state.registrations.filter((each) => isGivenBy(each, server))
  const registrations = await Promise.all(
    own.map(async (each): Promise<ProbedRegistration> => {
      const { clientId, redirectUri } = each
      const request = { clientId, redirectUri, scope: undefined, resource: server.resource }
      const url = authorizationUrl(server.authorization, request, { state: 'postern-doctor' })
      const [authorize, token] = await Promise.all([
        ask(url, { headers: { accept: 'application/json' } }),
        probeClientAtToken(ask, server.token, clientId),
      ])
      return { ...each, authorize, token }
    }),
  )
  return { ...state, registrations }
}

/**
 * A client_id goes to nobody but the issuer that gave it, also where the URL has come to lead to
 * another: mcp-remote registers anew there. Without a note of the issuer it is the URL that counts.
 */
function isGivenBy({ isOfThisUrl, issuer }: CachedRegistration, server: Server): boolean {
  if (issuer === undefined) return isOfThisUrl
  return server.issuer !== undefined && isSameIssuer(issuer, server.issuer)
}
