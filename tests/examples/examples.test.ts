import { resolve } from 'node:path'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { EdgeRuntime } from 'edge-runtime'
import { rolldown } from 'rolldown'
import { describe, expect, test } from 'vitest'
import config from '../../examples/postern.config.ts'
import { createApp } from '../../examples/hono/app.ts'
import { start } from '../../examples/node/server.ts'
import { resolveConfig } from '../../src/config/resolve.ts'
import { startCognitoTwin } from '../../src/demo/cognito-twin/server.ts'
import { startSampleMcpServer } from '../../src/demo/sample-mcp-server.ts'
import type { Postern } from '../../src/postern.ts'
import { callMcp, obtainTokens } from '../support/dance.ts'
import { freePort, PERSON } from '../support/deployment.ts'
import { ScriptedPerson } from '../support/scripted-person.ts'
import { SdkClient } from '../support/sdk-clients.ts'
import { createWorld, ISSUER, MCP_URL, SECRET_A, UPSTREAM } from '../support/world.ts'

test('examples/postern.config.ts is a valid configuration', () => {
  expect(resolveConfig({ ...config, secrets: [SECRET_A] }).issuer).toBe('https://mcp.example.com')
})

test('examples/hono: a tool in the same process sees who is calling', async () => {
  const world = await createWorld()
  const { issuer } = world.twin
  const app = createApp({
    mcpUrl: MCP_URL,
    identityProvider: {
      issuer,
      clientId: 'posternclient',
      preset: 'cognito',
      refreshTokens: 'rotating',
    },
    access: 'anyoneTheIdpAdmits',
    secrets: [SECRET_A],
  })
  expect(await (await app.request(`${ISSUER}/about`)).text()).toContain('MCP server')
  expect((await app.request(MCP_URL, { method: 'POST' })).status).toBe(401)
  // The same secrets in another process of the deployment: its tokens are good here.
  const { access_token: token } = await obtainTokens(world)
  const client = new Client({ name: 'test', version: '1' })
  await client.connect(
    new StreamableHTTPClientTransport(new URL(MCP_URL), {
      fetch: async (url, init) => app.request(String(url), init),
      requestInit: { headers: { authorization: `Bearer ${token}` } },
    }),
  )
  const result = await client.callTool({ name: 'whoami', arguments: {} })
  expect(JSON.stringify(result.content)).toMatch(/[0-9a-f]{8}-[0-9a-f]{4}/)
  await client.close()
})

test('examples/node: a person signs in and calls a tool over real connections', async () => {
  const port = await freePort()
  const origin = `http://localhost:${port}`
  const mcpUrl = `${origin}/mcp`
  const sample = await startSampleMcpServer({})
  const callbackUrls = [`${origin}/idp/callback`]
  const twin = await startCognitoTwin({
    refreshTokenRotation: true,
    clients: [{ clientId: 'posternclient', callbackUrls, scopes: ['openid', 'email'] }],
    users: [{ ...PERSON, email: 'ada@example.test', emailVerified: true, groups: [] }],
  })
  const door = await start(
    {
      resources: [{ url: mcpUrl, upstream: sample.url }],
      identityProvider: {
        issuer: twin.issuer,
        clientId: 'posternclient',
        preset: 'cognito',
        refreshTokens: 'rotating',
      },
      access: 'anyoneTheIdpAdmits',
      secrets: [SECRET_A],
    },
    port,
  )
  const client = new SdkClient('client 2.4 2026-07-28', mcpUrl, new ScriptedPerson(PERSON))
  try {
    const response = await fetch(mcpUrl)
    expect([response.status, response.headers.has('www-authenticate')]).toEqual([401, true])
    await client.connect()
    expect(await client.callTool('whoami')).toContain('ada@example.test')
    expect(client.opened).toHaveLength(1)
  } finally {
    await client.close()
    await door.close()
    await Promise.all([twin.close(), sample.close()])
  }
})

describe('examples/edge', () => {
  test('runs a whole sign-in on an edge runtime, from a bundle without node:*', async () => {
    const bundled = await bundle('examples/edge/worker.ts')
    expect(bundled).not.toMatch(/from\s*["']node:|require\(/)
    const world = await createWorld()
    const runtime = new EdgeRuntime({ initialCode: `${bundled}\n;globalThis.worker = worker` })
    const environment = {
      MCP_URL,
      UPSTREAM,
      IDP_ISSUER: world.twin.issuer,
      IDP_CLIENT_ID: 'posternclient',
      POSTERN_SECRET: SECRET_A,
    }
    // Its own fetch reaches the twin and the MCP server of the test.
    runtime.context.fetch = async (url, init) =>
      inside(await world.reach(new Request(url, { ...init, signal: null })))
    const inside = async (response: Response): Promise<Response> => {
      const { Response: Inner } = runtime.context as unknown as { Response: typeof Response }
      const body = response.status === 204 ? null : await response.arrayBuffer()
      return new Inner(body, { status: response.status, headers: [...response.headers] })
    }
    const { worker, Request: Inner } = runtime.context as unknown as {
      worker: { default: { fetch: (request: Request, env: object) => Promise<Response> } }
      Request: typeof Request
    }
    const postern: Pick<Postern, 'fetch'> = {
      fetch: async (request) => {
        const hasBody = request.method !== 'GET' && request.method !== 'HEAD'
        const inner = new Inner(request.url, {
          method: request.method,
          headers: [...request.headers],
          ...(hasBody ? { body: await request.text() } : {}),
        })
        const response = await worker.default.fetch(inner, environment)
        const headers = new Headers([...response.headers].filter(([name]) => name !== 'set-cookie'))
        for (const cookie of response.headers.getSetCookie()) headers.append('set-cookie', cookie)
        return new Response(response.status === 204 ? null : await response.text(), {
          status: response.status,
          headers,
        })
      },
    }
    world.postern = { ...world.postern, ...postern }
    const { access_token: token } = await obtainTokens(world)
    expect((await callMcp(world.postern, undefined)).status).toBe(401)
    expect((await callMcp(world.postern, token)).status).toBe(200)
    expect(world.forwarded.at(-1)?.headers.get('x-forwarded-user')).toContain('idp.example.test')
  })
})

/** One script that leaves the module in `worker`. */
async function bundle(entry: string): Promise<string> {
  const build = await rolldown({
    input: entry,
    platform: 'browser',
    resolve: { alias: { postern: resolve('src/postern.ts') } },
  })
  const { output } = await build.generate({ format: 'iife', name: 'worker', exports: 'named' })
  await build.close()
  return output[0].code
}
