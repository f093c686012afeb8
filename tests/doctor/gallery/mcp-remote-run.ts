import { rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { McpRemote, newConfigFolder } from '../../support/mcp-remote.ts'
import { agree } from './browser.ts'

const DEADLINE_SECONDS = 12
/** mcp-remote may open the browser before it listens (its own race). */
const LISTENING_AFTER_MS = 700
/** A person who is stuck in the browser does not come back, and mcp-remote waits for ever. */
const STUCK_MS = 1500

export interface Run {
  outcome: 'connected' | 'failed'
  /** How it ended, for the table. */
  how: 'tools listed' | 'exit' | 'error' | 'person stuck' | 'deadline'
  stderr: string
}

/** The real mcp-remote against the server, with a person who agrees; connected is tools listed. */
export async function runMcpRemote(
  mcpUrl: string,
  {
    folder,
    deadlineSeconds = DEADLINE_SECONDS,
    visit = async (url) => (await agree(url)).isBack,
  }: {
    folder?: string
    deadlineSeconds?: number | undefined
    visit?: (url: string) => Promise<boolean>
  } = {},
): Promise<Run> {
  const ownFolder = folder ?? newConfigFolder()
  const client = new McpRemote('0.15', mcpUrl, { folder: ownFolder })
  const end = new AbortController()
  const deadline = Date.now() + deadlineSeconds * 1000
  const how = await Promise.race([
    listTools(client, deadline).then(
      () => 'tools listed' as const,
      () => 'error' as const,
    ),
    client.exited.then(() => 'exit' as const),
    playPerson(client, visit, end.signal),
    sleep(deadline - Date.now(), 'deadline' as const),
  ])
  end.abort()
  await client.close()
  if (folder === undefined) rmSync(ownFolder, { recursive: true, force: true })
  return { outcome: how === 'tools listed' ? 'connected' : 'failed', how, stderr: client.stderr }
}

async function listTools(client: McpRemote, deadline: number): Promise<void> {
  const clientInfo = { name: 'claude-ai', version: '0.1.0' }
  client.send({
    id: 1,
    method: 'initialize',
    params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo },
  })
  await answer(client, 1, deadline)
  client.send({ method: 'notifications/initialized' })
  client.send({ id: 2, method: 'tools/list', params: {} })
  await answer(client, 2, deadline)
}

/** `answer` has a deadline of its own, which is too early for some. */
async function answer(client: McpRemote, id: number, deadline: number): Promise<void> {
  try {
    await client.answer(id)
  } catch (error) {
    const isEarly = error instanceof Error && error.message.startsWith('not in time')
    if (!isEarly || Date.now() > deadline) throw error
    await answer(client, id, deadline)
  }
}

/** Goes wherever a browser is opened; comes back only when that leads nowhere. */
async function playPerson(
  client: McpRemote,
  visit: (url: string) => Promise<boolean>,
  signal: AbortSignal,
): Promise<'person stuck'> {
  const visited = new Set<string>()
  for (;;) {
    const url = client.opened.find((each) => !visited.has(each))
    if (url === undefined) {
      await sleep(50)
      // The folder of opened pages goes with the client.
      if (signal.aborted) return 'person stuck'
      continue
    }
    visited.add(url)
    await sleep(LISTENING_AFTER_MS)
    if (await visit(url)) continue
    await sleep(STUCK_MS)
    if (client.opened.every((each) => visited.has(each))) return 'person stuck'
  }
}
