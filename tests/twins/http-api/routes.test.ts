import { describe, expect, it } from 'vitest'
import { api, apiTopology, gateway, route, textOf } from '../edge-fixture.ts'
import type { Switches } from '../switches.ts'

/** Key of the route that a request reaches; undefined for 404. */
async function reach(
  keys: string[],
  method: string,
  target: string,
  switches: Partial<Switches> = {},
): Promise<string | undefined> {
  const { send, events } = gateway(apiTopology(...keys.map((key) => route(key))), { switches })
  const response = await send({ method, target })
  const key = events[0]?.event.routeKey
  expect(textOf(response)).toBe(key === undefined ? '{"message":"Not Found"}' : 'ok')
  return key
}

describe('Create routes for HTTP APIs, Routing API requests', () => {
  // The guide's own example.
  const keys = [
    'ANY /{proxy+}',
    '$default',
    'GET /pets/{proxy+}',
    'GET /pets/dog/{id}',
    'GET /pets/dog/1',
  ]
  it.each([
    ['GET', '/pets/dog/1', 'GET /pets/dog/1'],
    ['GET', '/pets/dog/2', 'GET /pets/dog/{id}'],
    ['GET', '/pets/cat/1', 'GET /pets/{proxy+}'],
    ['POST', '/test/5', 'ANY /{proxy+}'],
    ['POST', '/pets/dog/1', 'ANY /{proxy+}'],
  ])('%s %s reaches %s', async (method, target, key) => {
    expect(await reach(keys, method, target)).toBe(key)
  })

  it.each([
    ['GET', '/mcp', 'GET /mcp'],
    ['POST', '/mcp', 'ANY /mcp'],
    ['OPTIONS', '/mcp', 'OPTIONS /mcp'],
    ['POST', '/mcp/', '$default'],
    ['POST', '/MCP', '$default'],
    ['POST', '/mcp?a', 'ANY /mcp'],
    ['POST', '/mcp/a', '$default'],
    ['POST', '/', '$default'],
  ])(
    '%s %s: the own method before ANY, exact and case-sensitive: %s',
    async (method, target, key) => {
      expect(
        await reach(['ANY /mcp', 'GET /mcp', 'OPTIONS /mcp', '$default'], method, target),
      ).toBe(key)
    },
  )

  it('answers 404 where nothing matches', async () => {
    expect(await reach(['GET /mcp'], 'POST', '/mcp')).toBeUndefined()
    expect(await reach(['ANY /mcp'], 'GET', '/')).toBeUndefined()
  })

  it('hands on path parameters, decoded', async () => {
    const { send, events } = gateway(apiTopology(route('GET /a/{id}/{rest+}')))
    await send({ target: '/a/b%20c/d/e' })
    expect(events[0]?.event.pathParameters).toEqual({ id: 'b c', rest: 'd/e' })
  })
})

describe('open questions about paths', () => {
  const keys = ['ANY /mcp', '$default']
  it.each([
    ['decoded', '/%6dcp', 'ANY /mcp'],
    ['decoded', '/mcp%3Fa', 'ANY /mcp'],
    ['decoded', '//mcp', '$default'],
    ['as-sent', '/%6dcp', '$default'],
    ['as-sent', '/mcp', 'ANY /mcp'],
    ['normalized', '//mcp', 'ANY /mcp'],
    ['normalized', '/a/../mcp', 'ANY /mcp'],
    ['normalized', '/%6dcp', 'ANY /mcp'],
  ] as const)('apiPathMatching %s: %s reaches %s', async (apiPathMatching, target, key) => {
    expect(await reach(keys, 'POST', target, { apiPathMatching })).toBe(key)
  })

  it.each([
    ['distinct', '$default'],
    ['ignored', 'ANY /mcp'],
  ] as const)('apiTrailingSlash %s: /mcp/ reaches %s', async (apiTrailingSlash, key) => {
    expect(await reach(keys, 'POST', '/mcp/', { apiTrailingSlash })).toBe(key)
    expect(await reach(keys, 'POST', '/', { apiTrailingSlash })).toBe('$default')
  })

  it('apiRouteKeyTrailingSlash: a route of its own, or none at all', async () => {
    const own = ['ANY /mcp', 'ANY /mcp/']
    const [accepted, refused] = (['accepted', 'refused'] as const).map((position) => ({
      apiRouteKeyTrailingSlash: position,
    }))
    expect(await reach(own, 'POST', '/mcp/', accepted)).toBe('ANY /mcp/')
    await expect(reach(own, 'POST', '/mcp/', refused)).rejects.toThrow('ends with a slash')
    expect(await reach(['ANY /'], 'POST', '/', refused)).toBe('ANY /')
  })

  it('a greedy variable takes the empty rest after a slash, not its absence', async () => {
    expect(await reach(['ANY /mcp/{proxy+}', '$default'], 'POST', '/mcp/')).toBe(
      'ANY /mcp/{proxy+}',
    )
    expect(await reach(['ANY /mcp/{proxy+}', '$default'], 'POST', '/mcp')).toBe('$default')
  })
})

describe('stages', () => {
  const stage = (stageName: string, autoDeploy = true) =>
    ({
      kind: 'stage',
      name: 'default',
      api: 'api',
      stageName,
      autoDeploy,
      accessLogs: null,
    }) as const

  it('a named stage is part of rawPath, but not of the route', async () => {
    const { send, events } = gateway(apiTopology(route('ANY /mcp'), stage('prod')))
    expect((await send({ target: '/prod/mcp' })).status).toBe(200)
    expect(events[0]?.event).toMatchObject({
      rawPath: '/prod/mcp',
      requestContext: { stage: 'prod', http: { path: '/prod/mcp' } },
    })
    expect((await send({ target: '/mcp' })).status).toBe(404)
  })

  it('answers 404 where nothing is deployed', async () => {
    const { send } = gateway(apiTopology(route('$default'), stage('$default', false)))
    expect((await send()).status).toBe(404)
  })
})

describe('what API Gateway would not create', () => {
  it.each([
    [['GET mcp'], 'no route key'],
    [['/mcp'], 'no route key'],
    [['GET /{a+}/b'], 'greedy'],
    [['GET /a', 'GET /a'], 'twice'],
  ])('%j', (keys, message) => {
    expect(() => gateway(apiTopology(...keys.map((key) => route(key))))).toThrow(message)
  })

  it('an API that is none of this kind', () => {
    expect(() => gateway(apiTopology({ ...api, protocol: 'WEBSOCKET' }))).toThrow('not an HTTP API')
  })
})
