/**
 * One execution environment. Arguments: bundle, event, how often to invoke warm. Prints one line of
 * JSON on stderr, because handlers log to stdout.
 */
import { pathToFileURL } from 'node:url'

export interface Run {
  importMs: number
  /** Processor time of the import: what is left of it on a busy machine. */
  importCpuMs: number
  firstMs: number
  /** Of the warm invocations, in order. */
  warmMs: number[]
  rssMiB: number
}

const [file = '', event = '{}', warm = '0'] = process.argv.slice(2)
// Node's own share, which every handler that answers HTTP pays, ours or not.
void new Response()
void (await crypto.subtle.digest('SHA-256', new Uint8Array()))

const before = process.cpuUsage()
const loading = performance.now()
const { handler } = (await import(pathToFileURL(file).href)) as {
  handler: (event: unknown) => Promise<unknown>
}
const importMs = performance.now() - loading
const { user, system } = process.cpuUsage(before)

async function invoke(): Promise<number> {
  const invoking = performance.now()
  // What a function throws is an answer as well: the authorizer's 401, for one.
  await handler(JSON.parse(event)).catch(() => {})
  return performance.now() - invoking
}

const firstMs = await invoke()
const warmMs: number[] = []
for (let turn = 0; turn < Number(warm); turn += 1) warmMs.push(await invoke())
const run: Run = {
  importMs,
  importCpuMs: (user + system) / 1000,
  firstMs,
  warmMs,
  rssMiB: process.memoryUsage.rss() / 1024 / 1024,
}
process.stderr.write(`${JSON.stringify(run)}\n`)
