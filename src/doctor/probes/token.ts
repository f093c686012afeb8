import type { Ask, Asked } from '../ask.ts'
import { UNKNOWN_CLIENT } from './authorization.ts'

/** How the token endpoint refuses what nobody was given. */
export interface TokenEvidence {
  unknownClientCode: Asked
  unknownClientRefresh: Asked
  /** Undefined without a registered client. */
  knownClientCode: Asked | undefined
  knownClientRefresh: Asked | undefined
}

const BOGUS = 'postern-doctor-00000000000000000000000000000000'
const CODE_VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'

export async function probeToken(
  ask: Ask,
  endpoint: string,
  known: { clientId: string; redirectUri: string } | undefined,
  resource: string,
): Promise<TokenEvidence> {
  const code = (clientId: string, redirectUri: string): Promise<Asked> =>
    postForm(ask, endpoint, {
      grant_type: 'authorization_code',
      code: BOGUS,
      code_verifier: CODE_VERIFIER,
      redirect_uri: redirectUri,
      client_id: clientId,
      resource,
    })
  const refresh = (clientId: string): Promise<Asked> => refreshWith(ask, endpoint, clientId, BOGUS)
  const [unknownClientCode, unknownClientRefresh, knownClientCode, knownClientRefresh] =
    await Promise.all([
      code(UNKNOWN_CLIENT, known?.redirectUri ?? 'http://localhost:3334/oauth/callback'),
      refresh(UNKNOWN_CLIENT),
      known && code(known.clientId, known.redirectUri),
      known && refresh(known.clientId),
    ])
  return { unknownClientCode, unknownClientRefresh, knownClientCode, knownClientRefresh }
}

/** A refresh token that nobody issued: only what is said about the client is of interest. */
export function probeClientAtToken(ask: Ask, endpoint: string, clientId: string): Promise<Asked> {
  return refreshWith(ask, endpoint, clientId, BOGUS)
}

function refreshWith(ask: Ask, endpoint: string, clientId: string, token: string): Promise<Asked> {
  return postForm(ask, endpoint, {
    grant_type: 'refresh_token',
    refresh_token: token,
    client_id: clientId,
  })
}

export function postForm(
  ask: Ask,
  endpoint: string,
  parameters: Record<string, string>,
): Promise<Asked> {
  return ask(endpoint, {
    method: 'POST',
    headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(parameters).toString(),
  })
}
