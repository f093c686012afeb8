import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createAdaptorServer } from '@hono/node-server'
import {
  type CallToolResult,
  createMcpHandler,
  createRequestStateCodec,
  type EventStore,
  fromJsonSchema,
  hostHeaderValidationResponse,
  inputRequired,
  type InputRequiredResult,
  isLegacyRequest,
  type JSONRPCMessage,
  localhostAllowedHostnames,
  localhostAllowedOrigins,
  McpServer,
  originValidationResponse,
  ResourceTemplate,
  type ServerContext,
  type ServerNotifier,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server'

const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=='
const SOUND = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA='

const IMAGE = { type: 'image' as const, data: PIXEL, mimeType: 'image/png' }
const CAPABILITIES = {
  tools: { listChanged: true },
  prompts: { listChanged: true },
  resources: { subscribe: true, listChanged: true },
  completions: {},
  logging: {},
}
const SHORT = { ttlMs: 1000, cacheScope: 'private' as const }
const state = createRequestStateCodec<{ step: number }>({
  key: 'only for tests: 32 bytes or more of it',
})

export interface EverythingServer {
  url: string
  close: () => Promise<void>
}

/** An MCP server with whatever the conformance tool wants to find: sessions, streams, both eras. */
export async function startEverythingServer(): Promise<EverythingServer> {
  const sessions = new Map<string, WebStandardStreamableHTTPServerTransport>()
  const modern = createMcpHandler(() => createServer(() => modern.notify))

  async function legacy(request: Request): Promise<Response> {
    const id = request.headers.get('mcp-session-id')
    const known = id === null ? undefined : sessions.get(id)
    if (known !== undefined) return known.handleRequest(request)
    if (id !== null) return new Response('no such session', { status: 404 })
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      eventStore: new MemoryEventStore(),
      retryInterval: 100,
      onsessioninitialized: (session) => {
        sessions.set(session, transport)
      },
      onsessionclosed: (session) => {
        sessions.delete(session)
      },
    })
    await createServer(() => undefined).connect(transport)
    return transport.handleRequest(request)
  }

  const server = createAdaptorServer({
    overrideGlobalObjects: false,
    fetch: async (request) => {
      const refused =
        hostHeaderValidationResponse(request, localhostAllowedHostnames()) ??
        originValidationResponse(request, localhostAllowedOrigins())
      if (refused !== undefined) return refused
      return (await isLegacyRequest(request.clone())) ? legacy(request) : modern.fetch(request)
    },
  }) as Server
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await Promise.all([
        closed,
        modern.close(),
        ...[...sessions.values()].map((each) => each.close()),
      ])
    },
  }
}

/** Lets a client that lost its stream take it up again with `Last-Event-ID`. */
class MemoryEventStore implements EventStore {
  readonly #events: { id: string; stream: string; message: JSONRPCMessage }[] = []

  storeEvent(stream: string, message: JSONRPCMessage): Promise<string> {
    const id = `${this.#events.length + 1}`
    this.#events.push({ id, stream, message })
    return Promise.resolve(id)
  }

  getStreamIdForEventId(eventId: string): Promise<string | undefined> {
    return Promise.resolve(this.#events.find(({ id }) => id === eventId)?.stream)
  }

  async replayEventsAfter(
    lastEventId: string,
    { send }: { send: (eventId: string, message: JSONRPCMessage) => Promise<void> },
  ): Promise<string> {
    const last = this.#events.findIndex(({ id }) => id === lastEventId)
    const stream = this.#events[last]?.stream ?? ''
    for (const event of this.#events.slice(last + 1))
      // What only opens a stream is no message to repeat.
      if (event.stream === stream && 'jsonrpc' in event.message) await send(event.id, event.message)
    return stream
  }
}

function createServer(notifier: () => ServerNotifier | undefined): McpServer {
  const server = new McpServer(
    { name: 'everything', version: '1.0.0' },
    {
      capabilities: CAPABILITIES,
      requestState: { verify: (sealed, context) => state.verify(sealed, context) },
      cacheHints: {
        'tools/list': SHORT,
        'prompts/list': SHORT,
        'resources/list': SHORT,
        'resources/templates/list': SHORT,
        'resources/read': SHORT,
      },
    },
  )
  addContentTools(server)
  addSchemaTools(server)
  addStreamingTools(server)
  addClientTools(server)
  addInputRequiredTools(server)
  addChangeTools(server, notifier)
  addResources(server)
  addPrompts(server)
  server.server.setRequestHandler('completion/complete', () => ({
    completion: { values: ['paris', 'park', 'party'], total: 3, hasMore: false },
  }))
  server.server.setRequestHandler('resources/subscribe', () => ({}))
  server.server.setRequestHandler('resources/unsubscribe', () => ({}))
  return server
}

type Answer = CallToolResult | InputRequiredResult

function addTool(
  server: McpServer,
  name: string,
  run: (context: ServerContext, input: Record<string, string>) => Answer | Promise<Answer>,
  inputSchema: object = { type: 'object', properties: {} },
): void {
  server.registerTool(
    name,
    { description: `For conformance: ${name}`, inputSchema: fromJsonSchema<object>(inputSchema) },
    (input, context) => run(context, input as Record<string, string>),
  )
}

function say(text: string): CallToolResult {
  return { content: [{ type: 'text', text }] }
}

function required(name: string): object {
  return { type: 'object', properties: { [name]: { type: 'string' } }, required: [name] }
}

function addContentTools(server: McpServer): void {
  addTool(server, 'test_simple_text', () => say('This is a simple text response for testing.'))
  addTool(server, 'test_image_content', () => ({ content: [IMAGE] }))
  addTool(server, 'test_audio_content', () => ({
    content: [{ type: 'audio', data: SOUND, mimeType: 'audio/wav' }],
  }))
  addTool(server, 'test_embedded_resource', () => ({
    content: [
      {
        type: 'resource',
        resource: {
          uri: 'test://embedded-resource',
          mimeType: 'text/plain',
          text: 'This is an embedded resource content.',
        },
      },
    ],
  }))
  addTool(server, 'test_multiple_content_types', () => ({
    content: [
      { type: 'text', text: 'Multiple content types test:' },
      IMAGE,
      {
        type: 'resource',
        resource: {
          uri: 'test://mixed-content-resource',
          mimeType: 'application/json',
          text: JSON.stringify({ test: 'data', value: 123 }),
        },
      },
    ],
  }))
  addTool(server, 'test_error_handling', () => {
    throw new Error('This tool intentionally returns an error for testing')
  })
}

const JSON_SCHEMA_2020_12 = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  $defs: {
    address: {
      $anchor: 'addressDef',
      type: 'object',
      properties: { street: { type: 'string' }, city: { type: 'string' } },
    },
  },
  properties: {
    name: { type: 'string' },
    address: { $ref: '#/$defs/address' },
    contactMethod: { type: 'string', enum: ['phone', 'email'] },
    phone: { type: 'string' },
    email: { type: 'string' },
  },
  allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
  if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
  // JSON Schema's own word; nobody awaits a schema.
  // oxlint-disable-next-line unicorn/no-thenable
  then: { required: ['phone'] },
  else: { required: ['email'] },
  additionalProperties: false,
}

/** Tools that are looked at rather than called. */
function addSchemaTools(server: McpServer): void {
  addTool(server, 'json_schema_2020_12_tool', () => say('ok'), JSON_SCHEMA_2020_12)
  addTool(server, 'test_custom_headers', () => say('ok'), {
    type: 'object',
    properties: { region: { type: 'string', 'x-mcp-header': 'Region' } },
    required: ['region'],
  })
}

function addStreamingTools(server: McpServer): void {
  addTool(server, 'test_tool_with_logging', async ({ mcpReq }) => {
    await mcpReq.log('info', 'Tool execution started')
    await sleep(50)
    await mcpReq.log('info', 'Tool processing data')
    await sleep(50)
    await mcpReq.log('info', 'Tool execution completed')
    return say('Logged three times.')
  })
  addTool(server, 'test_logging_tool', async ({ mcpReq }) => {
    await mcpReq.log('info', 'only for those who asked')
    return say('Logged once.')
  })
  addTool(server, 'test_tool_with_progress', async ({ mcpReq }) => {
    const progressToken = mcpReq._meta?.progressToken
    for (const progress of [0, 50, 100]) {
      if (progressToken !== undefined)
        await mcpReq.notify({
          method: 'notifications/progress',
          params: { progressToken, progress, total: 100 },
        })
      await sleep(50)
    }
    return say('Progressed.')
  })
  addTool(server, 'test_reconnection', async ({ http }) => {
    http?.closeSSE?.()
    await sleep(100)
    return say('Reconnected.')
  })
}

const USER_NAME = {
  type: 'object' as const,
  properties: { username: { type: 'string' as const }, email: { type: 'string' as const } },
  required: ['username', 'email'],
}

const DEFAULTS = {
  type: 'object' as const,
  properties: {
    name: { type: 'string' as const, default: 'John Doe' },
    age: { type: 'integer' as const, default: 30 },
    score: { type: 'number' as const, default: 95.5 },
    status: {
      type: 'string' as const,
      enum: ['active', 'inactive', 'pending'],
      default: 'active',
    },
    verified: { type: 'boolean' as const, default: true },
  },
}

const TITLED = ['First', 'Second', 'Third'].map((title, index) => ({
  const: `value${index + 1}`,
  title: `${title} Option`,
}))
const OPTIONS = ['option1', 'option2', 'option3']

const ENUMS = {
  type: 'object' as const,
  properties: {
    untitledSingle: { type: 'string' as const, enum: OPTIONS },
    titledSingle: { type: 'string' as const, oneOf: TITLED },
    legacyEnum: {
      type: 'string' as const,
      enum: ['opt1', 'opt2', 'opt3'],
      enumNames: ['Option One', 'Option Two', 'Option Three'],
    },
    untitledMulti: {
      type: 'array' as const,
      items: { type: 'string' as const, enum: OPTIONS },
    },
    titledMulti: { type: 'array' as const, items: { anyOf: TITLED } },
  },
}

/** Tools that ask the client something in the middle of a call, as up to 2025-11-25. */
function addClientTools(server: McpServer): void {
  addTool(
    server,
    'test_sampling',
    async ({ mcpReq }, { prompt = '' }) => {
      const { content } = await mcpReq.requestSampling({
        messages: [{ role: 'user', content: { type: 'text', text: prompt } }],
        maxTokens: 100,
      })
      const text = 'text' in content ? content.text : ''
      return say(`LLM response: ${text}`)
    },
    required('prompt'),
  )
  addTool(
    server,
    'test_elicitation',
    async ({ mcpReq }, { message = '' }) => {
      const answer = await mcpReq.elicitInput({ message, requestedSchema: USER_NAME })
      return say(`User response: action=${answer.action}, ${JSON.stringify(answer.content)}`)
    },
    required('message'),
  )
  const schemas = {
    test_elicitation_sep1034_defaults: DEFAULTS,
    test_elicitation_sep1330_enums: ENUMS,
  }
  for (const [name, requestedSchema] of Object.entries(schemas))
    addTool(server, name, async ({ mcpReq }) => {
      const answer = await mcpReq.elicitInput({ message: 'Please choose', requestedSchema })
      const content = JSON.stringify(answer.content)
      return say(`Elicitation completed: action=${answer.action}, content=${content}`)
    })
}

function ask(message: string, name: string, type: 'string' | 'boolean' = 'string'): AnInput {
  const property = type === 'string' ? { type } : { type }
  return inputRequired.elicit({
    message,
    requestedSchema: { type: 'object', properties: { [name]: property }, required: [name] },
  })
}

type AnInput = ReturnType<typeof inputRequired.elicit>

function sample(text: string): AnInput {
  const messages = [{ role: 'user' as const, content: { type: 'text' as const, text } }]
  return inputRequired.createMessage({ messages, maxTokens: 100 })
}

/** Content that the person accepted under a key of the input responses. */
function accepted(context: ServerContext, key: string, name: string): unknown {
  const answer = context.mcpReq.inputResponses?.[key] as
    { action?: string; content?: Record<string, unknown> } | undefined
  return answer?.action === 'accept' ? answer.content?.[name] : undefined
}

/** The same in 2026-07-28, where the client calls again with the answer. */
function addInputRequiredTools(server: McpServer): void {
  const prefix = 'test_input_required_result'
  addTool(server, `${prefix}_elicitation`, (context) => {
    const name = accepted(context, 'user_name', 'name')
    return typeof name === 'string'
      ? say(`Hello, ${name}!`)
      : inputRequired({ inputRequests: { user_name: ask('What is your name?', 'name') } })
  })
  addTool(server, `${prefix}_sampling`, ({ mcpReq }) => {
    const answer = mcpReq.inputResponses?.['capital_question']
    if (answer !== undefined) return say(JSON.stringify(answer))
    const capital_question = sample('What is the capital of France?')
    return inputRequired({ inputRequests: { capital_question } })
  })
  addTool(server, `${prefix}_list_roots`, ({ mcpReq }) => {
    const answer = mcpReq.inputResponses?.['client_roots']
    if (answer !== undefined) return say(JSON.stringify(answer))
    return inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } })
  })
  for (const name of ['request_state', 'tampered_state'])
    addTool(server, `${prefix}_${name}`, async ({ mcpReq }) => {
      const known = mcpReq.requestState<{ step: number }>()
      if (known?.step === 1 && mcpReq.inputResponses?.['confirm'] !== undefined)
        return say('state-ok')
      return inputRequired({
        inputRequests: { confirm: ask('Please confirm', 'ok', 'boolean') },
        requestState: await state.mint({ step: 1 }),
      })
    })
  addTool(server, `${prefix}_multiple_inputs`, async ({ mcpReq }) => {
    const answers = mcpReq.inputResponses
    if (['user_name', 'greeting', 'client_roots'].every((key) => answers?.[key] !== undefined))
      return say(JSON.stringify(answers))
    return inputRequired({
      inputRequests: {
        user_name: ask('What is your name?', 'name'),
        greeting: sample('Generate a greeting'),
        client_roots: inputRequired.listRoots(),
      },
      requestState: await state.mint({ step: 1 }),
    })
  })
  addTool(server, `${prefix}_multi_round`, async (context) => {
    const step = context.mcpReq.requestState<{ step: number }>()?.step ?? 0
    if (step === 2 && accepted(context, 'step2', 'color') !== undefined) return say('All steps.')
    if (step === 1 && accepted(context, 'step1', 'name') !== undefined)
      return inputRequired({
        inputRequests: { step2: ask('Step 2: What is your favorite color?', 'color') },
        requestState: await state.mint({ step: 2 }),
      })
    return inputRequired({
      inputRequests: { step1: ask('Step 1: What is your name?', 'name') },
      requestState: await state.mint({ step: 1 }),
    })
  })
  addTool(server, `${prefix}_capabilities`, (context) => {
    const can = clientCapabilities(context)
    const inputRequests = {
      ...(can['sampling'] === undefined ? {} : { greeting: sample('Generate a greeting') }),
      ...(can['elicitation'] === undefined ? {} : { user_name: ask('Your name?', 'name') }),
    }
    return inputRequired({ inputRequests })
  })
  addTool(server, 'test_streaming_elicitation', (context) =>
    accepted(context, 'user_name', 'name') === undefined
      ? inputRequired({ inputRequests: { user_name: ask('What is your name?', 'name') } })
      : say('Thank you.'),
  )
  // Refused before it is asked where the client did not say that it can sample.
  addTool(server, 'test_missing_capability', () =>
    inputRequired({ inputRequests: { greeting: sample('Generate a greeting') } }),
  )
}

function clientCapabilities({ mcpReq }: ServerContext): Record<string, unknown> {
  const key = 'io.modelcontextprotocol/clientCapabilities'
  const envelope = mcpReq.envelope as Record<string, unknown> | undefined
  return (envelope?.[key] ?? mcpReq._meta?.[key] ?? {}) as Record<string, unknown>
}

function addChangeTools(server: McpServer, notifier: () => ServerNotifier | undefined): void {
  addTool(server, 'test_trigger_tool_change', () => {
    notifier()?.toolsChanged()
    return say('Tools changed.')
  })
  addTool(server, 'test_trigger_prompt_change', () => {
    notifier()?.promptsChanged()
    return say('Prompts changed.')
  })
}

function addResources(server: McpServer): void {
  const texts = {
    'test://static-text': 'This is the content of the static text resource.',
    'test://watched-resource': 'Somebody watches this resource.',
  }
  for (const [uri, text] of Object.entries(texts))
    server.registerResource(uri, uri, { description: uri, mimeType: 'text/plain' }, () => ({
      contents: [{ uri, mimeType: 'text/plain', text }],
    }))
  const uri = 'test://static-binary'
  server.registerResource(uri, uri, { description: uri, mimeType: 'image/png' }, () => ({
    contents: [{ uri, mimeType: 'image/png', blob: PIXEL }],
  }))
  server.registerResource(
    'template',
    new ResourceTemplate('test://template/{id}/data', { list: undefined }),
    { description: 'A template', mimeType: 'application/json' },
    (url, { id }) => ({
      contents: [
        {
          uri: url.href,
          mimeType: 'application/json',
          text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${String(id)}` }),
        },
      ],
    }),
  )
}

function addPrompts(server: McpServer): void {
  const user = <T>(content: T): { role: 'user'; content: T } => ({ role: 'user', content })
  const text = (words: string): { type: 'text'; text: string } => ({ type: 'text', text: words })
  server.registerPrompt('test_simple_prompt', { description: 'Simple' }, () => ({
    messages: [user(text('This is a simple prompt for testing.'))],
  }))
  server.registerPrompt('test_prompt_with_image', { description: 'Image' }, () => ({
    messages: [user(IMAGE), user(text('Please analyze the image above.'))],
  }))
  const two = fromJsonSchema<{ arg1: string; arg2: string }>({
    type: 'object',
    properties: {
      arg1: { type: 'string', description: 'First test argument' },
      arg2: { type: 'string', description: 'Second test argument' },
    },
    required: ['arg1', 'arg2'],
  })
  server.registerPrompt(
    'test_prompt_with_arguments',
    { description: 'Arguments', argsSchema: two },
    ({ arg1, arg2 }) => ({
      messages: [user(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`))],
    }),
  )
  server.registerPrompt(
    'test_prompt_with_embedded_resource',
    {
      description: 'Embedded resource',
      argsSchema: fromJsonSchema<{ resourceUri: string }>(required('resourceUri')),
    },
    ({ resourceUri }) => ({
      messages: [
        user({
          type: 'resource' as const,
          resource: {
            uri: resourceUri,
            mimeType: 'text/plain',
            text: 'Embedded resource content for testing.',
          },
        }),
        user(text('Please process the embedded resource above.')),
      ],
    }),
  )
  server.registerPrompt(
    'test_input_required_result_prompt',
    { description: 'Asks for context' },
    (context: ServerContext) => {
      const known = accepted(context, 'user_context', 'context')
      return typeof known === 'string'
        ? { messages: [user(text(`Context: ${known}`))] }
        : inputRequired({
            inputRequests: {
              user_context: ask('What context should the prompt use?', 'context'),
            },
          })
    },
  )
}
