import { decodeProtectedHeader } from 'jose'
import { afterEach, describe, expect, test } from 'vitest'
import type { Topology } from '../../../src/aws/topology.ts'
import { findResource } from '../../../src/aws/topology.ts'
import type { HttpClient } from '../../support/scripted-person.ts'
import { openCell, type Cell } from './cell.ts'
import { topologyOf } from './topologies.ts'

let cell: Cell
afterEach(() => cell.close())

/** The next deployment of somebody who has changed the text of `rotation`. */
function rotated(topology: Topology, rotation: string): Topology {
  const resources = topology.resources.map((resource) =>
    resource.kind === 'keys' ? { ...resource, input: { ...resource.input, rotation } } : resource,
  )
  return { ...topology, resources }
}

/** Calls without a pause until stopped; returns every status that was seen. */
function keepCalling(clients: readonly HttpClient[]): () => Promise<Map<number, number>> {
  const seen = new Map<number, number>()
  let going = true
  const running = clients.map(async (client) => {
    while (going) {
      const { status } = await client.callMcp()
      seen.set(status, (seen.get(status) ?? 0) + 1)
    }
  })
  return async () => {
    going = false
    await Promise.all(running)
    return seen
  }
}

const keyOf = (client: HttpClient): string | undefined =>
  decodeProtectedHeader(client.tokens.access_token).kid

describe.each(['cdk', 'terraform'] as const)('%s', (source) => {
  test('broker: both secrets are rotated under load, and nobody notices', async () => {
    const topology = topologyOf(source, 'broker')
    cell = await openCell(topology, {
      via: source === 'cdk' ? 'cloudformation' : 'terraform',
    })
    const clients = [await cell.signInOverHttp(), await cell.signInOverHttp()]
    const [first] = clients
    if (first === undefined) throw new Error('nobody is signed in')
    const oldKey = keyOf(first)
    const originSecret = (): unknown => secretOf(cell)['originSecret']
    const oldOriginSecret = originSecret()

    const stop = keepCalling(clients)
    await cell.deployment.redeploy(rotated(topology, '2'), {
      // New functions, while CloudFront still sends the old origin secret.
      beforeDistributions: async () => {
        expect((await first.callMcp()).status).toBe(200)
        expect((await first.refresh()).status).toBe(200)
      },
    })
    expect(originSecret()).not.toBe(oldOriginSecret)
    // The new key signs only when every gate has had time to learn it.
    expect((await first.refresh()).status).toBe(200)
    expect(keyOf(first)).toBe(oldKey)
    const before = await stop()

    cell.clock.advance(16 * 60)
    for (const client of clients) expect((await client.refresh()).status).toBe(200)
    expect(keyOf(first)).not.toBe(oldKey)
    const stopAgain = keepCalling(clients)
    for (const client of clients) expect((await client.refresh()).status).toBe(200)
    expect((await first.callMcp()).status).toBe(200)
    const after = await stopAgain()

    expect([[...before.keys()], [...after.keys()]]).toEqual([[200], [200]])
    // How many fit in depends on the machine; each client must have called throughout.
    expect(before.get(200)).toBeGreaterThanOrEqual(clients.length)
    expect((await cell.signInOverHttp()).tokens.access_token).not.toBe('')
  }, 60_000)
})

test('relay: the origin secret is rotated under load, and nobody notices', async () => {
  const topology = topologyOf('cdk', 'relay-public')
  cell = await openCell(topology)
  const client = await cell.signInOverHttp()
  const stop = keepCalling([client])
  await cell.deployment.redeploy(rotated(topology, '2'), {
    beforeDistributions: async () => {
      expect((await client.callMcp()).status).toBe(200)
    },
  })
  expect((await client.callMcp()).status).toBe(200)
  expect([...(await stop()).keys()]).toEqual([200])
}, 30_000)

test('relay: keys that Cognito changes raise the alarm, and the next deployment pins them', async () => {
  const topology = topologyOf('cdk', 'relay-public')
  cell = await openCell(topology)
  const { deployment } = cell
  expect(await deployment.fireSchedule('keyWatch')).toBe('succeeded')
  expect(deployment.alarmState('keyWatch')).toBe('OK')

  await deployment.pool.rotateKeys()
  const client = await cell.signInOverHttp()
  expect((await client.callMcp()).status).toBe(401)
  expect(deployment.deliveredLogs('front').join('\n')).toContain('token_key_unknown')
  expect(await deployment.fireSchedule('keyWatch')).toBe('failed')
  expect(deployment.alarmState('keyWatch')).toBe('ALARM')
  const { description } = findResource(deployment.resolved, 'alarm', 'keyWatch') ?? {}
  expect(description).toMatch(/cdk deploy/)
  expect(deployment.deliveredLogs('keyWatch').join('\n')).toMatch(/cdk deploy/)

  await deployment.redeploy(rotated(topology, '2'))
  expect((await client.callMcp()).status).toBe(200)
  expect(await deployment.fireSchedule('keyWatch')).toBe('succeeded')
}, 30_000)

function secretOf(from: Cell): Record<string, unknown> {
  const text = from.deployment.secrets.current(from.identifier('secret.postern.arn'))
  return JSON.parse(text ?? '{}') as Record<string, unknown>
}
