/** The load generator: closed loops, each of which starts its next request when the last ended. */
import { performance } from 'node:perf_hooks'
import { Agent } from 'undici'
import { answerParent } from './child.ts'
import { dance } from './dance.ts'

/** What `run.ts` asks for: so many seconds, or so many rounds in all. */
export interface Job {
  kind: 'json' | 'sse' | 'dance'
  url: string
  token?: string
  seconds?: number
  count?: number
  connections: number
}

export interface Result {
  perSecond: number
  p50: number
  p99: number
  done: number
  failed: number
  failure?: string
}

const dispatcher = new Agent({ connections: 64, pipelining: 1 })

function callBody(tool: string): string {
  const params = { name: tool, arguments: { text: 'What is the weather in Lisbon?' } }
  return JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
}

function prepare({ kind, url, token }: Job): () => Promise<unknown> {
  if (kind === 'dance') return () => dance(dispatcher, url)
  const { origin, pathname: path } = new URL(url)
  const body = callBody(kind === 'sse' ? 'stream' : 'echo')
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2025-11-25',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  }
  return async () => {
    const answer = await dispatcher.request({ origin, path, method: 'POST', headers, body })
    const text = await answer.body.text()
    if (answer.statusCode !== 200 || !text.includes('sunny'))
      throw new Error(`${answer.statusCode}: ${text.slice(0, 200)}`)
  }
}

async function work(job: Job): Promise<Result> {
  const once = prepare(job)
  const latencies: number[] = []
  let started = 0
  let failed = 0
  let failure: string | undefined
  const began = performance.now()
  const until = job.seconds === undefined ? Infinity : began + job.seconds * 1000
  const loop = async (): Promise<void> => {
    while (performance.now() < until && started < (job.count ?? Infinity)) {
      started += 1
      const sent = performance.now()
      try {
        await once()
        latencies.push(performance.now() - sent)
      } catch (error) {
        failed += 1
        failure ??= error instanceof Error ? error.message : 'not an error'
      }
    }
  }
  await Promise.all(Array.from({ length: job.connections }, loop))
  const elapsed = (performance.now() - began) / 1000
  latencies.sort((a, b) => a - b)
  const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? NaN
  return {
    perSecond: latencies.length / elapsed,
    p50: at(0.5),
    p99: at(0.99),
    done: latencies.length,
    failed,
    ...(failure === undefined ? {} : { failure }),
  }
}

answerParent({}, work)
