import { afterEach, describe, expect, it } from 'vitest'
import { ofKind } from '../../src/aws/topology.ts'
import { VARIANTS } from '../aws/variants.ts'
import { assetPath, EXISTING } from '../e2e/aws/assets.ts'
import { topologyOf } from '../e2e/aws/topologies.ts'
import { deploy, type Deployment } from './deployment.ts'

let deployment: Deployment | undefined
afterEach(async () => {
  await deployment?.close()
  deployment = undefined
})

const ROWS = VARIANTS.flatMap((variant) => [
  ['cdk', variant] as const,
  ['terraform', variant] as const,
])

/** The first test also bundles; each synthesizes. */
const SLOW = 60_000

describe.each(ROWS)('what %s makes of %s', (source, variant) => {
  it(
    'deploys, describes itself, asks for a token and watches its keys',
    async () => {
      deployment = await deploy(topologyOf(source, variant), {
        assetPath: await assetPath(),
        existing: EXISTING,
        via: source === 'cdk' ? 'cloudformation' : 'terraform',
      })
      const { fetch, origin, mcpUrl } = deployment
      const described = await fetch(`${origin}/.well-known/oauth-protected-resource/mcp`)
      expect(described.status).toBe(200)
      expect(await described.json()).toMatchObject({
        resource: mcpUrl,
        authorization_servers: [origin],
      })
      for (const url of [mcpUrl, `${mcpUrl}/`]) {
        const refused = await fetch(url, { method: 'POST', body: '{}' })
        expect(refused.status).toBe(401)
        expect(refused.headers.get('www-authenticate')).toContain(
          `resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp"`,
        )
      }
      expect(await deployment.fireSchedule('keyWatch')).toBe('succeeded')
      expect(deployment.alarmState('keyWatch')).toBe('OK')

      for (const { name, network } of ofKind(deployment.resolved, 'function')) {
        const { errors, transmitted } = deployment.lambdas.get(name)?.counters ?? {}
        expect([name, errors]).toEqual([name, 0])
        expect(transmitted).toBeOneOf(network === null ? [null] : [0, 'not proven'])
      }
      expect(deployment.names.failures).toEqual([])
    },
    SLOW,
  )
})
