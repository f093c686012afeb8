import type { Fault, Place } from './fault.ts'
import type { Reply, Visit } from './reply.ts'

/** The resource: a challenge for whoever has no token, and an MCP server with one tool. */
export function answerMcp(
  { method, headers, body }: Visit,
  origin: string,
  { isOpen, withToken }: Fault,
  accepts: (token: string) => boolean,
): { place: Place | undefined; reply: Reply } {
  const { authorization } = headers
  if (isOpen === true && method === 'POST')
    return { place: undefined, reply: answerMessage(JSON.parse(body) as Message) }
  if (authorization === undefined && isOpen !== true)
    return { place: `${method as 'GET' | 'HEAD' | 'POST'} mcp`, reply: challenge(origin) }
  if (isOpen !== true && !accepts((authorization ?? '').replace(/^Bearer /, '')))
    return { place: 'bad token', reply: challenge(origin, ', error="invalid_token"') }
  if (withToken !== undefined) return { place: undefined, reply: withToken }
  if (method !== 'POST') return { place: undefined, reply: { status: 405 } }
  return { place: undefined, reply: answerMessage(JSON.parse(body) as Message) }
}

function challenge(origin: string, more = ''): Reply {
  const metadata = `${origin}/.well-known/oauth-protected-resource/mcp`
  return {
    status: 401,
    headers: {
      'www-authenticate': `Bearer resource_metadata="${metadata}", scope="tools"${more}`,
    },
    json: { error: 'invalid_token' },
  }
}

interface Message {
  id?: number
  method: string
  params?: { protocolVersion?: string }
}

function answerMessage(message: Message): Reply {
  const { id, method, params } = message
  if (id === undefined) return { status: 202 }
  switch (method) {
    case 'initialize':
      return result(id, {
        protocolVersion: params?.protocolVersion ?? '2025-06-18',
        capabilities: { tools: {} },
        serverInfo: { name: 'gallery', version: '1' },
      })
    case 'tools/list':
      return result(id, {
        tools: [{ name: 'echo', description: 'Echoes.', inputSchema: { type: 'object' } }],
      })
    default:
      return { status: 200, json: { jsonrpc: '2.0', id, error: { code: -32601, message: 'no' } } }
  }
}

function result(id: number, value: object): Reply {
  return { status: 200, json: { jsonrpc: '2.0', id, result: value } }
}
