import { type ChildProcess, fork } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What a server tells `run.ts` about itself. */
export interface Memory {
  rss: number
  heapUsed: number
}

export interface Child<Ready> {
  ready: Ready
  ask: <Answer>(question: unknown) => Promise<Answer>
  stop: () => Promise<void>
}

/** Starts a part of the bench in a process of its own and waits until it says it is ready. */
export async function startChild<Ready>(file: string, settings: unknown): Promise<Child<Ready>> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-bench-'))
  const log = openSync(join(folder, 'log'), 'w')
  const child = fork(new URL(file, import.meta.url), [JSON.stringify(settings)], {
    execArgv: ['--expose-gc', '--disable-warning=ExperimentalWarning'],
    env: { ...process.env, NODE_ENV: 'production' },
    // Into a file, as in production: what logging costs is part of the door's price.
    stdio: ['ignore', 'inherit', log, 'ipc'],
  })
  closeSync(log)
  const ask = async <Answer>(question: unknown): Promise<Answer> => {
    const answer = nextMessage<Answer>(child)
    child.send(question as object)
    return answer
  }
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const gone = new Promise((done) => child.once('exit', done))
      child.kill()
      await gone
    }
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    return { ready: await nextMessage<Ready>(child), ask, stop }
  } catch (error) {
    console.error(readFileSync(join(folder, 'log'), 'utf8').slice(-4000))
    await stop()
    throw error
  }
}

function nextMessage<T>(child: ChildProcess): Promise<T> {
  return new Promise((done, failed) => {
    const onMessage = (message: unknown): void => {
      child.off('exit', onExit)
      done(message as T)
    }
    const onExit = (code: number | null): void => {
      child.off('message', onMessage)
      failed(new Error(`${child.spawnargs.at(-2) ?? 'child'} ended with ${code ?? 'a signal'}`))
    }
    child.once('message', onMessage)
    child.once('exit', onExit)
  })
}

/** The other side: what `run.ts` passed. */
export function readSettings<Settings>(): Settings {
  return JSON.parse(process.argv[2] ?? '{}') as Settings
}

/** Says that this process is ready, and answers whatever `run.ts` asks. */
export function answerParent(
  ready: unknown,
  answer: (question: never) => unknown = measureMemory,
): void {
  process.on('message', (question) => {
    void Promise.resolve(answer(question as never)).then((result) => process.send?.(result))
  })
  process.on('disconnect', () => process.exit())
  process.send?.(ready)
}

function measureMemory(): Memory {
  globalThis.gc?.()
  const { rss, heapUsed } = process.memoryUsage()
  return { rss, heapUsed }
}
