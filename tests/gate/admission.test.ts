import { createHmac } from 'node:crypto'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Door, FORWARDERS, openDoor, signingKey } from '../support/forwarders.ts'

let door: Door

const PRM = 'https://mcp.example.test/.well-known/oauth-protected-resource/mcp'
const CHALLENGE = `Bearer scope="mcp", resource_metadata="${PRM}"`

describe.each(FORWARDERS)('the gate, forwarding by %s', (forwarder) => {
  beforeEach(async () => {
    door = await openDoor(forwarder)
  })

  afterEach(() => door.close())

  describe('R4: without a token', () => {
    test.each(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])(
      '%s is 401 with one challenge and no error code',
      async (method) => {
        const answer = await door.send({ method })
        expect(answer.status).toBe(401)
        expect(answer.headers['www-authenticate']).toBe(CHALLENGE)
        expect(door.received).toEqual([])
      },
    )

    test('a browser gets the same challenge, with a page as body', async () => {
      const answer = await door.send({
        method: 'GET',
        headers: [['accept', 'text/html,*/*;q=0.8']],
      })
      expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, CHALLENGE])
      expect(answer.headers['content-type']).toContain('text/html')
      expect(answer.body.toString()).toContain('https://mcp.example.test/mcp')
    })

    test.each(['text/event-stream', 'application/json, text/event-stream', '*/*'])(
      'a machine that accepts %s gets JSON',
      async (accept) => {
        const answer = await door.send({ method: 'GET', headers: [['accept', accept]] })
        expect(answer.headers['content-type']).toBe('application/json')
      },
    )

    test('the trailing slash is the same resource', async () => {
      const answer = await door.send({ path: '/mcp/' })
      expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, CHALLENGE])
    })
  })

  describe('host and origin come before everything', () => {
    test.each([
      'evil.example',
      'mcp.example.test.evil.example',
      'mcp.example.test:8443',
      '127.0.0.1',
    ])('Host %s is 403', async (host) => {
      const answer = await door.send({ headers: [['host', host]], token: await door.token() })
      expect(answer.status).toBe(403)
      expect(answer.headers['www-authenticate']).toBeUndefined()
      expect(door.received).toEqual([])
    })

    test.each(['mcp.example.test', 'MCP.example.TEST', 'mcp.example.test:443'])(
      'Host %s is ours',
      async (host) => {
        const answer = await door.send({ headers: [['host', host]], token: await door.token() })
        expect(answer.status).toBe(200)
      },
    )

    test.each([
      'https://evil.example',
      'null',
      'http://mcp.example.test',
      'https://mcp.example.test:8443',
    ])('Origin %s is 403, with and without a token', async (origin) => {
      for (const token of [undefined, await door.token()]) {
        const answer = await door.send({ headers: [['origin', origin]], token })
        expect(answer.status).toBe(403)
        expect(answer.headers['access-control-allow-origin']).toBeUndefined()
      }
      expect(door.received).toEqual([])
    })
  })

  describe('R19 CORS for listed origins', () => {
    const origin = 'https://mcp.example.test'

    test('a preflight is answered here and echoes the headers asked for', async () => {
      const headers: [string, string][] = [
        ['origin', origin],
        ['access-control-request-method', 'POST'],
        ['access-control-request-headers', 'authorization, mcp-param-x, mcp-protocol-version'],
      ]
      const answer = await door.send({ method: 'OPTIONS', headers })
      expect(answer.status).toBe(204)
      expect(answer.headers).toMatchObject({
        'access-control-allow-origin': origin,
        'access-control-allow-headers': 'authorization, mcp-param-x, mcp-protocol-version',
      })
      expect(answer.headers['access-control-allow-credentials']).toBeUndefined()
      expect(door.received).toEqual([])
    })

    test('a page may read the challenge, and an answer', async () => {
      door.onUpstream((_, response) => {
        response.setHeader('access-control-allow-origin', '*')
        response.end('{}')
      })
      const refused = await door.send({ headers: [['origin', origin]] })
      const answered = await door.send({ headers: [['origin', origin]], token: await door.token() })
      for (const answer of [refused, answered]) {
        expect(answer.headers['access-control-allow-origin']).toBe(origin)
        expect(answer.headers['access-control-expose-headers']).toContain('WWW-Authenticate')
        expect(answer.headers['access-control-expose-headers']).toContain('Mcp-Session-Id')
      }
    })
  })

  describe('paths that are not exactly the resource are not forwarded', () => {
    test.each(['/', '/mcp2', '/mcp/x', '/MCP', '/%6dcp', '//mcp', '/x/../mcp2', '/mcp;x', '/.mcp'])(
      '%s',
      async (path) => {
        const answer = await door.send({ path, token: await door.token() })
        expect(answer.status).toBe(404)
        expect(door.received).toEqual([])
      },
    )

    test.each(['http://evil.example/mcp', 'http://127.0.0.1/mcp', '//evil.example/mcp'])(
      'absolute form %s reaches nothing of another host',
      async (path) => {
        const answer = await door.send({ path })
        expect(answer.status).toBeGreaterThanOrEqual(400)
        expect(door.received).toEqual([])
      },
    )
  })

  describe('bad tokens (RFC 9068 §4)', () => {
    const cases: [string, (own: Door) => Promise<string>][] = [
      ['another issuer', (own) => own.token({ iss: 'https://evil.example' })],
      ['another resource', (own) => own.token({ aud: 'https://mcp.example.test/other' })],
      ['a list of audiences', (own) => own.token({ aud: ['https://mcp.example.test/mcp', 'x'] })],
      ['an expiry that has passed', (own) => own.token({ exp: own.clock.seconds - 1 })],
      ['no expiry', (own) => own.token({ exp: undefined })],
      ['a start in the future', (own) => own.token({ nbf: own.clock.seconds + 60 })],
      ['no subject', (own) => own.token({ sub: undefined })],
      ['typ JWT', (own) => own.token({}, { typ: 'JWT' })],
      ['an identity JWT’s typ', (own) => own.token({}, { typ: 'postern-identity+jwt' })],
      ['an unknown kid', (own) => own.token({}, { kid: 'unknown' })],
      ['alg none', async (own) => unsigned(await own.token())],
      ['HS256 with the public key', async (own) => confused(await own.token())],
      ['a changed payload', async (own) => changed(await own.token())],
      ['garbage', () => Promise.resolve('garbage')],
      ['5,000 characters', () => Promise.resolve('x'.repeat(5000))],
    ]
    test.each(cases)('%s is 401 invalid_token', async (_, make) => {
      const answer = await door.send({ token: await make(door) })
      expect(answer.status).toBe(401)
      expect(answer.headers['www-authenticate']).toMatch(
        /^Bearer error="invalid_token", error_description="[^"]+", scope="mcp", resource_metadata="/,
      )
      expect(door.received).toEqual([])
    })

    test('a token in the query is 400, and never looked at', async () => {
      const token = await door.token()
      for (const query of [
        `access_token=${token}`,
        `x=1&ACCESS_TOKEN=${token}`,
        'access_token',
        `access%5Ftoken=${token}`,
      ]) {
        const answer = await door.send({ path: `/mcp?${query}`, token })
        expect(answer.status).toBe(400)
        expect(answer.headers['www-authenticate']).toContain('error="invalid_request"')
      }
      expect(door.received).toEqual([])
    })

    test('two Authorization headers are 400', async () => {
      const token = await door.token()
      const line: [string, string] = ['authorization', `Bearer ${token}`]
      for (const headers of [[line, line], [['authorization', `Bearer ${token}, Bearer ${token}`]]])
        expect((await door.send({ headers: headers as [string, string][] })).status).toBe(400)
      expect(door.received).toEqual([])
    })

    test.each(['Basic eDp5', 'DPoP abc', 'Bearer', 'Bearer a b', 'Bearer "x"'])(
      'Authorization: %s is 401',
      async (value) => {
        const answer = await door.send({ headers: [['authorization', value]] })
        expect(answer.status).toBe(401)
        expect(door.received).toEqual([])
      },
    )

    test('a remembered token is refused once it has expired', async () => {
      const token = await door.token()
      expect((await door.send({ token })).status).toBe(200)
      door.clock.advance(899)
      expect((await door.send({ token })).status).toBe(200)
      door.clock.advance(1)
      expect((await door.send({ token })).status).toBe(401)
    })
  })

  describe('what the MCP server receives', () => {
    test('who is calling, and nothing that a client wrote about that', async () => {
      const forged: [string, string][] = [
        ['X-Forwarded-User', 'root'],
        ['X_Forwarded_User', 'root'],
        ['x-forwarded-Email', 'root@evil.example'],
        ['X-Forwarded_Groups', 'admin'],
        ['X-Postern-Identity', 'forged'],
        ['X_Postern_Identity', 'forged'],
        ['X-Forwarded-For', '6.6.6.6'],
        ['X-Forwarded-Host', 'evil.example'],
        ['Forwarded', 'for=6.6.6.6'],
        ['Remote-User', 'root'],
        ['X-Real-IP', '6.6.6.6'],
        ['Connection', 'X-Forwarded-User, X-Postern-Identity, keep-alive'],
      ]
      const token = await door.token({ email: 'ada@example.test', groups: ['staff', 'a,b'] })
      await door.send({ token, headers: forged, body: '{}' })
      const [request] = door.received
      const names = request?.rawHeaders.filter((_, index) => index % 2 === 0) ?? []
      const identity = names.filter((name) =>
        /[-_.]user|email|groups|identity|forwarded|real/i.test(name),
      )
      expect(identity.map((name) => name.toLowerCase()).toSorted()).toEqual([
        'x-forwarded-email',
        'x-forwarded-groups',
        'x-forwarded-host',
        'x-forwarded-proto',
        'x-forwarded-user',
        'x-postern-identity',
      ])
      expect(request?.headers).toMatchObject({
        'x-forwarded-user': 'https%3A%2F%2Fidp.example%20ada',
        'x-forwarded-email': 'ada%40example.test',
        'x-forwarded-groups': 'staff,a%2Cb',
        'x-forwarded-host': 'mcp.example.test',
        'x-forwarded-proto': 'https',
      })
      expect(request?.headers.authorization).toBeUndefined()
      expect(JSON.stringify(request?.rawHeaders)).not.toMatch(/root|forged|evil|6\.6\.6\.6|admin/)
    })

    test.each(['a\r\nX-Admin: 1', 'ü 名前', '\uD800', '%00\u0000'])(
      'a subject %j cannot break a header',
      async (sub) => {
        expect((await door.send({ token: await door.token({ sub }) })).status).toBe(200)
        expect(door.received[0]?.headers['x-admin']).toBeUndefined()
        expect(door.received[0]?.headers['x-forwarded-user']).toMatch(/^[\x21-\x7e]+$/)
      },
    )

    test('an identity JWT that verifies with the published keys', async () => {
      await door.send({ token: await door.token({ email: 'ada@example.test' }) })
      const path = '/.well-known/postern-identity-jwks.json'
      const jwks = await door.send({ method: 'GET', path })
      const keys = createLocalJWKSet(JSON.parse(jwks.body.toString()) as { keys: [] })
      const jwt = String(door.received[0]?.headers['x-postern-identity'])
      const { payload, protectedHeader } = await jwtVerify(jwt, keys, {
        typ: 'postern-identity+jwt',
        issuer: 'https://mcp.example.test',
      })
      expect(protectedHeader.alg).toBe('EdDSA')
      expect(payload).toMatchObject({ sub: 'ada', idp: 'https://idp.example', scope: 'mcp' })
      expect(payload.aud).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/up$/)
      expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(60)
    })

    test('an identity JWT is no access token', async () => {
      await door.send({ token: await door.token() })
      const token = String(door.received[0]?.headers['x-postern-identity'])
      expect((await door.send({ token })).status).toBe(401)
    })

    test('an identity JWT has always at least 30 s left', async () => {
      const token = await door.token()
      const left: number[] = []
      for (let second = 0; second < 120; second += 10) {
        await door.send({ token })
        const jwt = String(door.received.at(-1)?.headers['x-postern-identity'])
        const { exp } = JSON.parse(atob(jwt.split('.')[1] ?? '')) as { exp: number }
        left.push(exp - door.clock.seconds)
        door.clock.advance(10)
      }
      expect(Math.min(...left)).toBeGreaterThanOrEqual(29)
    })

    test('MCP’s own headers verbatim, foreign cookies, and none of ours', async () => {
      await door.send({
        token: await door.token(),
        headers: [
          ['Mcp-Method', 'tools/call'],
          ['Mcp-Param-Name', '=?base64?aGk=?='],
          ['MCP-Protocol-Version', '2026-07-28'],
          ['traceparent', '00-1-2-01'],
          ['Last-Event-ID', '42'],
          ['Cookie', 'lb=1; __Host-postern-browser=secret; sticky=2'],
          ['TE', 'trailers'],
          ['Proxy-Authorization', 'Basic x'],
          ['Connection', 'x-drop-me'],
          ['X-Drop-Me', '1'],
        ],
      })
      expect(door.received[0]?.headers).toMatchObject({
        'mcp-method': 'tools/call',
        'mcp-param-name': '=?base64?aGk=?=',
        'mcp-protocol-version': '2026-07-28',
        traceparent: '00-1-2-01',
        'last-event-id': '42',
        cookie: 'lb=1; sticky=2',
      })
      for (const name of ['te', 'proxy-authorization', 'x-drop-me'])
        expect(door.received[0]?.headers[name]).toBeUndefined()
    })

    test('the query of the request, at the path of the MCP server', async () => {
      await door.send({ path: '/mcp?a=1&b=%20', token: await door.token() })
      expect(door.received[0]?.url).toBe('/up?a=1&b=%20')
    })
  })

  describe('what the client receives', () => {
    test('our cookie names never come from the MCP server; others and duplicates pass', async () => {
      door.onUpstream((_, response) => {
        response.setHeader('set-cookie', [
          '__Host-postern-browser=evil; Path=/',
          'lb=1; Path=/',
          'lb2=2',
          '__Host-postern-txn-abc=evil',
        ])
        response.setHeader('proxy-authenticate', 'Basic')
        response.end('{}')
      })
      const answer = await door.send({ token: await door.token() })
      expect(answer.headers['set-cookie']).toEqual(['lb=1; Path=/', 'lb2=2'])
      expect(answer.headers['proxy-authenticate']).toBeUndefined()
    })
  })

  describe('legacy session ids', () => {
    const initialize = async (sub = 'ada'): Promise<string> => {
      door.onUpstream((_, response) => {
        response.setHeader('mcp-session-id', 'upstream-id')
        response.end('{}')
      })
      const answer = await door.send({ token: await door.token({ sub }) })
      return String(answer.headers['mcp-session-id'])
    }
    const use = async (session: string, sub: string): Promise<number> => {
      const headers: [string, string][] = [['Mcp-Session-Id', session]]
      return (await door.send({ headers, token: await door.token({ sub }) })).status
    }

    test('the MCP server sees its own id again', async () => {
      const session = await initialize()
      expect(session).toMatch(/^upstream-id\.[\w-]{43}$/)
      expect(await use(session, 'ada')).toBe(200)
      expect(door.received.at(-1)?.headers['mcp-session-id']).toBe('upstream-id')
    })

    test('another person’s is as unknown as any: 404 with a JSON-RPC body', async () => {
      const session = await initialize()
      const before = door.received.length
      const headers: [string, string][] = [['mcp-session-id', session]]
      const answer = await door.send({ headers, token: await door.token({ sub: 'eve' }) })
      expect(answer.status).toBe(404)
      expect(JSON.parse(answer.body.toString())).toMatchObject({ jsonrpc: '2.0', id: null })
      expect(door.received).toHaveLength(before)
    })

    test.each(['upstream-id', 'upstream-id.', '.', 'x.y', `other.${'A'.repeat(43)}`])(
      '%s was never bound',
      async (session) => {
        await initialize()
        expect(await use(session, 'ada')).toBe(404)
      },
    )

    test('belongs to the subject of one identity provider', async () => {
      const session = await initialize()
      const headers: [string, string][] = [['mcp-session-id', session]]
      const token = await door.token({ idp: 'https://other.example' })
      expect((await door.send({ headers, token })).status).toBe(404)
    })
  })
})

describe('several resources', () => {
  test('a token of one is refused by the other, in both directions', async () => {
    const resources = ['a', 'b'].map((name) => ({
      url: `https://mcp.example.test/${name}`,
      upstream: 'UPSTREAM',
      scopes: [name],
    }))
    const own = await openDoor('node', { resources })
    for (const [holds, asks] of [
      ['a', 'b'],
      ['b', 'a'],
    ]) {
      const token = await own.token({ aud: `https://mcp.example.test/${holds}` })
      expect((await own.send({ path: `/${holds}`, token })).status).toBe(200)
      const refused = await own.send({ path: `/${asks}`, token })
      expect(refused.status).toBe(401)
      expect(refused.headers['www-authenticate']).toContain(`oauth-protected-resource/${asks}"`)
    }
    await own.close()
  })
})

describe('scope and cut-offs', () => {
  test('403 insufficient_scope names the scopes held and needed', async () => {
    const resources = [
      {
        url: 'https://mcp.example.test/mcp',
        upstream: 'UPSTREAM',
        scopes: ['read', 'write'],
        requiredScopes: ['write'],
      },
    ]
    const own = await openDoor('node', { resources })
    const refused = await own.send({ token: await own.token({ scope: 'read' }) })
    expect(refused.status).toBe(403)
    expect(refused.headers['www-authenticate']).toMatch(
      /^Bearer error="insufficient_scope", .*scope="read write", resource_metadata=/,
    )
    expect(own.received).toEqual([])
    expect((await own.send({ token: await own.token({ scope: 'write' }) })).status).toBe(200)
    await own.close()
  })

  test.each([
    ['everybody', (at: number) => ({ all: at })],
    ['a person', (at: number) => ({ subjects: { ada: at } })],
    ['a client', (at: number) => ({ clients: { 'client-1': at } })],
  ])('revokeBefore of %s refuses what was issued earlier', async (_, revokeBefore) => {
    const probe = await openDoor('node')
    const now = probe.clock.seconds
    await probe.close()
    const own = await openDoor('node', { revokeBefore: revokeBefore(now) })
    expect((await own.send({ token: await own.token({ iat: now - 1 }) })).status).toBe(401)
    expect((await own.send({ token: await own.token({ iat: now }) })).status).toBe(200)
    await own.close()
  })
})

function unsigned(token: string): string {
  const payload = token.split('.')[1] ?? ''
  const header = Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt' })).toString('base64url')
  return `${header}.${payload}.`
}

async function confused(token: string): Promise<string> {
  const [head = '', payload = ''] = token.split('.')
  const header = JSON.parse(Buffer.from(head, 'base64url').toString()) as object
  const forged = Buffer.from(JSON.stringify({ ...header, alg: 'HS256' })).toString('base64url')
  const publicKey = Buffer.from((await signingKey()).x ?? '', 'base64url')
  const mac = createHmac('sha256', publicKey).update(`${forged}.${payload}`).digest('base64url')
  return `${forged}.${payload}.${mac}`
}

function changed(token: string): string {
  const [head, payload = '', signature] = token.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object
  const other = Buffer.from(JSON.stringify({ ...claims, sub: 'root' })).toString('base64url')
  return `${head}.${other}.${signature}`
}
