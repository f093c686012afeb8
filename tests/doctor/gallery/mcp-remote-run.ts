import { rmSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { McpRemote, type McpRemoteVersion, newConfigFolder } from '../../support/mcp-remote.ts'
import { agree } from './browser.ts'

/** How long mcp-remote may be silent before it is taken to wait for ever; longer where its start took long. */
const PATIENCE_MS = 2500
const PATIENCE_IN_STARTS = 4
const START_MS = 90_000
const MOST_MS = 100_000
/** mcp-remote may open the browser before it listens (its own race). */
const LISTENING_MS = 5000

export interface Run {
  outcome: 'connected' | 'failed'
  /** How it ended, for the table. */
  how: 'tools listed' | 'exit' | 'error' | 'person stuck' | 'silence' | 'too long'
  stderr: string
}

export interface RunOptions {
  version?: McpRemoteVersion
  folder?: string | undefined
  env?: NodeJS.ProcessEnv
  patienceSeconds?: number | undefined
  visit?: ((url: string) => Promise<boolean>) | undefined
}

interface Person {
  isUnderway: boolean
  isStuck: boolean
}

/** The real mcp-remote against the server, with a person who agrees; connected is tools listed. */
export async function runMcpRemote(
  mcpUrl: string,
  {
    version = '0.15',
    folder,
    env = {},
    patienceSeconds = 0,
    visit = async (url) => (await agree(url)).isBack,
  }: RunOptions = {},
): Promise<Run> {
  const ownFolder = folder ?? newConfigFolder()
  const client = new McpRemote(version, mcpUrl, { folder: ownFolder, env })
  const person = { isUnderway: false, isStuck: false }
  const end = new AbortController()
  const how = await Promise.race([
    listTools(client, end.signal),
    client.exited.then(() => 'exit' as const),
    playPerson(client, visit, person, end.signal),
    waitForSilence(client, person, patienceSeconds * 1000, end.signal),
    sleep(MOST_MS, 'too long' as const, { signal: end.signal }),
  ])
  end.abort()
  await client.close()
  if (folder === undefined) rmSync(ownFolder, { recursive: true, force: true })
  return { outcome: how === 'tools listed' ? 'connected' : 'failed', how, stderr: client.stderr }
}

async function listTools(
  client: McpRemote,
  signal: AbortSignal,
): Promise<'tools listed' | 'exit' | 'error'> {
  const clientInfo = { name: 'claude-ai', version: '0.1.0' }
  try {
    client.send({
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo },
    })
    await answer(client, 1, signal)
    client.send({ method: 'notifications/initialized' })
    client.send({ id: 2, method: 'tools/list', params: {} })
    await answer(client, 2, signal)
    return 'tools listed'
  } catch (error) {
    const isEnd = error instanceof Error && error.message.startsWith('mcp-remote ended')
    return isEnd ? 'exit' : 'error'
  }
}

/** `answer` has a deadline of its own, which is too early for some. */
async function answer(client: McpRemote, id: number, signal: AbortSignal): Promise<void> {
  try {
    await client.answer(id)
  } catch (error) {
    const isEarly = error instanceof Error && error.message.startsWith('not in time')
    if (!isEarly || signal.aborted) throw error
    await answer(client, id, signal)
  }
}

/** Goes wherever a browser is opened. */
async function playPerson(
  client: McpRemote,
  visit: (url: string) => Promise<boolean>,
  person: Person,
  signal: AbortSignal,
): Promise<never> {
  const visited = new Set<string>()
  for (;;) {
    await sleep(50)
    // The folder of opened pages goes with the client.
    if (signal.aborted) return new Promise(() => {})
    const url = client.opened.find((each) => !visited.has(each))
    if (url === undefined) continue
    visited.add(url)
    person.isUnderway = true
    await waitForListener(new URL(url).searchParams.get('redirect_uri') ?? url)
    person.isStuck = !(await visit(url))
    person.isUnderway = false
  }
}

async function waitForListener(redirectUri: string): Promise<void> {
  const port = Number(new URL(redirectUri).port)
  const end = Date.now() + LISTENING_MS
  while (Date.now() < end) {
    const isListening = await new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true))
      socket.once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
    if (isListening === true) return
    await sleep(50)
  }
}

/** Where nothing happens any more, nothing will. */
async function waitForSilence(
  client: McpRemote,
  person: Person,
  leastMs: number,
  signal: AbortSignal,
): Promise<'person stuck' | 'silence'> {
  const began = Date.now()
  let patienceMs = START_MS
  let seen = '0 0'
  let since = began
  for (;;) {
    await sleep(50)
    if (signal.aborted) return 'silence'
    const now = Date.now()
    const signs = `${client.stderr.length} ${client.opened.length}`
    if (signs !== seen || person.isUnderway) {
      if (seen === '0 0')
        patienceMs = Math.max(PATIENCE_MS, leastMs, PATIENCE_IN_STARTS * (now - began))
      seen = signs
      since = now
    }
    if (now - since > patienceMs) return person.isStuck ? 'person stuck' : 'silence'
  }
}
