import { pkce, type Tokens } from '../support/dance.ts'
import type { Desk } from './desk.ts'
import type { RealClient } from './scenarios.ts'

/** What is documented of a client that cannot be run here. */
export interface Replay {
  name: string
  /** How it finds out that it has to sign in. */
  probe: 'GET' | 'HEAD' | 'POST'
  /** Its body of RFC 7591, as it is sent. */
  registration: { redirect_uris: string[] } & Record<string, unknown>
  redirectUri: string
  /** Its Client ID Metadata Document, which is then its client_id. */
  document?: string
}

interface Metadata {
  issuer: string
  authorization_endpoint: string
  token_endpoint: string
  registration_endpoint: string
  client_id_metadata_document_supported?: boolean
}

const TOOL_CALL = {
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'whoami', arguments: {} },
}

/** A client's documented requests, in its order, over HTTP; what it would store is kept here. */
export class ReplayedClient implements RealClient {
  readonly #replay: Replay
  readonly #mcpUrl: string
  readonly #desk: Desk
  #metadata: Metadata | undefined
  #scope = ''
  #clientId: string | undefined
  #tokens: Tokens | undefined

  constructor(replay: Replay, mcpUrl: string, desk: Desk) {
    this.#replay = replay
    this.#mcpUrl = mcpUrl
    this.#desk = desk
  }

  async signIn(): Promise<void> {
    if ((await this.#callMcp()).status === 200 || (await this.#refresh())) return
    const metadata = await this.#discover()
    const clientId = (this.#clientId ??= await this.#register(metadata))
    const { verifier, challenge } = pkce()
    const url = new URL(metadata.authorization_endpoint)
    const state = crypto.randomUUID()
    url.search = new URLSearchParams({
      response_type: 'code',
      client_id: clientId,
      redirect_uri: this.#replay.redirectUri,
      state,
      code_challenge: challenge,
      code_challenge_method: 'S256',
      resource: this.#mcpUrl,
      scope: this.#scope,
    }).toString()
    const { searchParams } = await this.#desk.signIn(url.href)
    if (searchParams.get('state') !== state) throw new Error('another state came back')
    if (searchParams.get('iss') !== metadata.issuer) throw new Error('another iss came back')
    const answer = await this.#askForTokens({
      grant_type: 'authorization_code',
      code: searchParams.get('code') ?? '',
      code_verifier: verifier,
      redirect_uri: this.#replay.redirectUri,
    })
    if (!answer) throw new Error('no tokens for the code')
  }

  async whoami(): Promise<string> {
    let response = await this.#callMcp()
    if (response.status === 401 && (await this.#refresh())) response = await this.#callMcp()
    return response.text()
  }

  async close(): Promise<void> {}

  async #discover(): Promise<Metadata> {
    const probe = await fetch(this.#mcpUrl, {
      method: this.#replay.probe,
      headers: { accept: 'application/json, text/event-stream', connection: 'close' },
    })
    const challenge = probe.headers.get('www-authenticate') ?? ''
    const parameter = (name: string): string =>
      new RegExp(`${name}="([^"]+)"`).exec(challenge)?.[1] ?? ''
    this.#scope = parameter('scope')
    const resource = await json<{ resource: string; authorization_servers: string[] }>(
      parameter('resource_metadata'),
    )
    if (probe.status !== 401 || resource.resource !== this.#mcpUrl)
      throw new Error(`${probe.status}, resource ${resource.resource}`)
    const [issuer = ''] = resource.authorization_servers
    const metadata = await json<Metadata>(`${issuer}/.well-known/oauth-authorization-server`)
    if (metadata.issuer !== issuer) throw new Error(`issuer ${metadata.issuer}`)
    this.#metadata = metadata
    return metadata
  }

  async #register(metadata: Metadata): Promise<string> {
    const { document, registration, redirectUri } = this.#replay
    if (document !== undefined && metadata.client_id_metadata_document_supported === true)
      return document
    const client = await json<{ client_id: string; redirect_uris: string[] }>(
      metadata.registration_endpoint,
      {
        method: 'POST',
        headers: { 'content-type': 'application/json', connection: 'close' },
        body: JSON.stringify(registration),
      },
    )
    if (!client.redirect_uris.includes(redirectUri)) throw new Error('its redirect URI is lost')
    return client.client_id
  }

  async #refresh(): Promise<boolean> {
    const { refresh_token } = this.#tokens ?? {}
    return refresh_token === undefined
      ? false
      : this.#askForTokens({ grant_type: 'refresh_token', refresh_token })
  }

  async #askForTokens(form: Record<string, string>): Promise<boolean> {
    const response = await fetch(this.#metadata?.token_endpoint ?? '', {
      method: 'POST',
      headers: { connection: 'close' },
      body: new URLSearchParams({
        ...form,
        client_id: this.#clientId ?? '',
        resource: this.#mcpUrl,
      }),
    })
    this.#tokens = undefined
    const answer = (await response.json()) as Tokens & { error?: string }
    // RFC 6749 §5.2: the one answer that tells a client to register again.
    if (answer.error === 'invalid_client') this.#clientId = undefined
    if (response.ok) this.#tokens = answer
    return response.ok
  }

  async #callMcp(): Promise<Response> {
    const authorization = `Bearer ${this.#tokens?.access_token ?? ''}`
    return fetch(this.#mcpUrl, {
      method: 'POST',
      headers: {
        ...(this.#tokens === undefined ? {} : { authorization }),
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
        connection: 'close',
      },
      body: JSON.stringify(TOOL_CALL),
    })
  }
}

async function json<T>(url: string, init: RequestInit = {}): Promise<T> {
  const response = await fetch(url, { headers: { connection: 'close' }, ...init })
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}
