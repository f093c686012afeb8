import { rmSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { documentOf } from '../support/client-documents.ts'
import { type Deployment, PERSON, startDeployment } from '../support/deployment.ts'
import { McpRemote, newConfigFolder } from '../support/mcp-remote.ts'
import { ScriptedPerson } from '../support/scripted-person.ts'
import { SDK_CLIENTS, SdkClient } from '../support/sdk-clients.ts'
import { type DocumentHost, startDocumentHost } from '../platform/document-host.ts'

const APP = 'https://app.example/oauth/client.json'
const MCP_REMOTE = 'https://mcp-remote.example/client.json'
const DOCUMENTS: Readonly<Record<string, object>> = {
  [APP]: documentOf(APP, { redirect_uris: ['http://localhost/callback'] }),
  [MCP_REMOTE]: documentOf(MCP_REMOTE, { client_name: 'MCP CLI Proxy' }),
}

let host: DocumentHost
let served: string[]
let isDown: boolean
let deployment: Deployment

beforeAll(async () => {
  host = await startDocumentHost((request, response) => {
    const name = (request.headers.host ?? '').replace(/:\d+$/, '')
    const url = `https://${name}${request.url}`
    served.push(url)
    if (isDown) return void response.writeHead(503).end()
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(DOCUMENTS[url]))
  })
})

beforeEach(async () => {
  served = []
  isDown = false
  deployment = await startDeployment({}, { fetchDocument: host.fetchDocument() })
})

afterEach(async () => {
  await deployment.close()
})

afterAll(async () => {
  await host.close()
})

function types(): string[] {
  return deployment.events.map(({ type }) => type)
}

describe.each(SDK_CLIENTS)('%s with a metadata document', (kind) => {
  test('signs in without registering, calls tools and refreshes', async () => {
    const client = new SdkClient(kind, deployment.mcpUrl, new ScriptedPerson(PERSON), APP)
    try {
      await client.connect()
      expect(client.opened[0]?.searchParams.get('client_id')).toBe(APP)
      expect(await client.callTool('whoami')).toContain('ada@example.test')
      deployment.clock.advance(1000)
      expect(await client.callTool('echo', { text: 'again' })).toBe('again')
      expect(deployment.twin.counters.refresh).toBe(1)
      expect(client.opened).toHaveLength(1)
      expect(types()).not.toContain('client.registered')
      expect(new Set(served)).toEqual(new Set([APP]))
    } finally {
      await client.close()
    }
  })
})

test('a client whose document cannot be had keeps its tokens, and goes on when it can', async () => {
  const client = new SdkClient('sdk 1.32', deployment.mcpUrl, new ScriptedPerson(PERSON), APP)
  try {
    await client.connect()
    isDown = true
    await deployment.restart()
    deployment.clock.advance(1000)
    await expect(client.callTool('whoami')).rejects.toThrow(/cannot be fetched/)
    isDown = false
    expect(await client.callTool('whoami')).toContain('ada@example.test')
    expect(client.opened).toHaveLength(1)
  } finally {
    await client.close()
  }
})

test('mcp-remote 0.15 with --client-metadata-url signs in without registering, cold and warm', async () => {
  const folder = newConfigFolder()
  const start = (): McpRemote =>
    new McpRemote('0.15', deployment.mcpUrl, {
      folder,
      args: ['--client-metadata-url', MCP_REMOTE],
    })
  const clients = [start()]
  try {
    const [cold] = clients
    const url = await cold!.authorizationUrl()
    expect(new URL(url).searchParams.get('client_id')).toBe(MCP_REMOTE)
    await new ScriptedPerson(PERSON).signInAndReturn(url)
    await cold!.initialize()
    expect(await cold!.callTool('whoami')).toContain('ada@example.test')
    await cold!.close()
    deployment.clock.advance(1000)
    const warm = start()
    clients.push(warm)
    await warm.initialize()
    expect(await warm.callTool('whoami')).toContain('ada@example.test')
    expect(warm.opened).toEqual([])
    expect(types()).not.toContain('client.registered')
  } finally {
    await Promise.all(clients.map((client) => client.close()))
    rmSync(folder, { recursive: true, force: true })
  }
})
