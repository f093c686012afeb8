import { afterEach, describe, expect, test } from 'vitest'
import type { AuthInfo, InProcessServer } from '../../src/config/options.ts'
import { type Door, FORWARDERS, openDoor } from '../support/forwarders.ts'

let door: Door

afterEach(() => door.close())

interface Call {
  request: Request
  body: string
  authInfo: AuthInfo
}

describe.each(FORWARDERS)('an MCP server in this process, served by %s', (forwarder) => {
  const start = async (answer: InProcessServer): Promise<void> => {
    const resources = [{ url: 'https://mcp.example.test/mcp', upstream: answer }]
    door = await openDoor(forwarder, { resources, maxBodyBytes: 1024 })
  }

  test('is told who is calling, and gets no token and no forged header', async () => {
    const calls: Call[] = []
    await start(async (request, { authInfo }) => {
      calls.push({ request, body: await request.text(), authInfo })
      return Response.json({ jsonrpc: '2.0', id: 1, result: {} })
    })
    const token = await door.token({ email: 'ada@example.test', groups: ['staff'] })
    const headers: [string, string][] = [
      ['X-Forwarded-User', 'root'],
      ['MCP-Protocol-Version', '2026-07-28'],
    ]
    expect((await door.send({ token, headers, body: '{"n":1}' })).status).toBe(200)
    const [call] = calls
    expect(call?.body).toBe('{"n":1}')
    expect(call?.authInfo).toMatchObject({
      token,
      clientId: 'client-1',
      scopes: ['mcp'],
      resource: new URL('https://mcp.example.test/mcp'),
      extra: {
        subject: 'ada',
        issuer: 'https://idp.example',
        email: 'ada@example.test',
        groups: ['staff'],
      },
    })
    expect(call?.authInfo.expiresAt).toBe(door.clock.seconds + 900)
    expect(call?.request.headers.get('authorization')).toBeNull()
    expect(call?.request.headers.get('x-forwarded-user')).toBe('https%3A%2F%2Fidp.example%20ada')
    expect(call?.request.headers.get('mcp-protocol-version')).toBe('2026-07-28')
  })

  test('is never called without a token', async () => {
    let calls = 0
    await start(() => {
      calls += 1
      return Promise.resolve(new Response())
    })
    for (const token of [undefined, 'x', await door.token({ aud: 'https://other.example/mcp' })])
      expect((await door.send({ token })).status).toBe(401)
    expect(calls).toBe(0)
  })

  test('has its session ids bound like any other', async () => {
    const seen: (string | null)[] = []
    await start((request) => {
      seen.push(request.headers.get('mcp-session-id'))
      return Promise.resolve(new Response('{}', { headers: { 'mcp-session-id': 'own' } }))
    })
    const first = await door.send({ token: await door.token() })
    const headers: [string, string][] = [
      ['mcp-session-id', String(first.headers['mcp-session-id'])],
    ]
    expect((await door.send({ headers, token: await door.token() })).status).toBe(200)
    const eve = await door.token({ sub: 'eve' })
    expect((await door.send({ headers, token: eve })).status).toBe(404)
    expect(seen).toEqual([null, 'own'])
  })

  test('reads no body over the limit', async () => {
    await start(async (request) => new Response(await request.text()))
    const token = await door.token()
    expect((await door.send({ token, body: 'x'.repeat(1024) })).status).toBe(200)
    expect((await door.send({ token, body: 'x'.repeat(1025) })).status).toBe(413)
    expect((await door.send({ token, body: 'x'.repeat(1025), chunked: true })).status).toBe(413)
  })

  test('that throws is 500 with a number, and its words stay here', async () => {
    await start(() => Promise.reject(new Error('the password is hunter2')))
    const answer = await door.send({ token: await door.token() })
    expect(answer.status).toBe(500)
    expect(answer.body.toString()).not.toContain('hunter2')
    const fault = door.events.find((event) => event.type === 'fault')
    expect(answer.body.toString()).toContain(fault?.requestId ?? 'no fault was told')
  })
})
