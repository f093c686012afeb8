import assert from 'node:assert/strict'
import { decodeJwt } from 'jose'
import { signInAtPool } from '../../pool-tokens.ts'
import type { World } from '../world.ts'
import type { Probe } from './probe.ts'

const MINUTE = 60
const DAY = 24 * 60 * MINUTE

/** How long what people were given is good for. They move the clock: the last ones to run. */
export const LIFETIME_PROBES: readonly Probe[] = [
  {
    name: 'a refresh token is replaced, and its first answer may get lost for 50 s',
    check: async (world) => {
      const { client } = world
      const first = client.tokens.refresh_token
      await assertRefreshes(world, first)
      assert.notEqual(client.tokens.refresh_token, first)
      world.cell.clock.advance(50)
      await assertRefreshes(world, first)
    },
  },
  {
    name: 'a refresh token that was replaced is good for no more than 2 minutes',
    check: async (world) => {
      const { client } = world
      const first = client.tokens.refresh_token
      await assertRefreshes(world)
      world.cell.clock.advance(2 * MINUTE + 1)
      const { status } = await client.refresh(first)
      assert.equal(status, 400)
      // Broker: whoever sends it again ends the sign-in of both.
      await world.signIn()
    },
  },
  {
    name: 'an access token lasts an hour, a broker’s 15 minutes, and a refresh gives the next',
    check: async (world) => {
      const { clock } = world.cell
      const { client } = world
      const minutes = world.promises.mode === 'relay' ? 60 : 15
      assert.equal(client.tokens.expires_in, minutes * MINUTE)
      clock.advance((minutes - 1) * MINUTE)
      assert.equal((await client.callMcp()).status, 200)
      clock.advance(2 * MINUTE)
      assert.equal((await client.callMcp()).status, 401)
      await assertRefreshes(world)
      assert.equal((await client.callMcp()).status, 200)
    },
  },
  {
    name: 'what the pool gives a broker lasts an hour, and 30 days to refresh',
    check: async (world) => {
      // In relay mode it is what the client is given, and no ID token is among it.
      if (world.promises.mode === 'relay') return
      const [early, late] = await Promise.all([signInAtPoolAs(world), signInAtPoolAs(world)])
      for (const token of [early.access_token, early.id_token]) {
        const { exp = 0, iat = 0 } = decodeJwt(token ?? '')
        assert.equal(exp - iat, 3600)
      }
      world.cell.clock.advance(29 * DAY)
      assert.equal(await refreshAtPool(world, early), 200)
      world.cell.clock.advance(2 * DAY)
      assert.equal(await refreshAtPool(world, late), 400)
      await world.signIn()
    },
  },
  {
    name: 'revocation ends a sign-in, at the pool as well',
    check: async (world) => {
      const { client, cell } = world
      const { revoke } = cell.deployment.pool.counters
      assert.equal((await client.revoke()).status, 200)
      assert.equal((await client.refresh()).status, 400)
      assert(cell.deployment.pool.counters.revoke > revoke)
    },
  },
  {
    name: 'a sign-in lasts 29 days, and not 31',
    check: async (world) => {
      const client = await world.signIn()
      // Broker: a refresh token idles for 7 days at most.
      for (let day = 5; day <= 29; day += 6) {
        world.cell.clock.advance(day === 5 ? 5 * DAY : 6 * DAY)
        await assertRefreshes(world)
      }
      world.cell.clock.advance(2 * DAY)
      assert.equal((await client.refresh()).status, 400)
    },
  },
]

type PoolTokens = Awaited<ReturnType<typeof signInAtPool>>

function signInAtPoolAs({ cell }: World): Promise<PoolTokens> {
  return signInAtPool(cell, 'client', 'openid email')
}

async function refreshAtPool(world: World, tokens: PoolTokens): Promise<number> {
  const { status } = await world.fetch(`https://${world.cognitoHost}/oauth2/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: world.cell.identifier('userPoolClient.client.id'),
      refresh_token: tokens.refresh_token ?? '',
    }),
  })
  return status
}

async function assertRefreshes({ client }: World, token?: string): Promise<void> {
  const response = await client.refresh(token)
  assert.equal(response.status, 200, await response.clone().text())
}
