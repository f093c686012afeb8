import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ofKind, type LambdaFunction, type Topology } from '../../../src/aws/topology.ts'
import { newPerson } from '../../support/chromium.ts'
import { Clock } from '../../support/clock.ts'
import { McpRemote, type McpRemoteVersion, newConfigFolder } from '../../support/mcp-remote.ts'
import { signIn } from '../../support/person.ts'
import { ScriptedPerson, signInOverHttp, type HttpClient } from '../../support/scripted-person.ts'
import { deploy, type DeployOptions, type Deployment } from '../../twins/deployment.ts'
import { identifiersOf } from '../../twins/deployment/identifiers.ts'
import { assetPath, EXISTING } from './assets.ts'

export const PERSON = { username: 'ada@example.com', password: 'correct-Horse1' }
export const SUBJECT = '11111111-2222-4333-8444-555555555555'
/** May sign in at the pool, and is in no group. */
const STRANGER = { username: 'eve@example.com', password: 'correct-Horse2' }

/** The callback of mcp-remote's first derived port: one that a relay's app client knows. */
const REDIRECT_URI = 'http://localhost:41409/oauth/callback'

/** A template that runs, and everything that people start on their side of it. */
export class Cell {
  readonly deployment: Deployment
  readonly clock: Clock
  readonly #folder: string = newConfigFolder()
  readonly #clients: McpRemote[] = []

  constructor(deployment: Deployment, clock: Clock) {
    this.deployment = deployment
    this.clock = clock
  }

  /** The unmodified mcp-remote, as Claude Desktop starts it; starts of one cell share its caches. */
  start(version: McpRemoteVersion, url: string = this.deployment.mcpUrl): McpRemote {
    const client = new McpRemote(version, url, {
      folder: this.#folder,
      env: this.deployment.names.environment,
    })
    this.#clients.push(client)
    return client
  }

  /** Consents and logs in with a real browser, until the client can be used. */
  async signInWith(client: McpRemote, credentials: typeof PERSON = PERSON): Promise<void> {
    const person = await newPerson({ proxyUrl: this.deployment.proxyUrl })
    await signIn(person, await client.authorizationUrl(), credentials)
    await client.initialize()
    await person.close()
  }

  /** The same without a browser and without mcp-remote, for what needs many sign-ins. */
  signInOverHttp({
    stranger = false,
    redirectUri = REDIRECT_URI,
  }: { stranger?: boolean; redirectUri?: string } = {}): Promise<HttpClient> {
    const { fetch, mcpUrl, origin: issuer } = this.deployment
    const person = new ScriptedPerson(stranger ? STRANGER : PERSON, fetch)
    return signInOverHttp({ issuer, mcpUrl }, person, { fetch, redirectUri })
  }

  /** Revokes the refresh token that mcp-remote keeps, as a careful client would at sign-out. */
  revokeTokens(): Promise<Response> {
    const { refresh_token: token } = this.#cached('tokens.json')
    const { client_id: clientId } = this.#cached('client_info.json')
    const body = new URLSearchParams({ token: String(token), client_id: String(clientId) })
    return this.deployment.fetch(`${this.deployment.origin}/revoke`, { method: 'POST', body })
  }

  /** What a placeholder of the template stands for. */
  identifier(placeholder: string): string {
    const value = identifiersOf(this.deployment.resolved).get(placeholder)
    if (value === undefined) throw new TypeError(`nothing is named ${placeholder}`)
    return value
  }

  /** What CloudFront adds on the way to the API. */
  edgeHeaders(): Record<string, string> {
    const [distribution] = ofKind(this.deployment.resolved, 'distribution')
    const origin = distribution?.origins.find(({ id }) => id === 'api')
    return Object.fromEntries((origin?.headers ?? []).map(({ name, value }) => [name, value]))
  }

  /** Whatever nobody may ever find in a log: keys of the deployment, tokens of the client. */
  get secretsInUse(): string[] {
    const { deployment } = this
    const stored = ofKind(deployment.resolved, 'secret').map(({ name }) =>
      deployment.secrets.current(this.identifier(`secret.${name}.arn`)),
    )
    const { access_token: access, refresh_token: refresh } = this.#cached('tokens.json')
    const keys = stored.flatMap((text) => textsIn(JSON.parse(text ?? '{}')))
    return [...keys, String(access), String(refresh)].filter((text) => text.length >= 32)
  }

  #cached(file: string): Record<string, unknown> {
    const found = readdirSync(this.#folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith(`_${file}`))
      .map((path) => readFileSync(join(this.#folder, path), 'utf8'))
    if (found.length !== 1) throw new Error(`mcp-remote keeps ${found.length} ${file}`)
    return JSON.parse(found[0] ?? '') as Record<string, unknown>
  }

  /** Everything that functions have written, whether or not anybody may read it. */
  get logs(): string {
    return [...this.deployment.lambdas.values()].flatMap(({ logs }) => logs).join('\n')
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()))
    await this.deployment.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

export interface CellOptions extends Pick<DeployOptions, 'via' | 'switches' | 'internet'> {
  /** Code of functions that the tests do not bundle themselves. */
  assetPathOf?: (fn: LambdaFunction) => string | undefined
}

export async function openCell(
  topology: Topology,
  { assetPathOf, ...options }: CellOptions = {},
): Promise<Cell> {
  const clock = new Clock()
  const bundled = await assetPath()
  const deployment = await deploy(topology, {
    ...options,
    assetPath: (code, fn) => assetPathOf?.(fn) ?? bundled(code, fn),
    clock,
    existing: EXISTING,
    users: [
      {
        ...PERSON,
        sub: SUBJECT,
        email: PERSON.username,
        emailVerified: true,
        groups: ['mcp-users'],
      },
      { ...STRANGER, email: STRANGER.username, emailVerified: true },
    ],
  })
  return new Cell(deployment, clock)
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}
