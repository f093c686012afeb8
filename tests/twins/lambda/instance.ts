import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import type { Duplex } from 'node:stream'
import { createInterface } from 'node:readline'
import type { ErrorPayload, Invocation, Report } from './protocol.ts'

/** One execution environment: a process that was initialized once and runs one event at a time. */
export interface InstanceOptions {
  /** The command that runs the function, without the words that choose its network. */
  command: readonly string[]
  enter: readonly string[]
  root: string
  environment: Readonly<Record<string, string>>
  log: (line: string) => void
}

export type Outcome = { payload: unknown } | { error: ErrorPayload }

/** Lambda guide, Lambda execution environment: the Init phase is limited to 10 seconds. */
const INIT_MILLISECONDS = 10_000

const alive = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL')
})

/** A frozen process would outlive one that was killed; where this is known, it does not. */
const dieWithParent = ['setpriv', '--pdeathsig', 'KILL']
const prefix =
  spawnSync(dieWithParent[0] ?? '', [...dieWithParent.slice(1), 'true']).status === 0
    ? dieWithParent
    : []

export class Instance {
  readonly #child: ChildProcess
  readonly #channel: Duplex
  readonly #log: (line: string) => void
  readonly #ended: Promise<Outcome>
  #timedOut = false
  #receive: (report: Report) => void = () => {}
  #loggedAll: (requestId: string) => void = () => {}

  constructor({ command, enter, root, environment, log }: InstanceOptions) {
    // Entering a namespace leaves the working directory behind.
    const shell = ['sh', '-c', 'cd "$0" && exec "$@" 2>&1', root]
    const [file = '', ...args] = [...enter, ...prefix, ...shell, ...command]
    this.#child = spawn(file, args, {
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    })
    this.#log = log
    alive.add(this.#child)
    this.#ended = new Promise((resolve) => {
      const end = (code: number | null, signal: string | null): void => {
        alive.delete(this.#child)
        resolve({ error: toExitError(code, signal) })
      }
      this.#child.on('close', end).on('error', () => end(127, null))
    })
    this.#channel = this.#child.stdio[3] as Duplex
    createInterface(this.#channel).on('line', (line) => this.#receive(JSON.parse(line) as Report))
    for (const output of [this.#child.stdout, this.#child.stderr])
      if (output !== null) createInterface(output).on('line', (line) => this.#readLog(line))
    // A process that ends by itself is known by its exit, not by the pipe.
    this.#channel.on('error', () => {})
  }

  /** It has ended, or is still busy with an event that timed out. */
  get isSpent(): boolean {
    return this.#timedOut || !alive.has(this.#child)
  }

  /** Undefined when the function is ready for its first event. */
  async initialize(): Promise<ErrorPayload | undefined> {
    const report = new Promise<ErrorPayload | undefined>((resolve) => {
      this.#receive = (each) => resolve(each.kind === 'init-error' ? each.error : undefined)
    })
    return withTimeout(
      Promise.race([
        report,
        this.#ended.then((outcome) => ('error' in outcome ? outcome.error : undefined)),
      ]),
      INIT_MILLISECONDS,
      { errorType: 'Sandbox.Timedout', errorMessage: 'Error: Init timed out after 10.00 seconds' },
    )
  }

  async invoke(invocation: Invocation): Promise<Outcome> {
    const { requestId, timeoutMilliseconds } = invocation
    this.#log(`START RequestId: ${requestId} Version: $LATEST`)
    const logged = new Promise<void>((resolve) => {
      this.#loggedAll = (id) => {
        if (id === requestId) resolve()
      }
    })
    const reported = new Promise<Outcome>((resolve) => {
      this.#receive = (report) => {
        if (report.kind === 'result') resolve({ payload: report.payload })
        if (report.kind === 'error') resolve({ error: report.error })
      }
    })
    this.#child.kill('SIGCONT')
    this.#channel.write(`${JSON.stringify(invocation)}\n`)
    const outcome = await withTimeout(
      Promise.race([Promise.all([reported, logged]).then(([each]) => each), this.#ended]),
      timeoutMilliseconds,
      undefined,
    )
    this.#timedOut = outcome === undefined
    // Lambda guide, Lambda execution environment: frozen when the function has answered.
    this.#child.kill('SIGSTOP')
    return outcome ?? { error: toTimeout(invocation) }
  }

  async close(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }

  #readLog(line: string): void {
    this.#log(line)
    const requestId = /^END RequestId: (\S+)$/.exec(line)?.[1]
    if (requestId !== undefined) this.#loggedAll(requestId)
  }
}

async function withTimeout<T, L>(
  promise: Promise<T>,
  milliseconds: number,
  late: L,
): Promise<T | L> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<L>((resolve) => {
    timer = setTimeout(() => resolve(late), milliseconds)
  })
  return Promise.race([promise, timeout]).finally(() => clearTimeout(timer))
}

/** Lambda guide, Troubleshoot invocation issues: these are the words in the response. */
function toTimeout({ requestId, timeoutMilliseconds }: Invocation): ErrorPayload {
  const seconds = (timeoutMilliseconds / 1000).toFixed(2)
  return {
    errorType: 'Sandbox.Timedout',
    errorMessage: `RequestId: ${requestId} Error: Task timed out after ${seconds} seconds`,
  }
}

function toExitError(code: number | null, signal: string | null): ErrorPayload {
  const how = signal === null ? `exit status ${code}` : `signal: ${signal}`
  return {
    errorType: 'Runtime.ExitError',
    errorMessage: `Error: Runtime exited with error: ${how}`,
  }
}
