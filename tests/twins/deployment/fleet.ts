import { ofKind, type LambdaFunction, type Topology } from '../../../src/aws/topology.ts'
import { credentialsOf } from '../aws-apis/credentials.ts'
import { nameOfFunction } from '../http-api/permissions.ts'
import { createLambda, type Lambda, type LambdaOptions } from '../lambda/lambda.ts'
import { reachesInternet } from './functions.ts'
import type { Failure } from './monitoring.ts'

/** A private server like any other: it has no way out unless it says so. */
export type ExistingFunction = Partial<LambdaFunction> & {
  assetPath: string
  handler: string
  reachesInternet?: boolean
}

export interface FleetOptions {
  assetPath: (code: string, fn: LambdaFunction) => string
  existing: Readonly<Record<string, ExistingFunction>>
  clock: { now: () => number } | undefined
  proxy: Exclude<LambdaOptions['network'], 'none'>
}

/** The functions of a deployment, the template's and those that were there before. */
export class Fleet {
  readonly lambdas: Map<string, Lambda> = new Map()
  readonly failures: Failure[] = []
  readonly #options: FleetOptions
  readonly #applied = new Map<Lambda, string>()

  constructor(options: FleetOptions) {
    this.#options = options
  }

  /** All of a template but those that are up to date, and nothing that it no longer has. */
  async apply(
    topology: Topology,
    arnOf: (role: string) => string,
    upToDate: readonly string[],
  ): Promise<void> {
    const functions = ofKind(topology, 'function')
    await Promise.all(
      functions
        .filter(({ name }) => !upToDate.includes(name))
        .map((fn) => this.put(fn, topology, arnOf)),
    )
    const brought = Object.entries(this.#options.existing)
    await Promise.all(brought.map(([arn, existing]) => this.#bring(nameOfFunction(arn), existing)))
    const known = [
      ...functions.map(({ name }) => name),
      ...brought.map(([arn]) => nameOfFunction(arn)),
    ]
    for (const [name, lambda] of this.lambdas)
      if (!known.includes(name)) {
        this.lambdas.delete(name)
        await lambda.close()
      }
  }

  /** Creates the function, or gives it what has changed: nothing ends where nothing has. */
  async put(
    fn: LambdaFunction,
    topology: Topology,
    arnOf: (role: string) => string,
  ): Promise<Lambda> {
    const assetPath = this.#options.assetPath(fn.code, fn)
    const running = this.lambdas.get(fn.name)
    if (running === undefined)
      return this.#start(fn, assetPath, arnOf(fn.role), reachesInternet(fn, topology))
    const settings = JSON.stringify([fn, assetPath])
    if (this.#applied.get(running) === settings) return running
    await running.update(fn, assetPath)
    this.#applied.set(running, settings)
    return running
  }

  async close(): Promise<void> {
    await Promise.all([...this.lambdas.values()].map((lambda) => lambda.close()))
  }

  async #bring(name: string, existing: ExistingFunction): Promise<void> {
    if (this.lambdas.has(name)) return
    const { assetPath, reachesInternet: reaches = false, ...settings } = existing
    const fn: LambdaFunction = { ...EXISTING_DEFAULTS, ...settings, name }
    await this.#start(fn, assetPath, fn.role, reaches)
  }

  async #start(
    fn: LambdaFunction,
    assetPath: string,
    roleArn: string,
    reaches: boolean,
  ): Promise<Lambda> {
    const { clock, proxy } = this.#options
    const lambda = await createLambda(fn, {
      assetPath,
      network: reaches ? proxy : 'none',
      credentials: credentialsOf(roleArn),
      onError: () => this.failures.push({ functionName: fn.name, at: clock?.now() ?? Date.now() }),
      ...(clock === undefined ? {} : { clock }),
    })
    this.lambdas.set(fn.name, lambda)
    this.#applied.set(lambda, JSON.stringify([fn, assetPath]))
    return lambda
  }
}

const EXISTING_DEFAULTS: Omit<LambdaFunction, 'name' | 'handler'> = {
  kind: 'function',
  code: 'brought',
  runtime: 'nodejs24.x',
  architecture: 'arm64',
  memoryMb: 1024,
  timeoutSeconds: 29,
  environment: {},
  role: 'arn:aws:iam::111122223333:role/brought',
  network: null,
  logGroup: null,
}
