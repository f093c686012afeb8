import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Deployment, PERSON, startDeployment } from '../support/deployment.ts'
import { SDK_CLIENTS, SdkClient } from '../support/sdk-clients.ts'
import { ScriptedPerson } from '../support/scripted-person.ts'
import { SECRET_B } from '../support/world.ts'

let deployment: Deployment

beforeEach(async () => {
  deployment = await startDeployment()
})

afterEach(async () => {
  await deployment.close()
})

function count(type: string): number {
  return deployment.events.filter((event) => event.type === type).length
}

describe.each(SDK_CLIENTS)('an app on the official %s', (kind) => {
  let client: SdkClient

  beforeEach(async () => {
    client = new SdkClient(kind, deployment.mcpUrl, new ScriptedPerson(PERSON))
    await client.connect()
  })

  afterEach(async () => {
    await client.close()
  })

  test('signs a person in from nothing and calls a tool', async () => {
    expect(await client.callTool('whoami')).toContain('ada@example.test')
    expect(client.opened).toHaveLength(1)
    expect(count('client.registered')).toBe(1)
    expect(deployment.twin.counters.token).toBe(1)
    expect(client.protocolVersion).toBe(kind.endsWith('2026-07-28') ? '2026-07-28' : '2025-11-25')
  })

  test('receives progress as a stream', async () => {
    const progress: number[] = []
    const arrived: number[] = []
    await client.callTool('countdown', { from: 4, intervalMs: 50 }, (step) => {
      progress.push(step)
      arrived.push(performance.now())
    })
    expect(progress).toEqual([1, 2, 3, 4])
    expect((arrived.at(-1) ?? 0) - (arrived[0] ?? 0)).toBeGreaterThan(75)
  })

  test('refreshes an expired access token by itself', async () => {
    deployment.clock.advance(1000)
    expect(await client.callTool('whoami')).toContain('ada@example.test')
    expect(client.opened).toHaveLength(1)
    expect(deployment.twin.counters.refresh).toBe(1)
  })

  test('does not notice that Postern was restarted', async () => {
    await deployment.restart()
    expect(await client.callTool('whoami')).toContain('ada@example.test')
    await deployment.restart()
    deployment.clock.advance(1000)
    expect(await client.callTool('whoami')).toContain('ada@example.test')
    expect(client.opened).toHaveLength(1)
  })

  test('registers again when its registration can no longer be opened', async () => {
    await deployment.restart({ secrets: [SECRET_B] })
    await expect(client.callTool('whoami')).rejects.toThrow(/unauthorized/i)
    await client.close()
    await client.connect()
    expect(await client.callTool('whoami')).toContain('ada@example.test')
    // More than once where a request and the standing stream notice at the same time.
    expect(count('client.registered')).toBeGreaterThan(1)
    const ids = client.opened.map(({ searchParams }) => searchParams.get('client_id'))
    expect(ids.at(-1)).not.toBe(ids[0])
  })
})
