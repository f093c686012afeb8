import { SignJWT, exportJWK, generateKeyPair, importJWK } from 'jose'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createPostern } from '../../src/postern.ts'
import {
  FetchBrowser,
  authorizeUrl,
  obtainTokens,
  pkce,
  register,
  signIn,
  type SignedIn,
} from '../support/dance.ts'
import { type Door, FORWARDERS, openDoor, signingKey } from '../support/forwarders.ts'
import { createWorld, ISSUER, MCP_URL, SECRET_A } from '../support/world.ts'

let door: Door
let signedIn: SignedIn
let code: string

// The same issuer and secret as every door's: what one process issues, another one judges.
beforeAll(async () => {
  const world = await createWorld()
  signedIn = await obtainTokens(world)
  const { challenge } = pkce()
  const url = authorizeUrl(await register(world.postern), challenge)
  code = (await signIn(new FetchBrowser(world), url)).searchParams.get('code') ?? ''
})

const EVIL_HOST: [string, string] = ['host', 'evil.example']
const EVIL_ORIGIN: [string, string] = ['origin', 'https://evil.example']
const OWN_ORIGIN: [string, string] = ['origin', ISSUER]
const ASKS: [string, string] = ['access-control-request-method', 'POST']

describe.each(FORWARDERS)('the gate, forwarding by %s', (forwarder) => {
  beforeEach(async () => {
    door = await openDoor(forwarder)
  })

  afterEach(() => door.close())

  describe('of several faults the earliest in the order is told', () => {
    test.each([
      ['host_unknown', 403, 'OPTIONS', '/mcp', [EVIL_HOST, EVIL_ORIGIN, ASKS], 'bad'],
      ['host_unknown', 403, 'POST', '/mcp?access_token=x', [EVIL_HOST], 'good'],
      ['origin_not_allowed', 403, 'OPTIONS', '/mcp', [EVIL_ORIGIN, ASKS], 'bad'],
      ['origin_not_allowed', 403, 'POST', '/mcp?access_token=x', [EVIL_ORIGIN], 'good'],
      [
        'token_in_query',
        400,
        'POST',
        '/mcp?access_token=x',
        [['authorization', 'Bearer x']],
        'bad',
      ],
      ['authorization_duplicated', 400, 'POST', '/mcp', [['authorization', 'Basic x']], 'bad'],
      // No Access-Control-Request-Method: an OPTIONS like any other method.
      ['token_absent', 401, 'OPTIONS', '/mcp', [OWN_ORIGIN], 'none'],
    ] as [string, number, string, string, [string, string][], string][])(
      '%s, %i, at %s %s',
      async (reason, status, method, path, headers, token) => {
        const tokens: Record<string, string> = { good: await door.token(), bad: 'x' }
        const answer = await door.send({ method, path, headers, token: tokens[token] })
        expect(answer.status).toBe(status)
        expect(door.events).toEqual([expect.objectContaining({ type: 'gate.refused', reason })])
        expect(door.received).toEqual([])
      },
    )

    test('a preflight needs no token, and one that is there is not looked at', async () => {
      for (const token of [undefined, 'x', await door.token()]) {
        const answer = await door.send({ method: 'OPTIONS', headers: [OWN_ORIGIN, ASKS], token })
        expect(answer.status).toBe(204)
      }
      expect(door.received).toEqual([])
      expect(door.events).toEqual([])
    })
  })

  describe('what the front door issued, in the place of an access token', () => {
    test('the access token itself passes, with the identity of the dance', async () => {
      const answer = await door.send({ token: signedIn.access_token })
      expect(answer.status).toBe(200)
      expect(door.received[0]?.headers).toMatchObject({ 'x-forwarded-email': 'ada%40example.test' })
      expect(door.received[0]?.headers['x-forwarded-groups']).toBeUndefined()
    })

    test.each([
      ['refresh token', () => signedIn.refresh_token ?? ''],
      ['authorization code', () => code],
      ['client_id', () => signedIn.clientId],
    ])('a %s is 401, and nothing is forwarded', async (_, value) => {
      expect(value().length).toBeGreaterThan(40)
      const answer = await door.send({ token: value() })
      expect(answer.status).toBe(401)
      expect(answer.headers['www-authenticate']).toMatch(/^Bearer error="invalid_token"/)
      expect(door.received).toEqual([])
    })
  })

  describe('forged heads of tokens', () => {
    const claims = (): Record<string, unknown> => ({
      iss: ISSUER,
      aud: MCP_URL,
      sub: 'ada',
      client_id: 'client-1',
      scope: 'mcp',
      idp: 'https://idp.example',
      iat: door.clock.seconds,
      exp: door.clock.seconds + 900,
      jti: crypto.randomUUID(),
    })
    const ours = async (): Promise<{ kid: string; key: CryptoKey }> => {
      const head = JSON.parse(atob((await door.token()).split('.')[0] ?? '')) as { kid: string }
      return { kid: head.kid, key: (await importJWK(await signingKey(), 'EdDSA')) as CryptoKey }
    }

    test('typ may be written as a media type (RFC 9068 §4)', async () => {
      const { kid, key } = await ours()
      const header = { alg: 'EdDSA', kid, typ: 'application/at+jwt' }
      const token = await new SignJWT(claims()).setProtectedHeader(header).sign(key)
      expect((await door.send({ token })).status).toBe(200)
    })

    test.each([
      ['no kid', { kid: undefined }],
      ['no typ', { typ: undefined }],
      ['an empty typ', { typ: '' }],
    ])('%s is 401', async (_, changes) => {
      const { kid, key } = await ours()
      const header = Object.assign({ alg: 'EdDSA', kid, typ: 'at+jwt' }, changes)
      const token = await new SignJWT(claims()).setProtectedHeader(header).sign(key)
      expect((await door.send({ token })).status).toBe(401)
      expect(door.received).toEqual([])
    })

    test.each(['our kid', 'our kid and its own key in the head'])(
      'a key of somebody else under %s is 401',
      async (how) => {
        const { kid } = await ours()
        const { privateKey, publicKey } = await generateKeyPair('EdDSA')
        const jwk = how === 'our kid' ? {} : { jwk: await exportJWK(publicKey) }
        const header = { alg: 'EdDSA', kid, typ: 'at+jwt', ...jwk }
        const token = await new SignJWT(claims()).setProtectedHeader(header).sign(privateKey)
        expect((await door.send({ token })).status).toBe(401)
        expect(door.received).toEqual([])
      },
    )

    test.each(['iat', 'jti', 'client_id', 'idp', 'scope', 'aud', 'iss'])(
      'no %s is 401',
      async (claim) => {
        expect((await door.send({ token: await door.token({ [claim]: undefined }) })).status).toBe(
          401,
        )
        expect(door.received).toEqual([])
      },
    )
  })

  describe('two Authorization lines are 400, whichever is good', () => {
    test.each([
      ['an empty one first', (good: string) => ['', good]],
      ['another scheme first', (good: string) => ['Basic eDp5', good]],
      ['the good one first', (good: string) => [good, 'Bearer x']],
    ])('%s', async (_, make) => {
      const [first = '', second = ''] = make(`Bearer ${await door.token()}`)
      const headers: [string, string][] = [
        ['Authorization', first],
        ['AUTHORIZATION', second],
      ]
      const answer = await door.send({ headers })
      expect(answer.status).toBe(400)
      expect(answer.headers['www-authenticate']).toMatch(/^Bearer error="invalid_request"/)
      expect(door.received).toEqual([])
    })
  })

  test('a failure is never remembered: a token that was early passes in time', async () => {
    const token = await door.token({ nbf: door.clock.seconds + 60 })
    expect((await door.send({ token })).status).toBe(401)
    door.clock.advance(60)
    expect((await door.send({ token })).status).toBe(200)
  })

  test('what the MCP server lets through of one connection stays there', async () => {
    door.onUpstream((_, response) => {
      response.writeHead(200, [
        ['Connection', 'X-Hop, keep-alive'],
        ['X-Hop', '1'],
        ['Proxy-Connection', 'keep-alive'],
        ['Upgrade', 'h2c'],
        ['X-Twice', 'a'],
        ['X-Twice', 'b'],
        ['WWW-Authenticate', 'Bearer realm="upstream"'],
      ] as unknown as string[])
      response.end('{}')
    })
    const answer = await door.send({ token: await door.token() })
    for (const name of ['x-hop', 'proxy-connection', 'upgrade'])
      expect(answer.headers[name]).toBeUndefined()
    expect(answer.headers['x-twice']).toBe('a, b')
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="upstream"')
  })
})

test('a verified token is remembered by nothing but its digest', async () => {
  const seen: string[] = []
  const digested = (text: string): string => {
    seen.push(text)
    return 'the same for all'
  }
  const own = await openDoor('fetch')
  const { config } = own.postern
  const postern = createPostern(
    {
      resources: config.resources.map(({ url }) => ({ url, upstream: 'http://127.0.0.1:9/up' })),
      identityProvider: { issuer: 'http://127.0.0.1:9', clientId: 'x', refreshTokens: 'rotating' },
      access: 'anyoneTheIdpAdmits',
      secrets: [SECRET_A],
      signingKeys: [await signingKey()],
    },
    { now: own.clock.now, sha256: digested },
  )
  const admit = async (token: string): Promise<boolean> => {
    const headers: [string, string][] = [['authorization', `Bearer ${token}`]]
    const head = { method: 'POST', target: '/mcp', host: 'mcp.example.test', headers }
    return (await postern.admit(head)).admitted
  }
  const token = await own.token()
  // Garbage is looked up, not found, verified, and leaves nothing behind.
  expect(await admit('garbage')).toBe(false)
  expect(await admit(token)).toBe(true)
  // With a digest that collides for all, garbage would be found: so no other key is used.
  expect(await admit('garbage')).toBe(true)
  expect(seen).toEqual([`${MCP_URL}\ngarbage`, `${MCP_URL}\n${token}`, `${MCP_URL}\ngarbage`])
  await own.close()
})
