import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { closeChromium } from '../../support/chromium.ts'
import type { McpRemoteVersion } from '../../support/mcp-remote.ts'
import { openCell, SUBJECT, type Cell } from './cell.ts'
import { topologyOf } from './topologies.ts'

/** What is deployed, and by which of the two: every template that people would apply. */
const ROWS = [
  ['cdk', 'relay-public'],
  ['cdk', 'relay-edge-secret'],
  ['cdk', 'broker'],
  ['terraform', 'relay-public'],
  ['terraform', 'broker'],
] as const
const VERSIONS: readonly McpRemoteVersion[] = ['0.15', '0.1']

let cell: Cell
afterEach(() => cell.close())
afterAll(closeChromium)

describe.each(ROWS)('%s, %s', (source, variant) => {
  test.each(VERSIONS)(
    'mcp-remote %s signs in, calls, refreshes and is cut off',
    async (version) => {
      cell = await openCell(topologyOf(source, variant), { via: viaOf(source) })
      const client = cell.start(version)
      await cell.signInWith(client)

      const caller = { subject: SUBJECT }
      expect(JSON.parse(await client.callTool('whoami'))).toMatchObject(caller)
      expect(await client.callTool('list_notes')).not.toBe('')
      expect(cell.deployment.pool.counters).toMatchObject({ login: 1, token: 1, refresh: 0 })

      cell.clock.advance(61 * 60)
      expect(JSON.parse(await client.callTool('whoami'))).toMatchObject(caller)
      const { login, refresh } = cell.deployment.pool.counters
      expect([login, refresh > 0]).toEqual([1, true])

      const secrets = cell.secretsInUse
      expect((await cell.revokeTokens()).status).toBe(200)
      expect(cell.deployment.pool.counters.revoke).toBe(1)
      cell.clock.advance(61 * 60)
      await client.close()
      const cutOff = cell.start(version)
      expect(await cutOff.authorizationUrl()).toContain(`${cell.deployment.origin}/authorize?`)

      expectPrivacy(cell, variant, secrets)
    },
    60_000,
  )
})

function viaOf(source: 'cdk' | 'terraform'): 'cloudformation' | 'terraform' {
  return source === 'cdk' ? 'cloudformation' : 'terraform'
}

/** What must hold after any run: nothing left the VPC, no secret was written down anywhere. */
function expectPrivacy({ deployment, logs }: Cell, variant: string, secrets: string[]): void {
  const sent = [...deployment.lambdas].map(([name, { counters }]) => [name, counters.transmitted])
  const notProven = sent.filter(([, packets]) => packets === 'not proven').map(([name]) => name)
  if (notProven.length > 0)
    process.stdout.write(`no network for ${notProven.join(', ')}: not proven\n`)
  const isolated = sent.filter(([name]) => ['front', 'mcp', 'notes'].includes(String(name)))
  expect(isolated.length).toBeGreaterThan(0)
  expect(isolated.filter(([, packets]) => packets !== 0 && packets !== 'not proven')).toEqual([])

  expect(secrets.length).toBeGreaterThan(2)
  expect(secrets.filter((secret) => logs.includes(secret))).toEqual([])
  expect(deployment.names.failures).toEqual([])
  // In relay the token endpoint belongs to the edge: no function of ours is on that path.
  const atToken = logs.includes('relay.token-reached-function')
  expect(atToken).toBe(false)
  expect(deployment.lambdas.has('oauth')).toBe(variant === 'broker')
}
