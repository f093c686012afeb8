import {
  findResource,
  ofKind,
  type Keys,
  type Kind,
  type LambdaFunction,
  type Topology,
} from '../../src/aws/topology.ts'
import type { TwinUserOptions } from '../../src/demo/cognito-twin/options.ts'
import type { CognitoTwin } from '../../src/demo/cognito-twin/twin.ts'
import type { SecretsManager } from './aws-apis/secrets-manager.ts'
import { createCloudFront } from './cloudfront/cloudfront.ts'
import { Account, fingerprint, USER_POOL_KINDS } from './deployment/account.ts'
import { checkUserPools } from './deployment/check-user-pools.ts'
import { findCycle } from './deployment/cycles.ts'
import { DeploymentError } from './deployment/deployment-error.ts'
import { Fleet, type ExistingFunction } from './deployment/fleet.ts'
import { checkFunctions, mayWriteLogs } from './deployment/functions.ts'
import { identifiersOf } from './deployment/identifiers.ts'
import { invokeForTerraform, type Deployer, type KeysCall } from './deployment/keys-call.ts'
import {
  evaluateAlarm,
  mayFire,
  toScheduledEvent,
  type AlarmState,
} from './deployment/monitoring.ts'
import { reachNames, type Reach } from './deployment/reach-names.ts'
import type { RunningUserPool } from './deployment/user-pools.ts'
import { createHttpApi } from './http-api/http-api.ts'
import type { Internet } from './http.ts'
import { FunctionError, type Lambda } from './lambda/lambda.ts'
import { startNames, type Names } from './names.ts'
import { resolve, resolveResource } from './resolve.ts'
import { DEFAULT_SWITCHES, type Switches } from './switches.ts'

export interface DeployOptions {
  /** Folder of the code that a function names (`asset:…`). */
  assetPath: (code: string, fn: LambdaFunction) => string
  /** Who calls the `keys` function. Default `cloudformation`. */
  via?: Deployer
  switches?: Partial<Switches>
  /** Absent: the clock of the host, in functions as well. */
  clock?: { now: () => number }
  /** People of every pool that the template makes. */
  users?: readonly TwinUserOptions[]
  /** Functions that the template does not make, by ARN. */
  existing?: Readonly<Record<string, ExistingFunction>>
  /** Further hosts, for instance of a user pool that was brought. */
  internet?: Internet
}

export interface RedeployOptions {
  /** Runs when the functions are new and the distributions still old. */
  beforeDistributions?: () => Promise<void>
}

/** A template, running. */
export interface Deployment {
  readonly mcpUrl: string
  readonly origin: string
  /** The template with everything that exists only after deployment filled in. */
  readonly resolved: Topology
  readonly internet: Internet
  readonly names: Names
  readonly proxyUrl: string
  readonly caFile: string
  /** Reaches the names, as a program with that proxy and authority would. */
  readonly fetch: typeof fetch
  /** By name; a brought one by the last part of its ARN. */
  readonly lambdas: ReadonlyMap<string, Lambda>
  /** The template's only user pool. */
  readonly pool: CognitoTwin
  readonly pools: ReadonlyMap<string, RunningUserPool>
  readonly secrets: SecretsManager
  /** Keeps secrets, pools and people; calls `keys` again where its input has changed. */
  redeploy(topology: Topology, options?: RedeployOptions): Promise<void>
  /** What a schedule does when its time has come. */
  fireSchedule(name: string): Promise<'succeeded' | 'failed' | 'not invoked'>
  alarmState(name: string): AlarmState
  /** Lines of a function's log group: none where its role may not write there. */
  deliveredLogs(functionName: string): readonly string[]
  close(): Promise<void>
}

/** Deploys as the services would: throws `DeploymentError` with everything that they refuse. */
export async function deploy(topology: Topology, options: DeployOptions): Promise<Deployment> {
  const internet: Internet = new Map(options.internet)
  const deployment = new TwinDeployment(options, internet, await startNames(internet))
  try {
    await deployment.redeploy(topology)
  } catch (error) {
    await deployment.close()
    throw error
  }
  return deployment
}

/** Kinds that exist before `keys` is called, and whose texts therefore cannot wait for it. */
const BEFORE_KEYS: readonly Kind[] = [...USER_POOL_KINDS, 'role', 'secret', 'keys']

/** Kinds that an HTTP API twin is made from. */
const API_KINDS: readonly Kind[] = [
  'api',
  'stage',
  'route',
  'integration',
  'authorizer',
  'permission',
  'distribution',
]

class TwinDeployment implements Deployment {
  readonly internet: Internet
  readonly names: Names
  readonly #options: DeployOptions
  readonly #switches: Switches
  readonly #now: () => number
  readonly #account: Account
  readonly #fleet: Fleet
  readonly #reach: Reach
  readonly #calls = new Map<string, KeysCall>()
  #values = new Map<string, string>()
  #apisTemplate = ''
  #resolved: Topology | undefined

  constructor(options: DeployOptions, internet: Internet, names: Names) {
    const { users = [], existing = {}, assetPath, clock, switches } = options
    this.#options = options
    this.#switches = { ...DEFAULT_SWITCHES, ...switches }
    this.#now = clock?.now ?? Date.now
    this.internet = internet
    this.names = names
    this.#account = new Account({ ...this.#twinOptions(), users })
    this.#reach = reachNames(names)
    this.#fleet = new Fleet({ assetPath, existing, clock, proxy: names })
  }

  get lambdas(): ReadonlyMap<string, Lambda> {
    return this.#fleet.lambdas
  }

  get pools(): ReadonlyMap<string, RunningUserPool> {
    return this.#account.pools
  }

  get secrets(): SecretsManager {
    return this.#account.secrets
  }

  get resolved(): Topology {
    if (this.#resolved === undefined) throw new TypeError('nothing is deployed')
    return this.#resolved
  }

  get mcpUrl(): string {
    const [url] = ofKind(this.resolved, 'function').flatMap(
      ({ environment }) => environment['POSTERN_MCP_URL'] ?? [],
    )
    if (url === undefined) throw new TypeError('no function is told the MCP URL')
    return url
  }

  get origin(): string {
    return new URL(this.mcpUrl).origin
  }

  get proxyUrl(): string {
    return this.names.proxyUrl
  }

  get fetch(): typeof fetch {
    return this.#reach.fetch
  }

  get caFile(): string {
    return this.names.caFile
  }

  get pool(): CognitoTwin {
    const [pool, ...others] = this.pools.values()
    if (pool === undefined || others.length > 0) throw new TypeError('there is not one user pool')
    return pool.twin
  }

  async redeploy(topology: Topology, { beforeDistributions }: RedeployOptions = {}): Promise<void> {
    const cycle = findCycle(topology)
    refuse(cycle === undefined ? [] : [`circular dependency: ${cycle}`])
    this.#values = identifiersOf(topology)
    const early = topology.resources.filter(({ kind }) => BEFORE_KEYS.includes(kind))
    const beforeKeys = resolve({ ...topology, resources: early }, this.#values)
    refuse(checkUserPools(beforeKeys))
    await this.#account.apply(beforeKeys, this.#valueOf)
    for (const keys of ofKind(beforeKeys, 'keys')) await this.#callKeys(keys, topology)

    const resolved = resolve(topology, this.#values)
    refuse(checkFunctions(resolved))
    const called = ofKind(resolved, 'keys').map((keys) => keys.function)
    await this.#fleet.apply(resolved, this.#arnOfRole, called)
    this.#createApis(resolved)
    await beforeDistributions?.()
    this.#createDistributions(resolved)
    this.#resolved = resolved
  }

  async fireSchedule(name: string): Promise<'succeeded' | 'failed' | 'not invoked'> {
    const schedule = findResource(this.resolved, 'schedule', name)
    if (schedule === undefined) throw new TypeError(`no schedule "${name}"`)
    const arn = this.#valueOf(`schedule.${name}.arn`)
    const lambda = this.lambdas.get(schedule.target)
    if (lambda === undefined || !mayFire(schedule, arn, this.resolved)) return 'not invoked'
    try {
      await lambda.invoke(toScheduledEvent(arn, this.#now()))
      return 'succeeded'
    } catch (error) {
      if (!(error instanceof FunctionError)) throw error
      return 'failed'
    }
  }

  alarmState(name: string): AlarmState {
    const alarm = findResource(this.resolved, 'alarm', name)
    if (alarm === undefined) throw new TypeError(`no alarm "${name}"`)
    return evaluateAlarm(alarm, this.#fleet.failures, this.#now())
  }

  deliveredLogs(functionName: string): readonly string[] {
    const fn = findResource(this.resolved, 'function', functionName)
    const lambda = this.lambdas.get(functionName)
    if (fn === undefined || lambda === undefined)
      throw new TypeError(`no function "${functionName}"`)
    return mayWriteLogs(fn, this.resolved) ? lambda.logs : []
  }

  async close(): Promise<void> {
    await this.#fleet.close()
    await this.#reach.close()
    await this.names.close()
  }

  readonly #valueOf = (placeholder: string): string => {
    const value = this.#values.get(placeholder)
    if (value === undefined) throw new DeploymentError([`nothing gives \${${placeholder}} a value`])
    return value
  }

  /** A role of the template by its name, or one that was brought by its ARN. */
  readonly #arnOfRole = (role: string): string => this.#values.get(`role.${role}.arn`) ?? role

  #twinOptions(): { internet: Internet; now: () => number; switches: Switches } {
    return { internet: this.internet, now: this.#now, switches: this.#switches }
  }

  async #callKeys(keys: Keys, topology: Topology): Promise<void> {
    const fn = findResource(topology, 'function', keys.function)
    if (fn === undefined)
      throw new DeploymentError([`keys.${keys.name}: there is no function "${keys.function}"`])
    const resolved = resolveResource(fn, this.#values)
    const lambda = await this.#fleet.put(resolved, topology, this.#arnOfRole)
    const call = await this.#makeCall(keys, lambda)
    this.#calls.set(keys.name, call)
    for (const [name, value] of Object.entries(call.output))
      this.#values.set(`keys.${keys.name}.${name}`, value)
    for (const { name } of ofKind(topology, 'secret')) this.#readSecret(name)
  }

  async #makeCall(keys: Keys, lambda: Lambda): Promise<KeysCall> {
    const previous = this.#calls.get(keys.name)
    const isSame = JSON.stringify(previous?.input) === JSON.stringify(keys.input)
    if (previous !== undefined && isSame) return previous
    if (this.#options.via === 'terraform') return invokeForTerraform(keys, lambda)
    return this.#account.customResources.call(keys, lambda, previous)
  }

  /** CloudFormation guide, Secrets Manager dynamic references: members of the current value. */
  #readSecret(name: string): void {
    const text = this.secrets.current(this.#valueOf(`secret.${name}.arn`))
    const members = JSON.parse(text ?? '{}') as Record<string, unknown>
    for (const [member, value] of Object.entries(members))
      if (typeof value === 'string') this.#values.set(`secret.${name}.${member}`, value)
  }

  /** APIs that have not changed keep what their authorizers remember. */
  #createApis(topology: Topology): void {
    const template = fingerprint(topology, API_KINDS)
    if (this.#apisTemplate === template) return
    for (const api of ofKind(topology, 'api')) {
      const host = createHttpApi(api, topology, {
        ...this.#twinOptions(),
        id: this.#valueOf(`api.${api.name}.id`),
        invoke: async (name, event) => {
          const lambda = this.lambdas.get(name)
          if (lambda === undefined) throw new Error(`no function "${name}"`)
          return lambda.invoke(event)
        },
      })
      this.internet.set(this.#valueOf(`api.${api.name}.domain`), host)
    }
    this.#apisTemplate = template
  }

  #createDistributions(topology: Topology): void {
    for (const distribution of ofKind(topology, 'distribution')) {
      const domain = this.#valueOf(`distribution.${distribution.name}.domain`)
      const host = createCloudFront(distribution, topology, { ...this.#twinOptions(), domain })
      for (const name of [domain, ...distribution.aliases])
        this.internet.set(name.toLowerCase(), host)
    }
  }
}

function refuse(problems: readonly string[]): void {
  if (problems.length > 0) throw new DeploymentError(problems)
}
