import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startSampleMcpServer, type SampleMcpServer } from '../../src/demo/sample-mcp-server.ts'

let server: SampleMcpServer
beforeAll(async () => {
  server = await startSampleMcpServer()
})
afterAll(() => server.close())

const ERAS = [
  ['2025-11-25', 'legacy'],
  ['2026-07-28', { pin: '2026-07-28' }],
] as const

describe.each(ERAS)('sample MCP server, revision %s', (revision, mode) => {
  async function connect(headers: Record<string, string> = {}): Promise<Client> {
    const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode } })
    await client.connect(
      new StreamableHTTPClientTransport(new URL(server.url), { requestInit: { headers } }),
    )
    return client
  }

  test('lists its tools', async () => {
    const client = await connect()
    expect(client.getNegotiatedProtocolVersion()).toBe(revision)
    const { tools } = await client.listTools()
    expect(tools.map(({ name }) => name)).toEqual(['whoami', 'echo', 'countdown'])
    await client.close()
  })

  test.each([
    ['nobody', {}, 'Nobody told me who is calling.'],
    [
      'a person',
      {
        'x-forwarded-user': 'http%3A%2F%2Fidp%20sub-1',
        'x-forwarded-email': 'z%C3%BC%40example.com',
        'x-forwarded-groups': 'Admins,Readers',
      },
      'You are http://idp sub-1, e-mail zü@example.com, groups Admins,Readers',
    ],
    ['broken encoding', { 'x-forwarded-user': '%zz' }, 'You are %zz'],
  ])('whoami: %s', async (_name, headers, text) => {
    const client = await connect(headers)
    const result = await client.callTool({ name: 'whoami', arguments: {} })
    expect(result.content).toEqual([{ type: 'text', text }])
    await client.close()
  })

  test('echo', async () => {
    const client = await connect()
    const result = await client.callTool({ name: 'echo', arguments: { text: '<b> ✓' } })
    expect(result.content).toEqual([{ type: 'text', text: '<b> ✓' }])
    await client.close()
  })

  test('countdown reports each step as it happens', async () => {
    const client = await connect()
    const steps: [number, number][] = []
    const started = Date.now()
    const result = await client.callTool(
      { name: 'countdown', arguments: { from: 4, intervalMs: 60 } },
      { onprogress: ({ progress }) => steps.push([progress, Date.now() - started]) },
    )
    expect(steps.map(([progress]) => progress)).toEqual([1, 2, 3, 4])
    expect((steps[3]?.[1] ?? 0) - (steps[0]?.[1] ?? 0)).toBeGreaterThan(100)
    expect(result.content).toEqual([{ type: 'text', text: 'Counted down from 4.' }])
    await client.close()
  })
})

describe('sample MCP server over HTTP', () => {
  test('GET is 405', async () => {
    const response = await fetch(server.url, { headers: { accept: 'text/event-stream' } })
    expect(response.status).toBe(405)
  })

  test('another path is 404', async () => {
    expect((await fetch(new URL('/', server.url))).status).toBe(404)
  })

  test('a busy port rejects with EADDRINUSE', async () => {
    const port = Number(new URL(server.url).port)
    await expect(startSampleMcpServer({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })
})
