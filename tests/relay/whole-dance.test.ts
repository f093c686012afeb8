import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startCognitoTwin, type CognitoTwinServer } from '../../src/demo/cognito-twin/server.ts'
import { startSampleMcpServer, type SampleMcpServer } from '../../src/demo/sample-mcp-server.ts'
import type { PosternEvent } from '../../src/events.ts'
import { createRelay } from '../../src/relay.ts'
import { callMcp, refresh } from '../support/dance.ts'
import { freePort, PERSON } from '../support/deployment.ts'
import { ScriptedPerson } from '../support/scripted-person.ts'
import { SDK_CLIENTS, SdkClient } from '../support/sdk-clients.ts'
import { SECRET_A } from '../support/world.ts'
import { CLIENT_ID, createRelayWorld, obtainRelayTokens, pinnedKeys } from './relay-world.ts'

test('by hand: register, sign in, call, refresh, call, revoke', async () => {
  const world = await createRelayWorld({ relay: { resourceParameter: 'forward' } })
  const first = await obtainRelayTokens(world)
  expect((await callMcp(world.postern, first.access_token)).status).toBe(200)
  world.clock.advance(3600)
  expect((await callMcp(world.postern, first.access_token)).status).toBe(401)
  const signedIn = { ...first, clientId: CLIENT_ID }
  const second = await refresh(world.postern, signedIn)
  const { access_token: token } = (await second.json()) as { access_token: string }
  expect((await callMcp(world.postern, token)).status).toBe(200)
  expect(world.events.map(({ type }) => type)).not.toContain('relay.token-reached-function')
})

describe('over real HTTP, before an MCP server of its own', () => {
  let server: Server
  let twin: CognitoTwinServer
  let sample: SampleMcpServer
  let mcpUrl: string
  let events: PosternEvent[]

  beforeEach(async () => {
    const port = await freePort()
    const issuer = `http://localhost:${port}`
    mcpUrl = `${issuer}/mcp`
    events = []
    const redirectUris = ['http://localhost:33418/callback']
    sample = await startSampleMcpServer({})
    twin = await startCognitoTwin({
      refreshTokenRotation: true,
      resourceServers: [{ identifier: mcpUrl, scopes: ['tools'] }],
      clients: [{ clientId: CLIENT_ID, callbackUrls: redirectUris, scopes: [`${mcpUrl}/tools`] }],
      users: [PERSON],
    })
    const relay = createRelay(
      {
        url: mcpUrl,
        upstream: sample.url,
        secrets: [SECRET_A],
        scopes: [`${mcpUrl}/tools`],
        identityProvider: {
          issuer: twin.issuer,
          preset: 'cognito',
          clientId: CLIENT_ID,
          authorizationEndpoint: `${twin.origin}/oauth2/authorize`,
          jwks: await pinnedKeys(twin),
        },
        access: 'anyoneTheIdpAdmits',
        redirectUris,
      },
      { emit: (event) => events.push(event) },
    )
    const atEdge = async (request: Request): Promise<Response> => {
      const { pathname } = new URL(request.url)
      if (pathname !== '/token') return relay.fetch(request)
      const { headers } = request
      const body = await request.text()
      return fetch(`${twin.origin}/oauth2/token`, { method: 'POST', headers, body })
    }
    server = createAdaptorServer({ fetch: atEdge, overrideGlobalObjects: false }) as Server
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  })

  afterEach(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await twin.close()
    await sample.close()
  })

  test.each(SDK_CLIENTS)('an app on the official %s signs in and calls a tool', async (kind) => {
    const client = new SdkClient(kind, mcpUrl, new ScriptedPerson(PERSON))
    await client.connect()
    expect(await client.callTool('whoami')).toContain(twin.issuer)
    expect(client.opened).toHaveLength(1)
    expect(client.opened[0]?.searchParams.get('client_id')).toBe(CLIENT_ID)
    expect(twin.counters.token).toBe(1)
    expect(events.map(({ type }) => type)).not.toContain('relay.token-reached-function')
    await client.close()
  })
})
