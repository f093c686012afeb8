import type { Answer, Ask, Asked } from '../ask.ts'
import { INITIALIZE } from '../probes/resource.ts'
import { isObject } from '../probes/documents.ts'

/** How the resource takes a token: the first call of a client, and what its tools are. */
export interface Use {
  initialize: Asked
  /** Undefined where they were not listed. */
  toolCount: number | undefined
}

const BOTH = 'application/json, text/event-stream'

/** As clients begin: initialize, initialized, tools/list. */
export async function callServer(ask: Ask, url: string, accessToken: string): Promise<Use> {
  const headers: Record<string, string> = {
    accept: BOTH,
    'content-type': 'application/json',
    authorization: `Bearer ${accessToken}`,
  }
  const post = (body: string): Promise<Asked> => ask(url, { method: 'POST', headers, body })
  const initialize = await post(INITIALIZE)
  if (!initialize.ok || initialize.value.status !== 200) return { initialize, toolCount: undefined }
  const session = initialize.value.headers.get('mcp-session-id')
  if (session !== null) headers['mcp-session-id'] = session
  headers['mcp-protocol-version'] = '2025-11-25'
  await post(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }))
  const listed = await post(JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'tools/list' }))
  // A session of nobody's is not left behind.
  if (session !== null) await ask(url, { method: 'DELETE', headers })
  return { initialize, toolCount: listed.ok ? countTools(listed.value) : undefined }
}

function countTools(answer: Answer): number | undefined {
  const message = answer.json ?? parseEvent(answer.text)
  const result = isObject(message) ? message['result'] : undefined
  const tools = isObject(result) ? result['tools'] : undefined
  return Array.isArray(tools) ? tools.length : undefined
}

/** The data of the first event of a stream. */
function parseEvent(text: string): unknown {
  const lines = [...text.matchAll(/^data: ?(.*)$/gm)].map(([, line]) => line)
  try {
    return JSON.parse(lines.join('\n'))
  } catch {
    return undefined
  }
}
