import type { World } from '../world.ts'

/** A requirement of a running deployment; `check` throws where it is not met. */
export interface Probe {
  name: string
  check: (world: World) => Promise<void> | void
}

export const CALL: string = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'whoami', arguments: {} },
})

export const MCP_HEADERS: Readonly<Record<string, string>> = {
  accept: 'application/json, text/event-stream',
  'content-type': 'application/json',
  'mcp-protocol-version': '2025-11-25',
}

export function bearer(token: string): Record<string, string> {
  return { ...MCP_HEADERS, authorization: `Bearer ${token}` }
}
