import { randomUUID } from 'node:crypto'
import type { LambdaFunction } from '../../../src/aws/topology.ts'
import type { Credentials } from '../aws-apis/credentials.ts'
import { Instance } from './instance.ts'
import { openIsolatedNetwork, type IsolatedNetwork } from './network.ts'
import type { ErrorPayload } from './protocol.ts'

/** An imitation of a Lambda function: its own code in processes of its own. */
export interface Lambda {
  /** The payload of the response; throws `FunctionError` where the invocation failed. */
  invoke(event: unknown): Promise<unknown>
  /**
   * New code, variables or limits. Lambda guide, Lambda execution environment: events under way
   * end as they began, later ones find new environments. The network stays as it was.
   */
  update(fn: LambdaFunction, assetPath: string): Promise<void>
  /** The next invocation is a cold one. */
  recycle(): Promise<void>
  close(): Promise<void>
  readonly counters: LambdaCounters
  /** Everything that the function has written, whether or not it may write to its log group. */
  readonly logs: readonly string[]
}

export interface LambdaCounters {
  readonly invocations: number
  readonly errors: number
  readonly coldStarts: number
  /** Packets sent out of an isolated VPC; null where the function has the internet. */
  readonly transmitted: number | 'not proven' | null
}

export interface LambdaOptions {
  /** Folder of the function's code. */
  assetPath: string
  /** Absent: the clock of the host. */
  clock?: { now: () => number }
  /** The internet is what this proxy reaches; `none` is a VPC with no way out. */
  network: { proxyUrl: string; caFile: string } | 'none'
  credentials: Credentials
  region?: string
  /** How many environments there may be at once; further events wait for one. Default 10. */
  maximumInstances?: number
  /** Told of every invocation that failed, as the metric `Errors` is. */
  onError?: () => void
}

/** Lambda API reference, Invoke: the payload of a response with `X-Amz-Function-Error`. */
export class FunctionError extends Error {
  readonly payload: ErrorPayload

  constructor(functionName: string, payload: ErrorPayload) {
    super(`${functionName}: ${payload.errorType}: ${payload.errorMessage}`)
    this.name = 'FunctionError'
    this.payload = payload
  }
}

/** Lambda guide, Lambda quotas: invocation payload, synchronous, each of request and response. */
const PAYLOAD_BYTES = 6 * 1024 * 1024

const here = (file: string): string => new URL(file, import.meta.url).pathname

export async function createLambda(fn: LambdaFunction, options: LambdaOptions): Promise<Lambda> {
  const isolated = options.network === 'none' ? await openIsolatedNetwork() : undefined
  return new ProcessLambda(fn, options, isolated)
}

class ProcessLambda implements Lambda {
  readonly logs: string[] = []
  #fn: LambdaFunction
  #options: LambdaOptions
  readonly #network: IsolatedNetwork | undefined
  readonly #idle: Instance[] = []
  readonly #instances = new Set<Instance>()
  /** Busy when the function was recycled. */
  readonly #stale = new WeakSet<Instance>()
  readonly #waiting: (() => void)[] = []
  readonly #counts = { invocations: 0, errors: 0, coldStarts: 0 }
  #transmittedAtEnd: number | undefined

  constructor(fn: LambdaFunction, options: LambdaOptions, network: IsolatedNetwork | undefined) {
    this.#fn = fn
    this.#options = options
    this.#network = network
  }

  get counters(): LambdaCounters {
    return { ...this.#counts, transmitted: this.#transmitted() }
  }

  async invoke(event: unknown): Promise<unknown> {
    this.#counts.invocations++
    const outcome = sizeOf(event) > PAYLOAD_BYTES ? TOO_LARGE_REQUEST : await this.#run(event)
    if ('payload' in outcome && sizeOf(outcome.payload) <= PAYLOAD_BYTES) return outcome.payload
    this.#counts.errors++
    this.#options.onError?.()
    throw new FunctionError(this.#fn.name, 'error' in outcome ? outcome.error : TOO_LARGE_RESPONSE)
  }

  async update(fn: LambdaFunction, assetPath: string): Promise<void> {
    this.#fn = fn
    this.#options = { ...this.#options, assetPath }
    await this.recycle()
  }

  async recycle(): Promise<void> {
    for (const instance of this.#instances) this.#stale.add(instance)
    const idle = this.#idle.splice(0)
    await Promise.all(idle.map((instance) => this.#end(instance)))
  }

  async close(): Promise<void> {
    this.#transmittedAtEnd ??= this.#network?.transmitted()
    await Promise.all([...this.#instances].map((instance) => this.#end(instance)))
    await this.#network?.close()
  }

  async #run(event: unknown): Promise<{ payload: unknown } | { error: ErrorPayload }> {
    const instance = await this.#acquire()
    if (!(instance instanceof Instance)) return { error: instance }
    const outcome = await instance.invoke({
      requestId: randomUUID(),
      event,
      now: this.#options.clock?.now(),
      timeoutMilliseconds: this.#fn.timeoutSeconds * 1000,
    })
    if (instance.isSpent || this.#stale.has(instance)) await this.#end(instance)
    else this.#idle.push(instance)
    this.#waiting.shift()?.()
    return outcome
  }

  async #acquire(): Promise<Instance | ErrorPayload> {
    const idle = this.#idle.pop()
    if (idle !== undefined) return idle
    if (this.#instances.size >= (this.#options.maximumInstances ?? 10)) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
      return this.#acquire()
    }
    this.#counts.coldStarts++
    const instance = new Instance({
      command: this.#command(),
      enter: this.#network?.enter ?? [],
      root: this.#options.assetPath,
      environment: this.#environment(),
      log: (line) => this.logs.push(line),
    })
    this.#instances.add(instance)
    const error = await instance.initialize()
    if (error === undefined) return instance
    await this.#end(instance)
    this.#waiting.shift()?.()
    return error
  }

  async #end(instance: Instance): Promise<void> {
    this.#instances.delete(instance)
    await instance.close()
  }

  #transmitted(): LambdaCounters['transmitted'] {
    if (this.#options.network !== 'none') return null
    if (this.#network === undefined) return 'not proven'
    return this.#transmittedAtEnd ?? this.#network.transmitted()
  }

  #command(): string[] {
    const { assetPath, network, clock } = this.#options
    const isGuarded = network === 'none' && this.#network === undefined
    if (this.#fn.runtime.startsWith('python'))
      return [
        'python3',
        here('bootstrap.py'),
        assetPath,
        this.#fn.handler,
        isGuarded ? 'guard' : '',
      ]
    return [
      process.execPath,
      ...(isGuarded ? ['--import', here('guard.ts')] : []),
      here('bootstrap.ts'),
      assetPath,
      this.#fn.handler,
      ...(clock === undefined ? [] : [String(clock.now())]),
    ]
  }

  /** Lambda guide, Defined runtime environment variables; then what the twins' internet needs. */
  #environment(): Record<string, string> {
    const { credentials, network, assetPath, region = 'eu-central-1' } = this.#options
    const { name, memoryMb, handler, runtime, logGroup, environment } = this.#fn
    return {
      ...environment,
      _HANDLER: handler,
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      AWS_EXECUTION_ENV: `AWS_Lambda_${runtime}`,
      AWS_LAMBDA_FUNCTION_NAME: name,
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
      AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
      AWS_LAMBDA_LOG_GROUP_NAME: logGroup ?? `/aws/lambda/${name}`,
      AWS_LAMBDA_LOG_STREAM_NAME: `[$LATEST]${name}`,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_SESSION_TOKEN: credentials.sessionToken,
      LAMBDA_TASK_ROOT: assetPath,
      LANG: 'en_US.UTF-8',
      TZ: ':UTC',
      PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin',
      ...(network === 'none'
        ? {}
        : {
            HTTPS_PROXY: network.proxyUrl,
            NODE_USE_ENV_PROXY: '1',
            NODE_EXTRA_CA_CERTS: network.caFile,
            SSL_CERT_FILE: network.caFile,
          }),
    }
  }
}

const TOO_LARGE_RESPONSE: ErrorPayload = {
  errorType: 'Function.ResponseSizeTooLarge',
  errorMessage: 'Response payload size exceeded maximum allowed payload size (6291556 bytes).',
}

const TOO_LARGE_REQUEST = {
  error: {
    errorType: 'RequestEntityTooLargeException',
    errorMessage: 'Request must be smaller than 6291456 bytes for the InvokeFunction operation',
  },
}

function sizeOf(payload: unknown): number {
  return Buffer.byteLength(JSON.stringify(payload ?? null))
}
