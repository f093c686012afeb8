import { createCognitoTwin, type CognitoTwin } from '../../src/demo/cognito-twin/twin.ts'
import type { CognitoTwinOptions } from '../../src/demo/cognito-twin/options.ts'
import type { PosternOptions } from '../../src/config/options.ts'
import type { PosternEvent } from '../../src/events.ts'
import { createPostern, type Postern } from '../../src/postern.ts'
import type { FetchDocument } from '../../src/runtime.ts'
import { Clock } from './clock.ts'

export const ISSUER = 'https://mcp.example.test'
export const MCP_URL: string = `${ISSUER}/mcp`
export const IDP_ORIGIN = 'https://idp.example.test'
export const UPSTREAM = 'http://upstream.test/mcp'
export const SECRET_A = 'fJ3v0mZ7Zl7o2m0w3Zb1k8Qe5xT9uR4nY6sHcAqLpWg'
export const SECRET_B = '1WKDRANCji6WuSzPnt2S5Ec6RA-LMSVaLp9LqruXvcQ'
export const USER = { username: 'ada', password: 'correct-Horse1', email: 'ada@example.test' }

/** A whole Postern with its identity provider and MCP server, in one process and on one clock. */
export interface World {
  postern: Postern
  twin: CognitoTwin
  clock: Clock
  events: PosternEvent[]
  /** Requests that reached the MCP server. */
  forwarded: Request[]
  /** Every call to the identity provider, as `METHOD path`. */
  idpCalls: string[]
  /** Another Postern process of the same deployment, by default with the same options. */
  replica: (changes?: Partial<PosternOptions>) => Postern
  /** What Postern’s own `fetch` reaches: the identity provider and the MCP server. */
  reach: (request: Request) => Promise<Response>
  /** Replaces how the identity provider answers; undefined restores it. */
  breakIdp: (answer: ((request: Request) => Promise<Response> | Response) | undefined) => void
  /** Replaces how the MCP server answers. */
  onUpstream: (answer: (request: Request) => Promise<Response> | Response) => void
}

export interface WorldOptions {
  postern?: Partial<PosternOptions>
  identityProvider?: Partial<PosternOptions['identityProvider']>
  twin?: Partial<CognitoTwinOptions>
  /** What Postern fetches documents of clients with; absent, it takes none. */
  fetchDocument?: FetchDocument
}

export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const clock = new Clock()
  const events: PosternEvent[] = []
  const forwarded: Request[] = []
  const idpCalls: string[] = []
  const twin = await createCognitoTwin({
    origin: IDP_ORIGIN,
    refreshTokenRotation: true,
    clients: [
      {
        clientId: 'posternclient',
        callbackUrls: [`${ISSUER}/idp/callback`],
        scopes: ['openid', 'email'],
      },
    ],
    users: [{ ...USER, emailVerified: true, groups: ['staff'] }],
    now: clock.now,
    ...options.twin,
  })
  let idp: ((request: Request) => Promise<Response> | Response) | undefined
  let upstream: (request: Request) => Promise<Response> | Response = () =>
    Response.json({ jsonrpc: '2.0', id: 1, result: {} })

  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init)
    const url = new URL(request.url)
    if (url.origin === IDP_ORIGIN) {
      idpCalls.push(`${request.method} ${url.pathname}`)
      return (idp ?? twin.fetch)(request)
    }
    forwarded.push(request)
    return upstream(request)
  }
  const posternOptions: PosternOptions = {
    resources: [{ url: MCP_URL, upstream: UPSTREAM, name: 'Example' }],
    identityProvider: {
      issuer: twin.issuer,
      clientId: 'posternclient',
      preset: 'cognito',
      refreshTokens: 'rotating',
      ...options.identityProvider,
    },
    access: 'anyoneTheIdpAdmits',
    secrets: [SECRET_A],
    ...options.postern,
  }
  const replica = (changes: Partial<PosternOptions> = {}): Postern =>
    createPostern(
      { ...posternOptions, ...changes },
      {
        now: clock.now,
        fetch,
        emit: (event) => events.push(event),
        ...(options.fetchDocument === undefined ? {} : { fetchDocument: options.fetchDocument }),
      },
    )
  return {
    postern: replica(),
    twin,
    clock,
    events,
    forwarded,
    idpCalls,
    reach: (request) => fetch(request),
    replica,
    breakIdp: (answer) => {
      idp = answer
    },
    onUpstream: (answer) => {
      upstream = answer
    },
  }
}
