import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { closeChromium } from '../../support/chromium.ts'
import { openCell, SUBJECT, type Cell } from './cell.ts'
import { topologyOf } from './topologies.ts'

const DAY = 24 * 60 * 60

let cell: Cell
afterEach(() => cell.close())
afterAll(closeChromium)

async function whoami(client: { callTool: (name: string) => Promise<string> }): Promise<unknown> {
  return JSON.parse(await client.callTool('whoami'))
}

describe.each(['relay-public', 'broker'] as const)('%s', (variant) => {
  test('the URL typed with a trailing slash leads in as well', async () => {
    cell = await openCell(topologyOf('cdk', variant))
    const client = cell.start('0.15', `${cell.deployment.mcpUrl}/`)
    await cell.signInWith(client)
    expect(await whoami(client)).toMatchObject({ subject: SUBJECT })
  }, 40_000)

  test('day 29: a refresh; day 31: a clean new sign-in', async () => {
    cell = await openCell(topologyOf('cdk', variant))
    const client = cell.start('0.15')
    await cell.signInWith(client)
    // Broker: a refresh token idles for 7 days at most, so somebody has to be there now and then.
    for (let day = 5; day <= 29; day += 6) {
      cell.clock.advance(day === 5 ? 5 * DAY : 6 * DAY)
      expect(await whoami(client)).toMatchObject({ subject: SUBJECT })
    }
    // Two of its requests may have found the token expired at once.
    const { login, refresh } = cell.deployment.pool.counters
    expect([login, refresh >= 5]).toEqual([1, true])
    await client.close()

    cell.clock.advance(2 * DAY)
    const later = cell.start('0.15')
    await cell.signInWith(later)
    expect(cell.deployment.pool.counters.login).toBe(2)
    expect(await whoami(later)).toMatchObject({ subject: SUBJECT })
  }, 90_000)

  test('who is not in the group is told so, and reaches nothing', async () => {
    cell = await openCell(topologyOf('cdk', variant))
    // Relay hands out the pool's own tokens, so its gate is the first that may say no.
    const outcome = await cell
      .signInOverHttp({ stranger: true })
      .then(async (client) => (await client.callMcp()).status)
      .catch((error: Error) => /"error":"(\w+)"/.exec(error.message)?.[1])
    expect(outcome).toBe(variant === 'broker' ? 'access_denied' : 403)
    const server = cell.deployment.lambdas.get(variant === 'broker' ? 'mcp' : 'front')
    expect(server?.logs.join('\n')).not.toContain('gate.admitted')
  }, 30_000)
})

test('relay-both: the JWT authorizer of the recipe in front, its refusals with a challenge', async () => {
  cell = await openCell(topologyOf('cdk', 'relay-both'))
  const client = cell.start('0.15')
  await cell.signInWith(client)
  expect(await whoami(client)).toMatchObject({ subject: SUBJECT })
  const refused = await cell.deployment.fetch(cell.deployment.mcpUrl, { method: 'POST' })
  expect(refused.status).toBe(401)
  expect(refused.headers.get('www-authenticate')).toContain('resource_metadata="https://mcp.')
}, 40_000)

test('relay-token-function: the function leaves out `resource` and signs people in', async () => {
  cell = await openCell(topologyOf('cdk', 'relay-token-function'), {
    switches: { resourceAtToken: 'invalid-request', resourceBinding: 'strict' },
  })
  const client = cell.start('0.15')
  await cell.signInWith(client)
  cell.clock.advance(61 * 60)
  expect(await whoami(client)).toMatchObject({ subject: SUBJECT })
  expect(cell.deployment.lambdas.get('token')?.counters.invocations).toBeGreaterThan(1)
}, 40_000)

test('relay-shared-secret: dangerouslyShareClientSecret hands the secret out, and it works', async () => {
  cell = await openCell(topologyOf('cdk', 'relay-shared-secret'))
  const client = cell.start('0.15')
  await cell.signInWith(client)
  cell.clock.advance(61 * 60)
  expect(await whoami(client)).toMatchObject({ subject: SUBJECT })
}, 40_000)

test.each(['relay-existing', 'broker-existing'] as const)(
  '%s: a function of another make behind the authorizer learns who calls',
  async (variant) => {
    cell = await openCell(topologyOf('cdk', variant))
    const client = cell.start('0.15')
    await cell.signInWith(client)
    expect(await client.callTool('whoami')).toContain(SUBJECT)
    cell.clock.advance(61 * 60)
    expect(await client.callTool('whoami')).toContain(SUBJECT)
    const { login, refresh } = cell.deployment.pool.counters
    expect([login, refresh > 0]).toEqual([1, true])
    const refused = await cell.deployment.fetch(cell.deployment.mcpUrl, { method: 'POST' })
    expect(refused.status).toBe(401)
    expect(refused.headers.get('www-authenticate')).toContain('resource_metadata="https://mcp.')
  },
  40_000,
)
