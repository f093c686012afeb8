import { describe, expect, it } from 'vitest'
import type { Authorizer } from '../../../src/aws/topology.ts'
import {
  apiTopology,
  authorizer,
  type Event,
  gateway,
  type Gateway,
  permission,
  route,
  textOf,
} from '../edge-fixture.ts'
import type { Switches } from '../switches.ts'
import { authorizerId } from './http-api.ts'

const SOURCE = `arn:aws:execute-api:eu-central-1:111122223333:a1b2c3d4e5/authorizers/${authorizerId('authorizer')}`

function guarded(
  verdict: (event: Event) => unknown,
  changes: Partial<Authorizer> = {},
  source: string = SOURCE,
  switches: Partial<Switches> = {},
): Gateway {
  const topology = apiTopology(
    route('ANY /mcp', { authorizer: 'authorizer' }),
    route('ANY /other', { authorizer: 'authorizer' }),
    authorizer({
      type: 'REQUEST',
      issuer: null,
      audience: [],
      function: 'authorizer',
      payloadFormat: '2.0',
      simpleResponses: true,
      resultTtlSeconds: 0,
      ...changes,
    }),
    permission('authorizer', source),
  )
  return gateway(topology, {
    switches,
    play: (event, functionName) =>
      functionName === 'authorizer' ? verdict(event) : { statusCode: 200, body: 'ok' },
  })
}

async function ask(at: Gateway, authorization?: string, target = '/mcp') {
  const headers: [string, string][] =
    authorization === undefined ? [] : [['Authorization', authorization]]
  const response = await at.send({ method: 'POST', target, headers, body: '{}' })
  return [response.status, textOf(response)]
}

const called = (at: Gateway) => at.events.map(({ functionName }) => functionName)

describe('Lambda authorizer', () => {
  it('is not invoked where an identity source is missing or empty: 401', async () => {
    const at = guarded(() => ({ isAuthorized: true }))
    expect(await ask(at)).toEqual([401, '{"message":"Unauthorized"}'])
    expect(await ask(at, '')).toEqual([401, '{"message":"Unauthorized"}'])
    expect(at.events).toEqual([])
  })

  it('sees the request without its body, in format 2.0', async () => {
    const at = guarded(() => ({ isAuthorized: true }))
    await ask(at, 'Bearer a', '/mcp?a=1')
    const { event } = at.events[0]!
    expect(event).toMatchObject({
      version: '2.0',
      type: 'REQUEST',
      routeArn: 'arn:aws:execute-api:eu-central-1:111122223333:a1b2c3d4e5/$default/POST/mcp',
      identitySource: ['Bearer a'],
      routeKey: 'ANY /mcp',
      rawPath: '/mcp',
      rawQueryString: 'a=1',
      headers: { authorization: 'Bearer a' },
    })
    expect(event).not.toHaveProperty('body')
  })

  it('hands its context on', async () => {
    const context = { sub: 'u1', groups: ['a', 'b'], nested: { c: 1 } }
    const at = guarded(() => ({ isAuthorized: true, context }))
    expect(await ask(at, 'a')).toEqual([200, 'ok'])
    expect(at.events[1]?.event.requestContext.authorizer).toEqual({ lambda: context })
  })

  it('isAuthorized false: 403', async () => {
    const at = guarded(() => ({ isAuthorized: false }))
    expect(await ask(at, 'a')).toEqual([403, '{"message":"Forbidden"}'])
    expect(called(at)).toEqual(['authorizer'])
  })

  it.each([
    ['throws', () => Promise.reject(new Error('Unauthorized'))],
    ['returns nothing', () => undefined],
    ['returns text', () => 'true'],
    ['returns isAuthorized as text', () => ({ isAuthorized: 'true' })],
    [
      'returns a policy although responses are simple',
      () => ({ principalId: 'a', policyDocument: { Statement: [] } }),
    ],
  ])('500 where it %s', async (_, verdict) => {
    const at = guarded(verdict)
    expect(await ask(at, 'a')).toEqual([500, '{"message":"Internal Server Error"}'])
    expect(called(at)).toEqual(['authorizer'])
  })

  it.each([
    ['500', 500],
    ['401', 401],
  ] as const)('apiUnauthorizedError %s: where it throws Unauthorized', async (position, status) => {
    const switches = { apiUnauthorizedError: position }
    const throwing = (message: string): Gateway =>
      guarded(() => Promise.reject(new Error(message)), {}, SOURCE, switches)
    expect((await ask(throwing('Unauthorized'), 'a'))[0]).toBe(status)
    expect((await ask(throwing('Unauthorized: expired'), 'a'))[0]).toBe(500)
  })

  it.each([
    ['of another authorizer', SOURCE.replace(/[0-9a-f]{6}$/, 'ffffff')],
    ['of routes only', SOURCE.replace(/authorizers.*$/, '$default/*')],
  ])('500 with only a permission %s', async (_, source) => {
    const at = guarded(() => ({ isAuthorized: true }), {}, source)
    expect(await ask(at, 'a')).toEqual([500, '{"message":"Internal Server Error"}'])
    expect(at.events).toEqual([])
  })

  it('takes identity from query strings and context as well', async () => {
    const identitySources = ['$request.querystring.key', '$context.routeKey']
    const at = guarded(() => ({ isAuthorized: true }), { identitySources })
    expect((await ask(at))[0]).toBe(401)
    expect((await ask(at, undefined, '/mcp?key=1'))[0]).toBe(200)
    expect(at.events[0]?.event['identitySource']).toEqual(['1', 'ANY /mcp'])
  })

  it('refuses to be of format 1.0, which this twin does not speak', () => {
    expect(() => guarded(() => null, { payloadFormat: '1.0' })).toThrow('format 2.0')
  })
})

describe('IAM policies', () => {
  const policy = (Effect: string, Resource: string | string[], Action = 'execute-api:Invoke') => ({
    principalId: 'u1',
    policyDocument: { Version: '2012-10-17', Statement: [{ Action, Effect, Resource }] },
    context: { sub: 'u1' },
  })
  const arn = 'arn:aws:execute-api:eu-central-1:111122223333:a1b2c3d4e5'

  it.each([
    ['Allow', `${arn}/$default/POST/mcp`, 200],
    ['Allow', `${arn}/*/*/*`, 200],
    ['Allow', [`${arn}/x`, '*'], 200],
    ['Allow', `${arn}/$default/GET/mcp`, 403],
    ['Deny', '*', 403],
  ])('%s %s: %i', async (effect, resource, status) => {
    const at = guarded(() => policy(effect, resource), { simpleResponses: false })
    expect((await ask(at, 'a'))[0]).toBe(status)
  })

  it('a Deny beside an Allow: 403', async () => {
    const both = {
      principalId: 'u1',
      policyDocument: {
        Statement: ['Allow', 'Deny'].map((Effect) => ({
          Action: 'execute-api:Invoke',
          Effect,
          Resource: '*',
        })),
      },
    }
    expect(
      (
        await ask(
          guarded(() => both, { simpleResponses: false }),
          'a',
        )
      )[0],
    ).toBe(403)
  })

  it('500 for a simple response where none is enabled', async () => {
    const at = guarded(() => ({ isAuthorized: true }), { simpleResponses: false })
    expect((await ask(at, 'a'))[0]).toBe(500)
  })
})

describe('Caching authorizer responses', () => {
  it('keeps a result for its identity sources, on all routes, until its time is up', async () => {
    const at = guarded(() => ({ isAuthorized: true }), { resultTtlSeconds: 60 })
    await ask(at, 'a')
    await ask(at, 'a', '/other')
    expect(called(at)).toEqual(['authorizer', 'front', 'front'])
    await ask(at, 'b')
    expect(called(at).filter((name) => name === 'authorizer')).toHaveLength(2)
    at.clock.advance(60)
    await ask(at, 'a')
    expect(called(at).filter((name) => name === 'authorizer')).toHaveLength(3)
  })

  it('keeps refusals as well', async () => {
    let allowed = false
    const at = guarded(() => ({ isAuthorized: allowed }), { resultTtlSeconds: 60 })
    expect((await ask(at, 'a'))[0]).toBe(403)
    allowed = true
    expect((await ask(at, 'a'))[0]).toBe(403)
  })

  it('keeps nothing with a time of 0', async () => {
    const at = guarded(() => ({ isAuthorized: true }), { resultTtlSeconds: 0 })
    await ask(at, 'a')
    await ask(at, 'a')
    expect(called(at).filter((name) => name === 'authorizer')).toHaveLength(2)
  })

  it('keeps for 300 s where nothing is set', async () => {
    const at = guarded(() => ({ isAuthorized: true }), { resultTtlSeconds: null })
    await ask(at, 'a')
    at.clock.advance(299)
    await ask(at, 'a')
    expect(called(at).filter((name) => name === 'authorizer')).toHaveLength(1)
  })

  it('keeps no failure', async () => {
    let fails = true
    const at = guarded(
      () => {
        if (fails) throw new Error('cold')
        return { isAuthorized: true }
      },
      { resultTtlSeconds: 60 },
    )
    expect((await ask(at, 'a'))[0]).toBe(500)
    fails = false
    expect((await ask(at, 'a'))[0]).toBe(200)
  })
})
