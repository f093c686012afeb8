import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Emit } from '../../events.ts'
import { createFlows } from '../../flow/flows.ts'
import { tellStory, type Story } from '../../flow/story.ts'
import { toTimelineEvent } from '../../flow/timeline-event.ts'
import { codePage, flowPage, HEADERS } from './page.ts'

export interface FlowPage {
  readonly url: string
  /** Draws what it is told of. */
  emit: Emit
  close: () => Promise<void>
}

const MAX_FLOWS = 50
const MAX_READERS = 16
const CODE = /^\/doctor\/(D\d\d-[a-z0-9-]{1,60})$/
const MANUAL = new URL('../../../docs/doctor.md', import.meta.url)

/** The live page of `postern dev`, on a loopback port of its own. It exists nowhere else. */
export async function startFlowPage({
  now = Date.now,
}: { now?: () => number } = {}): Promise<FlowPage> {
  const flows = createFlows({ max: MAX_FLOWS })
  const readers = new Set<ServerResponse>()
  let hosts = new Set<string>()

  function stories(): Story[] {
    return flows
      .all()
      .map((flow) => tellStory(flow, flows.before(flow), now()))
      .toSorted((a, b) => b.startedAt - a.startedAt)
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A page of another name that resolves to this computer says that name in Host.
    if (!hosts.has(request.headers.host ?? '')) return end(response, 403, 'Not served here')
    if (request.method !== 'GET') return end(response, 405, 'Method not allowed')
    const path = request.url ?? '/'
    if (path === '/') return endPage(response, await flowPage(stories()))
    if (path === '/events') return listen(request, response)
    const code = CODE.exec(path)?.[1]
    const text = code === undefined ? undefined : await explain(code)
    if (code === undefined || text === undefined) return end(response, 404, 'Not found')
    endPage(response, await codePage(code, text))
  }

  function listen(request: IncomingMessage, response: ServerResponse): void {
    // Nothing is told but that something happened; still nobody else's page may hold connections.
    const site = request.headers['sec-fetch-site']
    if (site !== undefined && site !== 'same-origin') return end(response, 403, 'Not served here')
    if (readers.size >= MAX_READERS) return end(response, 503, 'Too many pages are open')
    response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream' })
    response.write(':\n\n')
    readers.add(response)
    response.once('close', () => readers.delete(response))
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  hosts = new Set([`localhost:${port}`, `127.0.0.1:${port}`])

  return {
    url: `http://localhost:${port}/`,
    emit: (event) => {
      const told = toTimelineEvent({ time: now(), ...event })
      if (told === undefined || flows.add(told) === undefined) return
      for (const reader of readers) reader.write('data: changed\n\n')
    },
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

/** The section of a code in the manual; undefined where it, or the manual, is not there. */
async function explain(code: string): Promise<string | undefined> {
  const manual = await readFile(MANUAL, 'utf8').catch(() => '')
  return manual
    .split(/^### /m)
    .find((section) => section.startsWith(`${code}\n`))
    ?.slice(code.length)
    .split(/^## /m, 1)[0]
    ?.trim()
}

function endPage(response: ServerResponse, page: string): void {
  response.writeHead(200, HEADERS).end(page)
}

function end(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { ...HEADERS, 'content-type': 'text/plain' }).end(text)
}
