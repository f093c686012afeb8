import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

const CALL = 'call_1'

/**
 * What an agent takes for a language model: asks for the MCP tool `whoami` as soon as it is
 * offered, and repeats its result. Speaks Anthropic's Messages, and OpenAI's Responses and Chat
 * Completions, each as a stream, as much of them as that takes.
 */
export class FakeModel {
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error))
    })
  })
  /** Results of the tool, as the agent handed them on. */
  readonly results: string[] = []

  static async start(): Promise<FakeModel> {
    const model = new FakeModel()
    model.#server.listen(0, '127.0.0.1')
    await once(model.#server, 'listening')
    return model
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', this.origin).pathname
    const speak = DIALECTS[path]
    const body = await text(request)
    if (request.method !== 'POST' || speak === undefined) {
      response.writeHead(404).end()
      return
    }
    const asked = JSON.parse(body) as Asked
    const result = resultIn(asked)
    if (result !== undefined) this.results.push(result)
    const say = result ?? findTool(asked.tools ?? []) ?? 'There is no tool.'
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.end(speak(say).map(toEvent).join(''))
  }
}

type Call = { name: string; namespace?: string }
type Say = string | Call
type Event = Record<string, unknown> | '[DONE]'

interface Tool {
  name?: string
  function?: { name: string }
  tools?: Tool[]
}

interface Part {
  type?: string
  role?: string
  content?: unknown
  output?: unknown
}

interface Asked {
  tools?: Tool[]
  messages?: Part[]
  input?: Part[] | string
}

function findTool(tools: Tool[], namespace?: string): Call | undefined {
  for (const tool of tools) {
    const name = tool.name ?? tool.function?.name ?? ''
    if (name.endsWith('whoami')) return namespace === undefined ? { name } : { name, namespace }
    const inside = findTool(tool.tools ?? [], name)
    if (inside !== undefined) return inside
  }
  return undefined
}

/** The tool's result, where the conversation ends with it. */
function resultIn({ messages, input }: Asked): string | undefined {
  const last = (messages ?? (Array.isArray(input) ? input : [])).at(-1)
  if (last?.type === 'function_call_output') return JSON.stringify(last.output)
  if (last?.role === 'tool') return JSON.stringify(last.content)
  const parts = Array.isArray(last?.content) ? (last.content as Part[]) : []
  const result = parts.find(({ type }) => type === 'tool_result')
  return result === undefined ? undefined : JSON.stringify(result.content)
}

const DIALECTS: Record<string, (say: Say) => Event[]> = {
  '/v1/messages': messages,
  '/v1/responses': responses,
  '/v1/chat/completions': chatCompletions,
}

function toEvent(event: Event): string {
  if (event === '[DONE]') return 'data: [DONE]\n\n'
  const type = typeof event['type'] === 'string' ? `event: ${event['type']}\n` : ''
  return `${type}data: ${JSON.stringify(event)}\n\n`
}

function messages(say: Say): Event[] {
  const usage = { input_tokens: 1, output_tokens: 1 }
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'fake', content: [] }
  const isText = typeof say === 'string'
  const content_block = isText
    ? { type: 'text', text: '' }
    : { type: 'tool_use', id: CALL, name: say.name, input: {} }
  const delta = isText
    ? { type: 'text_delta', text: say }
    : { type: 'input_json_delta', partial_json: '{}' }
  const stop_reason = isText ? 'end_turn' : 'tool_use'
  return [
    { type: 'message_start', message: { ...message, stop_reason: null, usage } },
    { type: 'content_block_start', index: 0, content_block },
    { type: 'content_block_delta', index: 0, delta },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage },
    { type: 'message_stop' },
  ]
}

function responses(say: Say): Event[] {
  const item =
    typeof say === 'string'
      ? {
          type: 'message',
          id: 'item_1',
          role: 'assistant',
          content: [{ type: 'output_text', text: say, annotations: [] }],
        }
      : { type: 'function_call', id: 'item_1', call_id: CALL, arguments: '{}', ...say }
  const usage = { input_tokens: 1, output_tokens: 1, total_tokens: 2 }
  const response = { id: 'resp_1', object: 'response', output: [item], usage }
  return [
    { type: 'response.created', response: { ...response, output: [], status: 'in_progress' } },
    { type: 'response.output_item.added', output_index: 0, item },
    { type: 'response.output_item.done', output_index: 0, item },
    { type: 'response.completed', response: { ...response, status: 'completed' } },
  ]
}

function chatCompletions(say: Say): Event[] {
  const chunk = (delta: object, finish_reason: string | null): Event => ({
    id: 'chat_1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'fake',
    choices: [{ index: 0, delta, finish_reason }],
  })
  const call = (name: string): object => ({
    role: 'assistant',
    tool_calls: [{ index: 0, id: CALL, type: 'function', function: { name, arguments: '{}' } }],
  })
  return typeof say === 'string'
    ? [chunk({ role: 'assistant', content: say }, null), chunk({}, 'stop'), '[DONE]']
    : [chunk(call(say.name), null), chunk({}, 'tool_calls'), '[DONE]']
}
