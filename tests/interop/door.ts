import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { PosternOptions } from '../../src/config/options.ts'
import type { PosternEvent } from '../../src/events.ts'
import { type Deployment, type RunPostern, startDeployment } from '../support/deployment.ts'
import { SECRET_B } from '../support/world.ts'
import type { FromPostern, ToPostern } from './postern-process.ts'

const PROGRAM = fileURLToPath(new URL('postern-process.ts', import.meta.url))

/** Postern as a process of its own, before the demo identity provider and MCP server. */
export class Door {
  readonly #deployment: Deployment
  readonly #process: { current?: PosternProcess }
  readonly #changes: Partial<PosternOptions> = {}

  private constructor(deployment: Deployment, process: { current?: PosternProcess }) {
    this.#deployment = deployment
    this.#process = process
  }

  static async open(): Promise<Door> {
    const process: { current?: PosternProcess } = {}
    const run: RunPostern = async (postern, port, { now, emit }) => {
      process.current = await PosternProcess.start({ postern, port, now: now() }, emit)
      return process.current
    }
    return new Door(await startDeployment({}, {}, run), process)
  }

  get mcpUrl(): string {
    return this.#deployment.mcpUrl
  }

  get issuer(): string {
    return this.#deployment.issuer
  }

  /** What the identity provider was asked. */
  get idp(): Deployment['twin']['counters'] {
    return { ...this.#deployment.twin.counters }
  }

  get events(): PosternEvent[] {
    return this.#deployment.events
  }

  count(type: PosternEvent['type'], matching: Record<string, string> = {}): number {
    return this.events.filter(
      (event) =>
        event.type === type &&
        Object.entries(matching).every(([name, value]) => Reflect.get(event, name) === value),
    ).length
  }

  /** Moves the time of Postern and the identity provider; clients keep theirs. */
  async advance(seconds: number): Promise<void> {
    this.#deployment.clock.advance(seconds)
    await this.#process.current?.tell({ now: this.#deployment.clock.now() })
  }

  /** A new process with the same secrets, which is all that it has of the old one. */
  async redeploy(changes: Partial<PosternOptions> = {}): Promise<void> {
    Object.assign(this.#changes, changes)
    await this.#deployment.restart(this.#changes)
  }

  /** A new process that can open nothing the old one sealed: registrations and tokens are lost. */
  async forgetEverything(): Promise<void> {
    await this.redeploy({ secrets: [SECRET_B] })
  }

  /** A new process that takes no token issued before now; registrations hold. */
  async signEverybodyOut(): Promise<void> {
    await this.advance(5)
    await this.redeploy({ revokeBefore: { all: this.#deployment.clock.seconds } })
  }

  async close(): Promise<void> {
    await this.#deployment.close()
  }
}

class PosternProcess {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  static async start(
    first: ToPostern,
    emit: (event: PosternEvent) => void,
  ): Promise<PosternProcess> {
    const child = fork(PROGRAM, { execArgv: ['--disable-warning=ExperimentalWarning'] })
    child.on('message', (message: FromPostern) => {
      if (message.event !== undefined) emit(message.event)
    })
    const started = new PosternProcess(child)
    await started.tell(first)
    return started
  }

  async tell(message: ToPostern): Promise<void> {
    const answered = new Promise<void>((resolve, reject) => {
      const listen = (answer: FromPostern): void => {
        if (answer.done !== true) return
        this.#child.off('message', listen)
        resolve()
      }
      this.#child.on('message', listen)
      this.#child.once('exit', (code) => reject(new Error(`Postern ended (${code})`)))
    })
    this.#child.send(message)
    await answered
  }

  async close(): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    await ended
  }
}
