import assert from 'node:assert/strict'
import { ofKind, type SecurityGroup } from '../../../../../src/aws/topology.ts'
import { reachesInternet } from '../../../../twins/deployment/functions.ts'
import { mayFire } from '../../../../twins/deployment/monitoring.ts'
import { mayInvoke, nameOfFunction } from '../../../../twins/http-api/permissions.ts'
import { signInAtPool } from '../../pool-tokens.ts'
import type { World } from '../world.ts'
import { bearer, CALL, MCP_HEADERS, type Probe } from './probe.ts'

const FOREIGN_API = 'arn:aws:execute-api:eu-central-1:999999999999:foreignapi/$default/$default'
const FOREIGN_RULE = 'arn:aws:events:eu-central-1:999999999999:rule/foreign'

/** Who may not get in, and where nothing gets out. */
export const GUARD_PROBES: readonly Probe[] = [
  {
    name: 'only the edge may call the API',
    check: async (world) => {
      const { access_token: good } = world.client.tokens
      const host = 'mcp.example.com'
      for (const forged of [
        {},
        { 'x-mcp-public-host': host },
        { 'x-mcp-public-host': host, 'x-origin-verify': 'guess' },
      ])
        for (const target of ['/mcp', '/mcp/', '//mcp', '/authorize', '/register']) {
          // What an authorizer remembers of a call that came the right way must not open another.
          await world.atEdge('/mcp', { headers: bearer(good), body: CALL })
          const headers = { ...bearer(good), ...forged }
          const { status } = await world.send(world.apiHost, target, { headers, body: CALL })
          assert([401, 403, 404, 500].includes(status), `${target}: ${status}`)
        }
    },
  },
  {
    name: 'behind an authorizer the server is not even asked without a good token, and no function without any',
    check: async (world) => {
      const { authorizer, server } = world.promises
      if (!authorizer) return
      const atApi = (headers: Record<string, string>): Promise<string[]> =>
        world.invokedBy(() => world.send(world.apiHost, '/mcp', { headers, body: CALL }))
      assert.deepEqual(await atApi(MCP_HEADERS), [])
      const bad = `${world.client.tokens.access_token.slice(0, -8)}AAAAAAAA`
      assert(!(await atApi(bearer(bad))).includes(server))
    },
  },
  {
    name: 'tokens of another client, ID tokens and tokens without the scope lead nowhere',
    check: async (world) => {
      const { cell, promises, mcpUrl } = world
      const resource = promises.mode === 'relay' ? mcpUrl : undefined
      const scope = resource === undefined ? 'openid email' : `openid ${mcpUrl}/tools`
      const full = await signInAtPool(cell, 'other', scope, resource)
      const other = await signInAtPool(cell, 'other', 'openid email', resource)
      for (const token of [full.access_token, full.id_token, other.access_token, other.id_token]) {
        assert(token !== undefined)
        await assertRefused(world, token)
      }
      if (!promises.authorizer) return
      // Of the right resource, so that its scope is all that is missing.
      const invoked = await world.invokedBy(() => call(world, other.access_token))
      assert(!invoked.includes(promises.server))
    },
  },
  {
    name: 'a token of the client that Cognito bound to no resource leads in',
    check: async (world) => {
      if (world.promises.mode === 'broker') return
      const { cell, mcpUrl, promises } = world
      // Its secret is at the edge.
      if (world.variant === 'relay-edge-secret') return
      const { access_token: token } = await signInAtPool(cell, 'client', `${mcpUrl}/tools`)
      assert.equal((await call(world, token)).status, 200, promises.mode)
    },
  },
  {
    name: 'no other API and no other rule may invoke a function',
    check: ({ cell: { deployment } }) => {
      const { resolved } = deployment
      for (const { function: fn } of ofKind(resolved, 'permission'))
        assert(!mayInvoke(resolved, nameOfFunction(fn), FOREIGN_API), fn)
      for (const schedule of ofKind(resolved, 'schedule'))
        assert(!mayFire(schedule, FOREIGN_RULE, resolved), schedule.name)
    },
  },
  {
    name: 'the schedule runs the key watch',
    check: async ({ cell: { deployment } }) => {
      assert.equal(await deployment.fireSchedule('keyWatch'), 'succeeded')
    },
  },
  {
    name: 'nothing leaves the VPC, though a security group were open',
    check: ({ cell: { deployment } }) => {
      const { resolved } = deployment
      const open = (group: SecurityGroup): SecurityGroup => ({
        ...group,
        egress: ['all 0.0.0.0/0'],
      })
      const resources = resolved.resources.map((each) =>
        each.kind === 'securityGroup' ? open(each) : each,
      )
      const isolated = ofKind(resolved, 'function').filter(({ network }) => network !== null)
      assert(isolated.length > 0)
      for (const fn of isolated) assert(!reachesInternet(fn, { ...resolved, resources }), fn.name)
    },
  },
]

function call(world: World, token: string): ReturnType<World['atEdge']> {
  return world.atEdge('/mcp', { headers: bearer(token), body: CALL })
}

async function assertRefused(world: World, token: string): Promise<void> {
  const { status, body } = await call(world, token)
  // 500: an authorizer in Lambda has no other way to say 401.
  assert([401, 403, 500].includes(status), `${status} ${body.toString()}`)
}
