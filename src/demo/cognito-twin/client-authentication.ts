import type { TwinClientOptions } from './options.ts'
import type { Pool } from './pool.ts'

export type ClientAuthentication =
  | { ok: true; client: TwinClientOptions }
  | { ok: false; error: 'invalid_client' | 'invalid_request' }

const INVALID_CLIENT = { ok: false, error: 'invalid_client' } as const

/** Developer guide, Token endpoint: client_secret_basic, client_secret_post, or a public client. */
export function authenticateClient(
  pool: Pool,
  request: Request,
  form: URLSearchParams,
): ClientAuthentication {
  const header = request.headers.get('authorization')
  if (header !== null) return authenticateByHeader(pool, header, form)

  const clientId = form.get('client_id')
  // Token endpoint: client_id is required if there is no Authorization header.
  if (clientId === null) return { ok: false, error: 'invalid_request' }
  const client = pool.clients.get(clientId)
  if (client === undefined) return INVALID_CLIENT
  const secret = form.get('client_secret') ?? undefined
  return secret === client.clientSecret ? { ok: true, client } : INVALID_CLIENT
}

function authenticateByHeader(
  pool: Pool,
  header: string,
  form: URLSearchParams,
): ClientAuthentication {
  const credentials = parseBasic(header)
  if (credentials === undefined) return INVALID_CLIENT
  const client = pool.clients.get(credentials.clientId)
  // A public client with any Authorization header: 400 (reported: scalar#5190).
  if (client?.clientSecret === undefined || client.clientSecret !== credentials.clientSecret)
    return INVALID_CLIENT
  // Token endpoint, examples: the body may repeat client_id.
  const bodyClientId = form.get('client_id')
  if (bodyClientId !== null && bodyClientId !== client.clientId) return INVALID_CLIENT
  if (form.has('client_secret') && pool.settings.basicAndBodySecret === 'invalid-request')
    return { ok: false, error: 'invalid_request' }
  return { ok: true, client }
}

/** Token endpoint: `Base64Encode(client_id:client_secret)`, without a further encoding. */
function parseBasic(header: string): { clientId: string; clientSecret: string } | undefined {
  const match = /^Basic +([A-Za-z0-9+/]+=*)$/i.exec(header)
  if (match?.[1] === undefined) return undefined
  const text = Buffer.from(match[1], 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon === -1) return undefined
  return { clientId: text.slice(0, colon), clientSecret: text.slice(colon + 1) }
}
