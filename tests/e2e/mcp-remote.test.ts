import { rmSync } from 'node:fs'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { closeChromium, newPerson } from '../support/chromium.ts'
import { type Deployment, PERSON, startDeployment } from '../support/deployment.ts'
import {
  McpRemote,
  MCP_REMOTE_VERSIONS,
  type McpRemoteVersion,
  newConfigFolder,
} from '../support/mcp-remote.ts'
import { consent, logIn, signIn } from '../support/person.ts'
import { SECRET_B } from '../support/world.ts'

let deployment: Deployment
let folder: string
let clients: McpRemote[]

beforeEach(async () => {
  deployment = await startDeployment()
  folder = newConfigFolder()
  clients = []
})

afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()))
  await deployment.close()
  rmSync(folder, { recursive: true, force: true })
})

afterAll(closeChromium)

function start(version: McpRemoteVersion): McpRemote {
  const client = new McpRemote(version, deployment.mcpUrl, { folder })
  clients.push(client)
  return client
}

async function signInWith(client: McpRemote): Promise<void> {
  const person = await newPerson()
  await signIn(person, await client.authorizationUrl(), PERSON)
  await client.initialize()
  // Until this is answered its first requests are under way; 0.8.7 writes its tokens to one
  // temporary file when two of them have to refresh in the same millisecond, and fails.
  await client.callTool('echo', { text: 'ready' })
  await person.close()
}

function count(type: string): number {
  return deployment.events.filter((event) => event.type === type).length
}

describe.each(MCP_REMOTE_VERSIONS)('mcp-remote %s', (version) => {
  test('signs a person in through a browser and calls tools', async () => {
    const client = start(version)
    await signInWith(client)
    expect(await client.callTool('whoami')).toContain('ada@example.test')
    expect(await client.callTool('echo', { text: 'grüß dich' })).toBe('grüß dich')
    expect(count('client.registered')).toBe(1)
  })

  test('passes progress on as a stream', async () => {
    const client = start(version)
    await signInWith(client)
    const text = await client.callTool(
      'countdown',
      { from: 3, intervalMs: 20 },
      { progressToken: 'p1' },
    )
    expect(text).toContain('3')
    const progress = client.notifications('notifications/progress')
    expect(progress.map(({ params }) => params?.['progress'])).toEqual([1, 2, 3])
  })

  test('starts warm without a browser', async () => {
    const first = start(version)
    await signInWith(first)
    await first.close()
    const second = start(version)
    await second.initialize()
    expect(await second.callTool('whoami')).toContain('ada@example.test')
    expect(second.opened).toEqual([])
    expect(count('client.registered')).toBe(1)
  })

  test('refreshes an expired access token without a browser', async () => {
    const client = start(version)
    await signInWith(client)
    deployment.clock.advance(1000)
    expect(await client.callTool('whoami')).toContain('ada@example.test')
    expect(client.opened).toHaveLength(1)
    expect(deployment.twin.counters.refresh).toBe(1)
  })

  test('does not notice that Postern was restarted', async () => {
    const client = start(version)
    await signInWith(client)
    await deployment.restart()
    deployment.clock.advance(1000)
    expect(await client.callTool('whoami')).toContain('ada@example.test')
    expect(client.opened).toHaveLength(1)
  })

  test('finishes a sign-in during which Postern was restarted twice', async () => {
    const client = start(version)
    const person = await newPerson()
    const page = await consent(person, await client.authorizationUrl())
    await page.locator('input[type=password]').waitFor()
    await deployment.restart()
    await logIn(page, PERSON)
    await deployment.restart()
    await client.initialize()
    expect(await client.callTool('whoami')).toContain('ada@example.test')
  })

  test('heals by registering again when its registration can no longer be opened', async () => {
    const client = start(version)
    await signInWith(client)
    await client.close()
    await deployment.restart({ secrets: [SECRET_B] })
    const healed = start(version)
    await signInWith(healed)
    expect(await healed.callTool('whoami')).toContain('ada@example.test')
    expect(count('client.registered')).toBe(2)
  })

  test('ends with an error when the person declines', async () => {
    const client = start(version)
    const person = await newPerson()
    const page = await consent(person, await client.authorizationUrl(), 'Cancel')
    await page.waitForURL(/error=access_denied/)
    expect(count('consent.denied')).toBe(1)
    expect(count('token.issued')).toBe(0)
  })
})

describe('mcp-remote 0.15', () => {
  test('needs one sign-in for three processes at once', async () => {
    const three = [start('0.15'), start('0.15'), start('0.15')]
    const url = await Promise.any(three.map((client) => client.authorizationUrl()))
    const person = await newPerson()
    await signIn(person, url, PERSON)
    await Promise.all(three.map((client) => client.initialize()))
    const said = await Promise.all(three.map((client) => client.callTool('whoami')))
    expect(said.every((text) => text.includes('ada@example.test'))).toBe(true)
    expect(deployment.twin.counters.token).toBe(1)
  })

  test('three processes survive the expiry of their one token', async () => {
    const first = start('0.15')
    await signInWith(first)
    const all = [first, start('0.15'), start('0.15')]
    await Promise.all(all.slice(1).map((client) => client.initialize()))
    deployment.clock.advance(1000)
    const said = await Promise.all(all.map((client) => client.callTool('whoami')))
    expect(said.every((text) => text.includes('ada@example.test'))).toBe(true)
    expect(all.flatMap((client) => client.opened)).toHaveLength(1)
  })

  test('keeps its tokens through an outage of the identity provider, and opens no browser', async () => {
    const client = start('0.15')
    await signInWith(client)
    deployment.clock.advance(1000)
    deployment.twin.intercept = () => new Response('<h1>Bad gateway', { status: 502 })
    await expect(client.callTool('whoami')).rejects.toThrow(/error|refus|unavailable|503/i)
    deployment.twin.intercept = undefined
    expect(await client.callTool('whoami')).toContain('ada@example.test')
    expect(client.opened).toHaveLength(1)
  })

  test('opens the browser again when the person is no longer admitted, and gets no token', async () => {
    const client = start('0.15')
    await signInWith(client)
    await deployment.restart({ access: [{ groups: ['directors'] }] })
    deployment.clock.advance(1000)
    client.send({ id: 99, method: 'tools/call', params: { name: 'whoami', arguments: {} } })
    await expect.poll(() => count('token.refused'), { timeout: 10_000 }).toBeGreaterThan(0)
    expect(deployment.events).toContainEqual(
      expect.objectContaining({ type: 'token.refused', reason: 'refresh_access_refused' }),
    )
    expect(count('token.issued')).toBe(1)
  })
})
