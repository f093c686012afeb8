import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { UnauthorizedError as UnauthorizedV1 } from '@modelcontextprotocol/sdk/client/auth.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import {
  Client as ClientV2,
  StreamableHTTPClientTransport as TransportV2,
  UnauthorizedError as UnauthorizedV2,
} from '@modelcontextprotocol/client'
import type { ScriptedPerson } from './scripted-person.ts'

export interface SdkV1 {
  Client: typeof ClientV1
  Transport: typeof TransportV1
  Unauthorized: typeof UnauthorizedV1
}

export interface SdkV2 {
  Client: typeof ClientV2
  StreamableHTTPClientTransport: typeof TransportV2
  UnauthorizedError: typeof UnauthorizedV2
}

type OpenSession = (url: URL, store: Store) => Session

export const SDK_CLIENTS = ['sdk 1.32', 'client 2.4 legacy', 'client 2.4 2026-07-28'] as const
export type SdkClientKind = (typeof SDK_CLIENTS)[number]

const REDIRECT_URL = 'http://localhost:33418/callback'
const INFO = { name: 'sdk-client', version: '1.0.0' }

/** An app built on an official SDK, with everything it stores in memory. */
export class SdkClient {
  readonly #open: OpenSession
  readonly #url: URL
  readonly #person: Pick<ScriptedPerson, 'signIn'>
  readonly #store: Store
  #session: Session | undefined

  /** With `metadataUrl` it publishes what it is, where the server takes that. */
  constructor(
    sdk: SdkClientKind | OpenSession,
    url: string,
    person: Pick<ScriptedPerson, 'signIn'>,
    metadataUrl?: string,
  ) {
    this.#store = new Store(metadataUrl)
    this.#open = typeof sdk === 'string' ? INSTALLED[sdk] : sdk
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
    this.#session = this.#open(this.#url, this.#store)
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

export function sdkV1({ Client, Transport, Unauthorized }: SdkV1): OpenSession {
  return (url, store) => {
    const client = new Client(INFO)
    const transport = new Transport(url, { authProvider: store, fetch: fetchOnce })
    return {
      connect: () => connected(client.connect(transport), Unauthorized),
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
}

/** `auto` speaks 2026-07-28 where the server does. */
export function sdkV2(sdk: SdkV2, mode: 'legacy' | 'auto'): OpenSession {
  return (url, store) => {
    const client = new sdk.Client(INFO, { versionNegotiation: { mode } })
    const options = { authProvider: store, fetch: fetchOnce }
    const transport = new sdk.StreamableHTTPClientTransport(url, options)
    return {
      connect: () => connected(client.connect(transport), sdk.UnauthorizedError),
      finish: (redirect) => transport.finishAuth(redirect.searchParams),
      protocolVersion: () => client.getNegotiatedProtocolVersion(),
      callTool: (name, args, onProgress) =>
        client.callTool({ name, arguments: args }, progressOption(onProgress)),
      close: () => client.close(),
    }
  }
}

const V2: SdkV2 = {
  Client: ClientV2,
  StreamableHTTPClientTransport: TransportV2,
  UnauthorizedError: UnauthorizedV2,
}

/** Those that the project itself depends on. */
const INSTALLED: Record<SdkClientKind, OpenSession> = {
  'sdk 1.32': sdkV1({ Client: ClientV1, Transport: TransportV1, Unauthorized: UnauthorizedV1 }),
  'client 2.4 legacy': sdkV2(V2, 'legacy'),
  'client 2.4 2026-07-28': sdkV2(V2, 'auto'),
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
