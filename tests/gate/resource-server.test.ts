import { beforeEach, describe, expect, test } from 'vitest'
import { ConfigError } from '../../src/config/config-error.ts'
import type { AuthInfo, ResourceServerOptions } from '../../src/config/options.ts'
import type { PosternEvent } from '../../src/events.ts'
import { createResourceServer, type ResourceServer } from '../../src/resource-server.ts'
import { callMcp, obtainTokens } from '../support/dance.ts'
import { createWorld, ISSUER, MCP_URL, SECRET_A, SECRET_B, type World } from '../support/world.ts'

let world: World
let token: string
let calls: { request: Request; authInfo: AuthInfo }[]
let events: PosternEvent[]

async function jwks(): Promise<{ keys: JsonWebKey[] }> {
  const response = await world.postern.fetch(new Request(`${ISSUER}/.well-known/jwks.json`))
  return (await response.json()) as { keys: JsonWebKey[] }
}

async function open(changes: Partial<ResourceServerOptions> = {}): Promise<ResourceServer> {
  const upstream: ResourceServerOptions['upstream'] = (request, { authInfo }) => {
    calls.push({ request, authInfo })
    return Response.json({ ok: true }, { headers: { 'mcp-session-id': 'own' } })
  }
  const options = { url: MCP_URL, upstream, jwks: await jwks(), ...changes }
  return createResourceServer(options, {
    now: world.clock.now,
    emit: (event) => events.push(event),
  })
}

beforeEach(async () => {
  world = await createWorld()
  token = (await obtainTokens(world)).access_token
  calls = []
  events = []
})

describe('a gate with public keys only', () => {
  test('admits tokens of its Postern and tells the MCP server who calls', async () => {
    expect((await callMcp(await open(), token)).status).toBe(200)
    expect(calls[0]?.authInfo).toMatchObject({
      scopes: ['mcp'],
      extra: { issuer: world.twin.issuer, email: 'ada@example.test' },
    })
    expect(calls[0]?.request.headers.get('x-forwarded-user')).toMatch(/^https%3A/)
    expect(calls[0]?.request.headers.get('x-postern-identity')).toBeNull()
  })

  test('refuses everything else as its Postern does', async () => {
    const server = await open()
    for (const other of [undefined, 'x', `${token}x`]) {
      const [here, there] = [await callMcp(server, other), await callMcp(world.postern, other)]
      expect(here.status).toBe(401)
      expect(here.headers.get('www-authenticate')).toBe(there.headers.get('www-authenticate'))
    }
    expect(calls).toEqual([])
  })

  test('refuses tokens of another resource, and tokens that have expired', async () => {
    const other = await open({ url: `${ISSUER}/other` })
    const url = `${ISSUER}/other`
    expect((await callMcp(other, token, { url })).status).toBe(401)
    const server = await open()
    expect((await callMcp(server, token)).status).toBe(200)
    world.clock.advance(901)
    expect((await callMcp(server, token)).status).toBe(401)
  })

  test('tells its operator of a key that it does not have', async () => {
    const server = await open()
    world.postern = world.replica({ secrets: [SECRET_B, SECRET_A] })
    const { access_token: newer } = await obtainTokens(world)
    expect((await callMcp(server, newer)).status).toBe(401)
    expect(events).toContainEqual({ type: 'gate.key-unknown', resource: MCP_URL })
    expect((await callMcp(await open(), newer)).status).toBe(200)
  })

  test('requires scopes and honours cut-offs', async () => {
    const strict = await open({ scopes: ['mcp', 'admin'], requiredScopes: ['admin'] })
    expect((await callMcp(strict, token)).status).toBe(403)
    const cut = await open({ revokeBefore: { all: world.clock.seconds + 1 } })
    expect((await callMcp(cut, token)).status).toBe(401)
  })

  test('has no legacy sessions: ids pass in neither direction', async () => {
    const headers = { 'mcp-session-id': 'stolen' }
    const response = await callMcp(await open(), token, { headers })
    expect([response.status, response.headers.get('mcp-session-id')]).toEqual([200, null])
    expect(calls[0]?.request.headers.get('mcp-session-id')).toBeNull()
  })

  test.each([
    '/',
    '/authorize',
    '/token',
    '/register',
    '/.well-known/oauth-authorization-server',
    '/.well-known/oauth-protected-resource/mcp',
    '/mcp/x',
    '/MCP',
    '//mcp',
  ])('serves nothing at %s', async (path) => {
    const response = await (await open()).fetch(new Request(ISSUER + path))
    expect(response.status).toBe(404)
  })

  test('serves both spellings of its path, and says that it is alive', async () => {
    const server = await open()
    expect((await callMcp(server, token, { url: `${MCP_URL}/` })).status).toBe(200)
    const alive = await server.fetch(new Request('http://10.0.0.9/healthz'))
    expect(await alive.text()).toBe('ok')
  })

  test('keeps the words of an exception to itself', async () => {
    const server = await open({
      upstream: () => {
        throw new Error('the password is hunter2')
      },
    })
    const response = await callMcp(server, token)
    expect(response.status).toBe(500)
    const text = await response.text()
    expect(text).not.toContain('hunter2')
    const fault = events.find((event) => event.type === 'fault')
    expect(text).toContain(fault?.requestId ?? 'no fault was told')
  })

  test('without an upstream decides, and serves nothing', async () => {
    const { upstream: _none, ...options } = {
      url: MCP_URL,
      upstream: undefined,
      jwks: await jwks(),
    }
    const server = createResourceServer(options, { now: world.clock.now })
    const head = { method: 'POST', target: '/mcp', host: 'mcp.example.test' }
    const authorization: [string, string] = ['authorization', `Bearer ${token}`]
    expect(await server.admit({ ...head, headers: [authorization] })).toMatchObject({
      admitted: true,
    })
    expect(await server.admit({ ...head, headers: [] })).toMatchObject({ status: 401 })
    expect((await callMcp(server, token)).status).toBe(404)
  })
})

describe('options', () => {
  test.each<[string, object, RegExp]>([
    ['a URL as upstream', { upstream: 'http://10.0.0.1/mcp' }, /^upstream: .*private keys/],
    ['no keys', { jwks: { keys: [] } }, /^jwks.keys: /],
    [
      'private keys',
      { jwks: { keys: [{ kty: 'OKP', crv: 'Ed25519', x: 'a', d: 'b', kid: 'c' }] } },
      /^jwks: .*private/,
    ],
    ['secrets, which it must not have', { secrets: [SECRET_A] }, /^secrets: is not an option/],
    ['a URL that is not canonical', { url: `${MCP_URL}/` }, /^url: /],
    ['an origin that is none', { allowedOrigins: ['x'] }, /^allowedOrigins.0: /],
  ])('%s is refused', async (_what, changes, message) => {
    await expect(open(changes as Partial<ResourceServerOptions>)).rejects.toThrow(ConfigError)
    await expect(open(changes as Partial<ResourceServerOptions>)).rejects.toThrow(message)
  })
})
