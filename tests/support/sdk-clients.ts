import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { UnauthorizedError as UnauthorizedV1 } from '@modelcontextprotocol/sdk/client/auth.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import {
  Client as ClientV2,
  StreamableHTTPClientTransport as TransportV2,
  UnauthorizedError as UnauthorizedV2,
} from '@modelcontextprotocol/client'
import type { ScriptedPerson } from './scripted-person.ts'

export const SDK_CLIENTS = ['sdk 1.32', 'client 2.4 legacy', 'client 2.4 2026-07-28'] as const
export type SdkClientKind = (typeof SDK_CLIENTS)[number]

const REDIRECT_URL = 'http://localhost:33418/callback'
const INFO = { name: 'sdk-client', version: '1.0.0' }

/** An app built on an official SDK, with everything it stores in memory. */
export class SdkClient {
  readonly kind: SdkClientKind
  readonly #url: URL
  readonly #person: ScriptedPerson
  readonly #store: Store
  #session: Session | undefined

  /** With `metadataUrl` it publishes what it is, where the server takes that. */
  constructor(kind: SdkClientKind, url: string, person: ScriptedPerson, metadataUrl?: string) {
    this.#store = new Store(metadataUrl)
    this.kind = kind
    this.#url = new URL(url)
    this.#person = person
  }

  /** Authorization URLs that the app would have opened a browser for. */
  get opened(): URL[] {
    return this.#store.opened
  }

  /** Revision of the protocol that client and server agreed on. */
  get protocolVersion(): string | undefined {
    return this.#session?.protocolVersion()
  }

  async connect(): Promise<void> {
    const first = this.#newSession()
    const unauthorized = await first.connect()
    if (unauthorized) {
      const url = this.#store.opened.at(-1)
      if (url === undefined) throw new Error('unauthorized, but no browser was opened')
      await first.finish(await this.#person.signIn(url.href))
      await first.close()
      if (await this.#newSession().connect()) throw new Error('unauthorized after signing in')
    }
  }

  /** Text of the answer. */
  async callTool(
    name: string,
    args: Record<string, unknown> = {},
    onProgress?: (progress: number) => void,
  ): Promise<string> {
    if (this.#session === undefined) throw new Error('not connected')
    const { content } = await this.#session.callTool(name, args, onProgress)
    return (content as { text: string }[]).map(({ text }) => text).join('')
  }

  async close(): Promise<void> {
    await this.#session?.close()
  }

  #newSession(): Session {
    this.#session =
      this.kind === 'sdk 1.32'
        ? sessionV1(this.#url, this.#store)
        : sessionV2(this.#url, this.#store, this.kind === 'client 2.4 legacy' ? 'legacy' : 'auto')
    return this.#session
  }
}

interface Session {
  /** True: the person must sign in first. */
  connect: () => Promise<boolean>
  finish: (redirect: URL) => Promise<void>
  protocolVersion: () => string | undefined
  callTool: (
    name: string,
    args: Record<string, unknown>,
    onProgress?: (progress: number) => void,
  ) => Promise<{ content: unknown }>
  close: () => Promise<void>
}

function sessionV1(url: URL, store: Store): Session {
  const client = new ClientV1(INFO)
  const transport = new TransportV1(url, { authProvider: store, fetch: fetchOnce })
  return {
    connect: () => connected(client.connect(transport), UnauthorizedV1),
    finish: (redirect) => transport.finishAuth(redirect.searchParams.get('code') ?? ''),
    protocolVersion: () => transport.protocolVersion,
    callTool: async (name, args, onProgress) => {
      const options = progressOption(onProgress)
      const { content } = await client.callTool({ name, arguments: args }, undefined, options)
      return { content }
    },
    close: () => client.close(),
  }
}

function sessionV2(url: URL, store: Store, mode: 'legacy' | 'auto'): Session {
  const client = new ClientV2(INFO, { versionNegotiation: { mode } })
  const transport = new TransportV2(url, { authProvider: store, fetch: fetchOnce })
  return {
    connect: () => connected(client.connect(transport), UnauthorizedV2),
    finish: (redirect) => transport.finishAuth(redirect.searchParams),
    protocolVersion: () => client.getNegotiatedProtocolVersion(),
    callTool: (name, args, onProgress) =>
      client.callTool({ name, arguments: args }, progressOption(onProgress)),
    close: () => client.close(),
  }
}

async function connected(
  connecting: Promise<void>,
  unauthorized: new (message?: string) => Error,
): Promise<boolean> {
  try {
    await connecting
    return false
  } catch (error) {
    if (error instanceof unauthorized) return true
    throw error
  }
}

function progressOption(onProgress?: (progress: number) => void): {
  onprogress?: (progress: { progress: number }) => void
} {
  return onProgress === undefined ? {} : { onprogress: ({ progress }) => onProgress(progress) }
}

/** A connection kept alive may be found dead after Postern was restarted. */
async function fetchOnce(url: string | URL, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers)
  headers.set('connection', 'close')
  return fetch(url, { ...init, headers })
}

/** `OAuthClientProvider` of both SDK generations. */
class Store {
  readonly opened: URL[] = []
  readonly redirectUrl: string = REDIRECT_URL
  readonly clientMetadataUrl?: string
  readonly clientMetadata: {
    client_name: string
    redirect_uris: string[]
    grant_types: string[]
    response_types: string[]
    token_endpoint_auth_method: string
  } = {
    client_name: 'SDK app',
    redirect_uris: [REDIRECT_URL],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  }
  #client: { client_id: string; redirect_uris: string[] } | undefined
  #tokens: { access_token: string; token_type: string } | undefined
  #verifier = ''
  #discovery: { authorizationServerUrl: string } | undefined

  constructor(metadataUrl?: string) {
    if (metadataUrl !== undefined) this.clientMetadataUrl = metadataUrl
  }

  clientInformation(): { client_id: string; redirect_uris: string[] } | undefined {
    return this.#client
  }

  saveClientInformation(client: { client_id: string }): void {
    this.#client = { redirect_uris: [REDIRECT_URL], ...client }
  }

  tokens(): { access_token: string; token_type: string } | undefined {
    return this.#tokens
  }

  saveTokens(tokens: { access_token: string; token_type: string }): void {
    this.#tokens = tokens
  }

  redirectToAuthorization(url: URL): void {
    this.opened.push(url)
  }

  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier
  }

  codeVerifier(): string {
    return this.#verifier
  }

  saveDiscoveryState(state: { authorizationServerUrl: string }): void {
    this.#discovery = state
  }

  discoveryState(): { authorizationServerUrl: string } | undefined {
    return this.#discovery
  }

  invalidateCredentials(scope: 'all' | 'client' | 'tokens' | 'verifier' | 'discovery'): void {
    if (scope === 'all' || scope === 'client') this.#client = undefined
    if (scope === 'all' || scope === 'tokens') this.#tokens = undefined
    if (scope === 'all' || scope === 'verifier') this.#verifier = ''
    if (scope === 'all' || scope === 'discovery') this.#discovery = undefined
  }
}
