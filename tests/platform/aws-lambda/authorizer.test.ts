import { beforeEach, describe, expect, test } from 'vitest'
import fc from 'fast-check'
import type { PosternEvent } from '../../../src/events.ts'
import { createAuthorizer } from '../../../src/platform/aws-lambda/authorizer.ts'
import { obtainTokens } from '../../support/dance.ts'
import { createWorld, ISSUER, type World } from '../../support/world.ts'
import { httpEvent, VARIABLES, type EventChanges } from './lambda-world.ts'

let world: World
let token: string
let events: PosternEvent[]
let authorize: (changes?: EventChanges) => Promise<unknown>
let authorizeRaw: (event: unknown) => Promise<unknown>

beforeEach(async () => {
  world = await createWorld({ postern: { forwardGroups: ['staff'] } })
  token = (await obtainTokens(world)).access_token
  events = []
  const jwks = await world.postern.fetch(new Request(`${ISSUER}/.well-known/jwks.json`))
  authorizeRaw = createAuthorizer({
    variables: { ...VARIABLES, POSTERN_SCOPES: 'mcp', POSTERN_JWKS: await jwks.text() },
    now: world.clock.now,
    emit: (event) => events.push(event),
    fetch: () => Promise.reject(new Error('a gate calls nobody')),
  })
  authorize = (changes = {}) => authorizeRaw(requestEvent(changes))
})

/** What API Gateway asks an authorizer: the request without its body. */
function requestEvent(changes: EventChanges): unknown {
  const headers = { authorization: `Bearer ${token}`, ...changes.headers }
  const { body: _, ...event } = httpEvent({ method: 'POST', ...changes, headers })
  return { ...event, type: 'REQUEST', identitySource: [headers.authorization], routeArn: 'arn' }
}

describe('Postern as a Lambda authorizer', () => {
  test.each(['/mcp', '/mcp/'])(
    'admits a valid token at %s and says whose it is, in text',
    async (path) => {
      expect(await authorize({ path })).toEqual({
        isAuthorized: true,
        context: {
          subject: expect.stringMatching(/^[0-9a-f-]{36}$/),
          idp: world.twin.issuer,
          client_id: expect.any(String),
          scope: 'mcp',
          email: 'ada@example.test',
          groups: 'staff',
        },
      })
    },
  )

  test.each(['Bearer x', 'Basic eA==', ''])(
    'is 401 for %j, so that clients sign in',
    async (value) => {
      await expect(authorize({ headers: { authorization: value } })).rejects.toThrow(
        /^Unauthorized$/,
      )
    },
  )

  test('is 401 for a token that has expired', async () => {
    world.clock.advance(3600)
    await expect(authorize()).rejects.toThrow(/^Unauthorized$/)
  })

  test('is 401 for a token of another deployment', async () => {
    const other = await createWorld({ postern: { secrets: [SECRET_OTHER] } })
    token = (await obtainTokens(other)).access_token
    await expect(authorize()).rejects.toThrow(/^Unauthorized$/)
  })

  test.each<[string, EventChanges]>([
    ['without the origin proof', { headers: { 'x-origin-verify': 'guess' } }],
    ['with another public host', { headers: { 'x-mcp-public-host': 'evil.example' } }],
    ['with an Origin that is not allowed', { headers: { origin: 'https://evil.example' } }],
    ['with a token in the query', { query: 'access_token=x' }],
    ['at another path', { path: '/mcp/other' }],
    ['at a path that parsing would change', { path: '/x/../mcp' }],
  ])('is 403 %s, valid token or not', async (_, changes) => {
    expect(await authorize(changes)).toEqual({ isAuthorized: false })
  })

  test('is 403 for a token without a required scope', async () => {
    const jwks = await world.postern.fetch(new Request(`${ISSUER}/.well-known/jwks.json`))
    const strict = createAuthorizer({
      variables: {
        ...VARIABLES,
        POSTERN_SCOPES: 'mcp admin',
        POSTERN_REQUIRED_SCOPES: 'admin',
        POSTERN_JWKS: await jwks.text(),
      },
      now: world.clock.now,
      emit: () => {},
    })
    expect(await strict(requestEvent({}))).toEqual({ isAuthorized: false })
  })

  test('refuses whatever is no event, and throws nothing but 401', async () => {
    await fc.assert(
      fc.asyncProperty(fc.anything(), async (event) => {
        expect(await authorizeRaw(event)).toEqual({ isAuthorized: false })
      }),
    )
  })

  test('never repeats a token', async () => {
    const answer = await authorize()
    expect(JSON.stringify([answer, events])).not.toContain(token)
  })
})

const SECRET_OTHER = 'o4fT6zJ0uV2yXc8KqLw1sN5bR9dG3hPmEaYiU7jZxCk'
