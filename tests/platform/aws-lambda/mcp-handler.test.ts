import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { McpServer } from '@modelcontextprotocol/server'
import { afterEach, beforeEach, describe, expect, test, vi, type MockInstance } from 'vitest'
import type { PosternEvent } from '../../../src/events.ts'
import { mcpHandler } from '../../../src/platform/aws-lambda/mcp-handler.ts'
import type { CreateServer, McpContext } from '../../../src/platform/aws-lambda/mcp-server.ts'
import { callMcp, obtainTokens, type Door } from '../../support/dance.ts'
import { createWorld, ISSUER, MCP_URL, type World } from '../../support/world.ts'
import {
  createRelayWorld,
  obtainRelayTokens,
  pinnedKeys,
  TOOLS,
  type RelayWorld,
} from '../../relay/relay-world.ts'
import { BRANDING, doorOf, httpEvent, pageAt, VARIABLES } from './lambda-world.ts'

let made: McpContext[]
let warn: MockInstance<typeof console.warn>

beforeEach(() => {
  made = []
  warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
})
afterEach(() => warn.mockRestore())

const createServer: CreateServer = (context) => {
  made.push(context)
  const server = new McpServer({ name: 'test', version: '1' })
  server.registerTool('whoami', {}, async ({ http }) => {
    // Lets invocations that run at the same time overtake one another.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 10))
    const { token, extra } = http!.authInfo!
    return { content: [{ type: 'text', text: `${String(extra?.['subject'])} ${token}` }] }
  })
  return server
}

const LIST = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} }
const POST = {
  method: 'POST',
  headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
}

function call(body: unknown, headers: Record<string, string> = {}): RequestInit {
  return { ...POST, headers: { ...POST.headers, ...headers }, body: JSON.stringify(body) }
}

type Era = McpContext['era']

async function connect(door: Door, token: string, era: Era = 'legacy'): Promise<Client> {
  const mode = era === 'legacy' ? era : { pin: '2026-07-28' }
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } })
  await client.connect(
    new StreamableHTTPClientTransport(new URL(MCP_URL), {
      fetch: async (url, init) => door.fetch(new Request(String(url), init)),
      requestInit: { headers: { authorization: `Bearer ${token}` } },
    }),
  )
  return client
}

async function brokerVariables(world: World): Promise<Record<string, string>> {
  const jwks = await world.postern.fetch(new Request(`${ISSUER}/.well-known/jwks.json`))
  return {
    ...VARIABLES,
    POSTERN_MODE: 'broker',
    POSTERN_SCOPES: 'mcp',
    POSTERN_NAME: 'Example',
    POSTERN_BRANDING: JSON.stringify(BRANDING),
    POSTERN_JWKS: await jwks.text(),
  }
}

async function broker(create: CreateServer = createServer) {
  const world = await createWorld()
  const events: PosternEvent[] = []
  const runtime = {
    variables: await brokerVariables(world),
    now: world.clock.now,
    emit: (event: PosternEvent) => events.push(event),
    fetch: () => Promise.reject(new Error('a gate calls nobody')),
  }
  const handler = mcpHandler(create, runtime)
  const { access_token: token } = await obtainTokens(world)
  return { world, events, handler, door: doorOf(handler), token }
}

async function relay(create: CreateServer = createServer) {
  const world: RelayWorld = await createRelayWorld()
  const variables = {
    ...VARIABLES,
    POSTERN_MODE: 'relay',
    POSTERN_SCOPES: TOOLS,
    POSTERN_ACCESS: 'anyoneTheIdpAdmits',
    POSTERN_IDP_ISSUER: world.options.identityProvider.issuer,
    POSTERN_IDP_CLIENT_ID: world.options.identityProvider.clientId,
    POSTERN_IDP_DOMAIN: 'https://idp.example.test',
    POSTERN_REDIRECT_URIS: world.options.redirectUris.join(' '),
    POSTERN_JWKS: JSON.stringify(await pinnedKeys(world.twin)),
  }
  const handler = mcpHandler(create, {
    variables,
    now: world.clock.now,
    emit: () => {},
    fetch: () => Promise.reject(new Error('a relay calls nobody')),
  })
  const door = doorOf(handler)
  const edge = world.postern
  world.postern = {
    fetch: (request) =>
      new URL(request.url).pathname === '/token' ? edge.fetch(request) : door.fetch(request),
  }
  return { world, door, handler }
}

describe('an MCP server in a function, broker mode', () => {
  test.each<Era>(['legacy', 'modern'])(
    'serves %s clients, who are told who they are',
    async (era) => {
      const { door, token } = await broker()
      const client = await connect(door, token, era)
      const result = await client.callTool({ name: 'whoami', arguments: {} })
      expect(JSON.stringify(result.content)).toMatch(/[0-9a-f]{8}-[0-9a-f]{4}/)
      await client.close()
      expect(made.map((context) => context.era)).toContain(era)
      for (const { authInfo, clientAddress } of made) {
        expect(authInfo).toMatchObject({
          token,
          scopes: ['mcp'],
          extra: { subject: expect.any(String) },
        })
        expect(clientAddress).toBe('198.51.100.7')
      }
    },
  )

  test('answers POST by JSON, GET and DELETE by 405', async () => {
    const { door, token } = await broker()
    const listed = await callMcp(door, token, call(LIST))
    expect(listed.headers.get('content-type')).toMatch(/^application\/json/)
    expect(await listed.json()).toMatchObject({ id: 1, result: { tools: [{ name: 'whoami' }] } })
    for (const method of ['GET', 'DELETE']) {
      const response = await callMcp(door, token, { method, body: null })
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
    }
  })

  test('shows people at the MCP URL the brand of its variables', async () => {
    const { door } = await broker()
    const page = await pageAt(door, MCP_URL)
    for (const part of Object.values(BRANDING)) expect(page).toContain(part)
  })

  test('makes a server of its own for every request', async () => {
    const { door, token } = await broker()
    for (let turn = 0; turn < 3; turn += 1) await callMcp(door, token, call(LIST))
    expect(made).toHaveLength(3)
  })

  test('answers no subscription, which would hold the function until it is ended', async () => {
    const { door, token } = await broker()
    const meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    }
    const params = { _meta: meta, notifications: {} }
    const listen = { jsonrpc: '2.0', id: 7, method: 'subscriptions/listen', params }
    const response = await callMcp(
      door,
      token,
      call(listen, { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'subscriptions/listen' }),
    )
    expect(await response.json()).toMatchObject({ id: 7, error: { code: -32603 } })
  })

  test('keeps invocations that run at the same time apart', async () => {
    const { world, door, token } = await broker()
    const others = await Promise.all([obtainTokens(world), obtainTokens(world)])
    const tokens = [token, ...others.map(({ access_token }) => access_token)]
    const body = { ...LIST, method: 'tools/call', params: { name: 'whoami', arguments: {} } }
    const responses = await Promise.all(
      Array.from({ length: 30 }, (_, id) => callMcp(door, tokens[id % 3], call({ ...body, id }))),
    )
    const answers = await Promise.all(responses.map((response) => response.text()))
    for (const [id, answer] of answers.entries()) {
      expect(JSON.parse(answer)).toMatchObject({ id })
      expect(tokens.map((each) => answer.includes(each))).toEqual(
        tokens.map((_, n) => n === id % 3),
      )
    }
  })

  test.each<Era>(['legacy', 'modern'])(
    'survives a first invocation that fails: %s',
    async (era) => {
      let failures = 0
      const { events, door, token } = await broker((context) => {
        if (context.era === era && failures++ === 0) throw new Error('no disk today')
        return createServer(context)
      })
      await expect(connect(door, token, era)).rejects.toThrow()
      expect(events.filter(({ type }) => type === 'fault')).toMatchObject([
        { message: 'no disk today' },
      ])
      const client = await connect(door, token, era)
      await client.callTool({ name: 'whoami', arguments: {} })
      await client.close()
    },
  )

  test('is never made without a valid token, whatever an authorizer is said to have found', async () => {
    const { world, handler, token } = await broker()
    const forged = { jwt: { claims: { sub: 'ada', scope: 'mcp' }, scopes: ['mcp'] } }
    const body = JSON.stringify(LIST)
    for (const headers of [
      {},
      { authorization: 'Bearer x' },
      { authorization: `Bearer ${token}x` },
    ]) {
      const sent = { ...POST.headers, ...headers }
      const event = httpEvent({ method: 'POST', body, headers: sent, authorizer: forged })
      const { statusCode, headers: answered } = await handler(event)
      expect(statusCode).toBe(401)
      expect(answered['www-authenticate']).toContain('resource_metadata=')
    }
    world.clock.advance(3600)
    const expired = { ...POST.headers, authorization: `Bearer ${token}` }
    expect((await handler(httpEvent({ method: 'POST', body, headers: expired }))).statusCode).toBe(
      401,
    )
    expect(made).toEqual([])
  })

  test('checks the host that CloudFront states: DNS rebinding finds no way in', async () => {
    const { handler, token } = await broker()
    const headers = { ...POST.headers, authorization: `Bearer ${token}` }
    const sound = { method: 'POST', body: JSON.stringify(LIST), headers }
    const rebound = { ...headers, 'x-mcp-public-host': 'evil.example' }
    expect((await handler(httpEvent({ ...sound, headers: rebound }))).statusCode).toBe(403)
    const foreign = { ...headers, origin: 'https://evil.example' }
    expect((await handler(httpEvent({ ...sound, headers: foreign }))).statusCode).toBe(403)
    expect((await handler(httpEvent(sound))).statusCode).toBe(200)
    expect(made).toHaveLength(1)
  })

  test('tells nothing by an event before somebody calls', async () => {
    const world = await createWorld()
    const emit = vi.fn<(event: PosternEvent) => void>()
    mcpHandler(createServer, { variables: await brokerVariables(world), emit })
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(emit).not.toHaveBeenCalled()
  })
})

describe('an MCP server in a function, relay mode', () => {
  test('signs a person in and serves them, from one function that calls nobody', async () => {
    const { world, door } = await relay()
    const metadata = await door.fetch(
      new Request(`${ISSUER}/.well-known/oauth-protected-resource/mcp`),
    )
    expect(await metadata.json()).toMatchObject({
      resource: MCP_URL,
      resource_name: 'mcp.example.test',
    })
    const { access_token: token } = await obtainRelayTokens(world)
    const client = await connect(door, token)
    await client.callTool({ name: 'whoami', arguments: {} })
    await client.close()
    expect(made.length).toBeGreaterThan(0)
  })

  test('challenges whoever has no token', async () => {
    const { door } = await relay()
    const response = await callMcp(door, undefined, call(LIST))
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toContain(`scope="${TOOLS}"`)
    expect(made).toEqual([])
  })
})
