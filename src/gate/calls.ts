import type { Call } from '../events.ts'
import { headerValues, type HeaderList } from '../protocol/headers.ts'

/**
 * What a client says that it calls (MCP 2026-07-28, "Standard Request Headers"). Bodies are never
 * looked at, so of clients of earlier revisions nothing is known but that they call. Telemetry
 * only: nothing checks that the headers are true.
 */
export function readCall(headers: HeaderList): Call {
  const method = nameIn(headers, 'mcp-method', /^[a-z]+(?:\/[A-Za-z_]+){0,3}$/)
  if (method === undefined) return {}
  if (method !== 'tools/call') return { method }
  // MCP 2026-07-28, "Tool Names". Shorter than allowed there: a token must not pass for a name.
  const tool = nameIn(headers, 'mcp-name', /^[\w.-]+$/)
  return tool === undefined ? { method } : { method, tool }
}

const MAX_NAME_LENGTH = 40

function nameIn(headers: HeaderList, header: string, form: RegExp): string | undefined {
  const [name, ...more] = headerValues(headers, header)
  if (name === undefined || more.length > 0 || name.length > MAX_NAME_LENGTH) return undefined
  return form.test(name) ? name : undefined
}

/** Counts the calls with one token, and says which are worth a line: few, however many there are. */
export function createCallCount(): (call: Call) => { calls: number; notable?: true } {
  let calls = 0
  let next = 1
  let calledTool = false
  return ({ method }) => {
    calls += 1
    const isFirstTool = !calledTool && method === 'tools/call'
    if (isFirstTool) calledTool = true
    // The first, the tenth, the hundredth …
    if (calls === next) next *= 10
    else if (!isFirstTool) return { calls }
    return { calls, notable: true }
  }
}
