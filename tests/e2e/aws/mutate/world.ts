import type { Topology, UserPoolClient } from '../../../../src/aws/topology.ts'
import { ofKind } from '../../../../src/aws/topology.ts'
import type { Variant } from '../../../aws/variants.ts'
import {
  type HttpClient,
  ScriptedPerson,
  signInOverHttp,
} from '../../../support/scripted-person.ts'
import {
  ConnectionFailed,
  headerValues,
  type HttpRequest,
  type HttpResponse,
  type Internet,
} from '../../../twins/http.ts'
import { type Cell, openCell, PERSON } from '../cell.ts'

/** What a variant promises, whatever its template says. */
export interface Promises {
  mode: 'relay' | 'broker'
  tokenPath: 'edge' | 'function'
  /** Whether API Gateway refuses before the function is called. */
  authorizer: boolean
  /** The function that serves MCP. */
  server: string
}

export type MutatedVariant = Exclude<Variant, 'relay-shared-secret' | 'relay-existing'>

export const PROMISES: Readonly<Record<MutatedVariant, Promises>> = {
  'relay-public': { mode: 'relay', tokenPath: 'edge', authorizer: false, server: 'front' },
  'relay-edge-secret': { mode: 'relay', tokenPath: 'edge', authorizer: false, server: 'front' },
  'relay-both': { mode: 'relay', tokenPath: 'edge', authorizer: true, server: 'front' },
  'relay-token-function': {
    mode: 'relay',
    tokenPath: 'function',
    authorizer: false,
    server: 'front',
  },
  broker: { mode: 'broker', tokenPath: 'function', authorizer: false, server: 'mcp' },
  'broker-existing': { mode: 'broker', tokenPath: 'function', authorizer: true, server: 'notes' },
}

const NEIGHBOUR_CALLBACK = 'https://other.example/callback'

/** The template beside a second application of the same user pool, which nobody breaks. */
export function withNeighbour(topology: Topology, client: UserPoolClient): Topology {
  const oauthScopes = [...new Set(['openid', 'email', ...client.oauthScopes])]
  const [branding] = ofKind(topology, 'userPoolBranding')
  if (branding === undefined) throw new TypeError('there are no pages to sign in at')
  const neighbour: UserPoolClient = {
    ...client,
    name: 'other',
    generateSecret: false,
    callbackUrls: [NEIGHBOUR_CALLBACK],
    oauthScopes,
  }
  const resources = [
    ...topology.resources,
    neighbour,
    { ...branding, name: 'other', client: branding.client.replace(/\bclient$/, 'other') },
  ]
  return { ...topology, resources }
}

/** A running deployment, and what the probes of one break have done with it so far. */
export class World {
  readonly variant: MutatedVariant
  readonly promises: Promises
  /** The template as it is, without the neighbour. */
  readonly topology: Topology
  readonly cell: Cell
  readonly fetch: typeof fetch
  #client: HttpClient | undefined

  constructor(variant: MutatedVariant, topology: Topology, cell: Cell) {
    this.variant = variant
    this.promises = PROMISES[variant]
    this.topology = topology
    this.cell = cell
    this.fetch = fetchFrom(cell.deployment.internet)
  }

  get origin(): string {
    return this.cell.deployment.origin
  }

  get mcpUrl(): string {
    return this.cell.deployment.mcpUrl
  }

  /** The hosts behind the edge. */
  get apiHost(): string {
    return this.cell.identifier('api.api.domain')
  }

  get cognitoHost(): string {
    return this.cell.identifier('userPoolDomain.pool.host')
  }

  get client(): HttpClient {
    if (this.#client === undefined) throw new TypeError('nobody has signed in')
    return this.#client
  }

  async signIn(redirectUri = 'http://localhost:41409/oauth/callback'): Promise<HttpClient> {
    const person = new ScriptedPerson(PERSON, this.fetch)
    const place = { issuer: this.origin, mcpUrl: this.mcpUrl }
    this.#client = await signInOverHttp(place, person, { fetch: this.fetch, redirectUri })
    return this.#client
  }

  /** One request, byte for byte, to a host of the deployment. */
  async send(
    host: string,
    target: string,
    {
      method = 'POST',
      headers = {},
      body = '',
      protocol,
    }: {
      method?: string
      headers?: Record<string, string>
      body?: string
      protocol?: 'http'
    } = {},
  ): Promise<HttpResponse> {
    const answer = this.cell.deployment.internet.get(host)
    if (answer === undefined) throw new TypeError(`nobody is ${host}`)
    return answer({
      method,
      target,
      headers: [['host', host], ...Object.entries(headers)],
      body: Buffer.from(body),
      clientAddress: '198.51.100.7',
      ...(protocol && { protocol }),
    })
  }

  atEdge(target: string, options: Parameters<World['send']>[2] = {}): Promise<HttpResponse> {
    return this.send(new URL(this.origin).host, target, options)
  }

  /** What arrives at a host while something is done. */
  async seenAt(host: string, act: () => Promise<unknown>): Promise<HttpRequest[]> {
    const { internet } = this.cell.deployment
    const own = internet.get(host)
    if (own === undefined) throw new TypeError(`nobody is ${host}`)
    const seen: HttpRequest[] = []
    internet.set(host, (request) => {
      seen.push(request)
      return own(request)
    })
    try {
      await act()
    } finally {
      internet.set(host, own)
    }
    return seen
  }

  /** How often a host that answers so is asked while something is done. */
  async askedInstead(
    host: string,
    answer: (request: HttpRequest) => HttpResponse,
    act: () => Promise<unknown>,
  ): Promise<number> {
    const { internet } = this.cell.deployment
    const own = internet.get(host)
    let asked = 0
    internet.set(host, (request) => {
      asked++
      return Promise.resolve(answer(request))
    })
    try {
      await act()
    } finally {
      if (own === undefined) internet.delete(host)
      else internet.set(host, own)
    }
    return asked
  }

  /** Names of the functions that were invoked while something was done. */
  async invokedBy(act: () => Promise<unknown>): Promise<string[]> {
    const { lambdas } = this.cell.deployment
    const before = new Map([...lambdas].map(([name, { counters }]) => [name, counters.invocations]))
    await act()
    return [...lambdas]
      .filter(([name, { counters }]) => counters.invocations > (before.get(name) ?? 0))
      .map(([name]) => name)
  }
}

export async function openWorld(
  variant: MutatedVariant,
  topology: Topology,
  client: UserPoolClient,
): Promise<World> {
  const cell = await openCell(withNeighbour(topology, client), {
    // The reading in which it matters whether the headers policy removes cookies.
    switches: { edgeSetCookie: 'passed' },
  })
  return new World(variant, topology, cell)
}

/** All values of a header in one text; empty where it is absent. */
export function header({ headers }: HttpResponse | HttpRequest, name: string): string {
  return headerValues(headers, name).join(', ')
}

/** Reaches the names without sockets, which hundreds of sign-ins would wait for. */
function fetchFrom(internet: Internet): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init)
    const { host, pathname, search } = new URL(request.url)
    const answer = internet.get(host)
    if (answer === undefined) throw new ConnectionFailed(host)
    const { status, headers, body } = await answer({
      method: request.method,
      target: `${pathname}${search}`,
      headers: [['host', host], ...request.headers],
      body: new Uint8Array(await request.arrayBuffer()),
      clientAddress: '198.51.100.7',
    })
    const isEmpty = request.method === 'HEAD' || [204, 304].includes(status)
    return new Response(isEmpty ? null : new Uint8Array(body), { status, headers })
  }
}
