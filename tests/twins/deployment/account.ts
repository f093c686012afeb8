import { ofKind, type Kind, type Topology } from '../../../src/aws/topology.ts'
import type { TwinUserOptions } from '../../../src/demo/cognito-twin/options.ts'
import { toIdentity, type Identity } from '../aws-apis/identities.ts'
import { createSecretsManager, type SecretsManager } from '../aws-apis/secrets-manager.ts'
import { createUserPoolsApi } from '../aws-apis/user-pools-api.ts'
import { pathOf, respond, type Host, type Internet } from '../http.ts'
import type { Switches } from '../switches.ts'
import { REGION } from './identifiers.ts'
import { CustomResources, RESPONSE_HOST } from './keys-call.ts'
import { createUserPool, type RunningUserPool } from './user-pools.ts'
import { toHost } from './web-host.ts'

export interface AccountOptions {
  internet: Internet
  users: readonly TwinUserOptions[]
  switches: Switches
  now: () => number
}

/** Kinds that make a user pool. */
export const USER_POOL_KINDS: readonly Kind[] = [
  'userPool',
  'userPoolDomain',
  'userPoolBranding',
  'userPoolClient',
  'resourceServer',
]

/** The services of one account in one region, with what a template has put into them. */
export class Account {
  readonly pools: Map<string, RunningUserPool> = new Map()
  readonly secrets: SecretsManager
  readonly customResources: CustomResources = new CustomResources()
  readonly #options: AccountOptions
  readonly #identities = new Map<string, Identity>()
  #poolsTemplate = ''

  constructor(options: AccountOptions) {
    this.#options = options
    const { internet, now } = options
    const service = {
      region: REGION,
      now,
      identify: (accessKeyId: string) => this.#identities.get(accessKeyId),
    }
    this.secrets = createSecretsManager(service)
    internet.set(`secretsmanager.${REGION}.amazonaws.com`, this.secrets.host)
    internet.set(RESPONSE_HOST, this.customResources.host)
    const name = `cognito-idp.${REGION}.amazonaws.com`
    const pools = () => [...this.pools.values()]
    const api = createUserPoolsApi({ ...service, counters: new Map() }, pools)
    internet.set(name, this.#userPools(name, api))
  }

  /** Roles, secrets without a value, and user pools, which it creates but never changes. */
  async apply(topology: Topology, valueOf: (placeholder: string) => string): Promise<void> {
    this.#identities.clear()
    for (const role of ofKind(topology, 'role')) {
      const identity = toIdentity(valueOf(`role.${role.name}.arn`), role)
      this.#identities.set(identity.credentials.accessKeyId, identity)
    }
    for (const { name } of ofKind(topology, 'secret')) {
      const arn = valueOf(`secret.${name}.arn`)
      if (!this.secrets.has(arn)) this.secrets.create(arn, name)
    }
    const template = fingerprint(topology, USER_POOL_KINDS)
    if (this.#poolsTemplate === template) return
    if (this.#poolsTemplate !== '') throw new TypeError('the twin updates no user pool')
    for (const pool of ofKind(topology, 'userPool'))
      this.#open(pool.name, await createUserPool(pool, topology, { ...this.#options, valueOf }))
    this.#poolsTemplate = template
  }

  #open(name: string, pool: RunningUserPool): void {
    this.pools.set(name, pool)
    const { domainHost, twin } = pool
    if (domainHost !== undefined) this.#options.internet.set(domainHost, toHost(twin.fetch))
  }

  /** One name for the API, for the issuers of the template's pools, and for those of others. */
  #userPools(hostName: string, api: Host): Host {
    const others = this.#options.internet.get(hostName)
    return (request) => {
      const path = pathOf(request.target)
      if (path === '/') return api(request)
      const pool = [...this.pools.values()].find(({ id }) => path.startsWith(`/${id}/`))
      if (pool !== undefined) return toHost(pool.twin.fetch)(request)
      return others?.(request) ?? Promise.resolve(respond(400, []))
    }
  }
}

/** Tells whether anything of these kinds has changed. */
export function fingerprint(topology: Topology, kinds: readonly Kind[]): string {
  return JSON.stringify(topology.resources.filter(({ kind }) => kinds.includes(kind)))
}
