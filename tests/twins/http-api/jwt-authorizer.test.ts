import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { SignJWT, UnsecuredJWT } from 'jose'
import { beforeEach, describe, expect, it } from 'vitest'
import { Clock } from '../../support/clock.ts'
import { apiTopology, authorizer, gateway, type Gateway, route, textOf } from '../edge-fixture.ts'
import { ConnectionFailed, type Host, headerValues, type Internet, respond } from '../http.ts'

const ISSUER = 'https://idp.example.com/pool'
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const another = generateKeyPairSync('rsa', { modulusLength: 2048 })

let clock: Clock
let published: object[]
let fetched: string[]
beforeEach(() => {
  clock = new Clock()
  published = [jwk(rsa.publicKey, 'k1', 'RS256'), jwk(ec.publicKey, 'k2', 'ES256')]
  fetched = []
})

function jwk(key: KeyObject, kid: string, alg: string): object {
  return { ...key.export({ format: 'jwk' }), kid, alg, use: 'sig' }
}

const idp: Host = async ({ target }) => {
  fetched.push(target)
  const body = target.endsWith('/openid-configuration')
    ? { issuer: ISSUER, jwks_uri: `${ISSUER}/jwks.json` }
    : { keys: published }
  return respond(200, [], JSON.stringify(body))
}

function guarded({
  scopes = [],
  audience = ['client1'],
  host = idp,
}: {
  scopes?: string[]
  audience?: string[]
  host?: Host
} = {}): Gateway {
  const topology = apiTopology(
    route('ANY /mcp', { authorizer: 'authorizer', scopes }),
    route('OPTIONS /mcp'),
    authorizer({ audience }),
  )
  const internet: Internet = new Map([['idp.example.com', host]])
  return gateway(topology, { clock, internet })
}

async function token(
  claims: Record<string, unknown> = {},
  {
    key = rsa.privateKey,
    alg = 'RS256',
    kid = 'k1',
  }: { key?: KeyObject; alg?: string; kid?: string } = {},
): Promise<string> {
  const standard: Record<string, unknown> = {
    iss: ISSUER,
    sub: 'u1',
    client_id: 'client1',
    iat: clock.seconds,
    exp: clock.seconds + 3600,
  }
  const kept = Object.entries({ ...standard, ...claims }).filter(([, value]) => value !== undefined)
  return new SignJWT(Object.fromEntries(kept)).setProtectedHeader({ alg, kid }).sign(key)
}

async function ask(at: Gateway, authorization?: string, target = '/mcp') {
  const headers: [string, string][] =
    authorization === undefined ? [] : [['Authorization', authorization]]
  const response = await at.send({ method: 'POST', target, headers })
  return {
    status: response.status,
    challenge: headerValues(response.headers, 'www-authenticate')[0],
    text: textOf(response),
  }
}

const unauthorized = (challenge: string) => ({
  status: 401,
  challenge,
  text: '{"message":"Unauthorized"}',
})
const invalid = (description: string) =>
  unauthorized(`Bearer scope="" error="invalid_token" error_description="${description}"`)

describe('JWT authorizer, tokens that are refused', () => {
  it('no token: 401 and a bare challenge', async () => {
    expect(await ask(guarded())).toEqual(unauthorized('Bearer'))
    expect(await ask(guarded(), '')).toEqual(unauthorized('Bearer'))
  })

  it('an expired token: 401 that says so', async () => {
    const sent = await token({ exp: clock.seconds })
    expect(await ask(guarded(), `Bearer ${sent}`)).toEqual(invalid('the token has expired'))
  })

  it.each([
    ['another aud', { aud: 'client2' }],
    ['another client_id', { client_id: 'client2' }],
    ['a right client_id beside another aud', { aud: 'https://mcp.example.com/mcp' }],
    ['neither', { client_id: undefined }],
    ['a longer aud', { aud: 'client1x' }],
  ])('%s: 401 that names the audience', async (_, claims) => {
    const expected = invalid('the token does not have a valid audience')
    expect(await ask(guarded(), `Bearer ${await token(claims)}`)).toEqual(expected)
  })

  it.each([
    ['another issuer', { iss: 'https://idp.example.com/other' }],
    ['an issuer with a slash more', { iss: `${ISSUER}/` }],
    ['no issuer', { iss: undefined }],
    ['nbf in the future', { nbf: 4_000_000_000 }],
    ['iat in the future', { iat: 4_000_000_000, exp: 4_100_000_000 }],
    ['no exp', { exp: undefined }],
    ['an exp of text', { exp: '4000000000' }],
  ])('%s', async (_, claims) => {
    expect(await ask(guarded(), `Bearer ${await token(claims)}`)).toEqual(unauthorized('Bearer'))
  })

  it.each([
    ['signed by a stranger', () => token({}, { key: another.privateKey })],
    ['of an unknown kid', () => token({}, { kid: 'k9' })],
    [
      'signed with EC, although published',
      () => token({}, { key: ec.privateKey, alg: 'ES256', kid: 'k2' }),
    ],
    ['unsigned', async () => new UnsecuredJWT({ iss: ISSUER, client_id: 'client1' }).encode()],
    [
      'altered',
      async () =>
        (await token()).replace(/\.[^.]+\./, `.${Buffer.from('{}').toString('base64url')}.`),
    ],
    ['no JWT', async () => 'abc'],
    ['a JWT with something after it', async () => `${await token()}.x`],
    ['twice', async () => `${await token()},Bearer ${await token()}`],
  ])('%s', async (_, make) => {
    expect(await ask(guarded(), `Bearer ${await make()}`)).toEqual(unauthorized('Bearer'))
  })

  it('two Authorization headers are one that is no token', async () => {
    const at = guarded()
    const headers: [string, string][] = [
      ['Authorization', `Bearer ${await token()}`],
      ['authorization', 'Bearer x'],
    ]
    expect((await at.send({ target: '/mcp', headers })).status).toBe(401)
  })

  it('an HMAC over the public key is no signature', async () => {
    const secret = Buffer.from(rsa.publicKey.export({ type: 'spki', format: 'pem' }))
    const sent = await new SignJWT({ iss: ISSUER, client_id: 'client1', exp: clock.seconds + 60 })
      .setProtectedHeader({ alg: 'HS256', kid: 'k1' })
      .sign(secret)
    expect(await ask(guarded(), `Bearer ${sent}`)).toEqual(unauthorized('Bearer'))
  })
})

describe('JWT authorizer, tokens that pass', () => {
  it.each([
    ['client_id', {}],
    ['aud', { client_id: undefined, aud: 'client1' }],
    ['one of several aud', { client_id: undefined, aud: ['a', 'client1'] }],
  ])('by %s', async (_, claims) => {
    expect((await ask(guarded(), `Bearer ${await token(claims)}`)).status).toBe(200)
  })

  it('without the word Bearer', async () => {
    expect((await ask(guarded(), await token())).status).toBe(200)
  })

  it('an ID token: token_use is not looked at', async () => {
    const sent = await token({ token_use: 'id', aud: 'client1', client_id: undefined })
    expect((await ask(guarded(), `Bearer ${sent}`)).status).toBe(200)
  })

  it('leaves routes without an authorizer alone', async () => {
    const at = guarded()
    expect((await at.send({ method: 'OPTIONS', target: '/mcp' })).status).toBe(200)
    expect(fetched).toEqual([])
  })

  it('hands claims on as strings, as Go prints them', async () => {
    const at = guarded({ scopes: ['tools', 'more'] })
    const claims = {
      scope: 'openid tools',
      'cognito:groups': ['Admins', 'Read ers'],
      email_verified: true,
      address: { street: 'a', city: 'b' },
    }
    await ask(at, `Bearer ${await token(claims)}`)
    expect(at.events[0]?.event.requestContext.authorizer).toEqual({
      jwt: {
        claims: {
          iss: ISSUER,
          sub: 'u1',
          client_id: 'client1',
          iat: String(clock.seconds),
          exp: String(clock.seconds + 3600),
          scope: 'openid tools',
          'cognito:groups': '[Admins Read ers]',
          email_verified: 'true',
          address: 'map[city:b street:a]',
        },
        scopes: ['tools'],
      },
    })
  })

  it('has no scopes where the route has none', async () => {
    const at = guarded()
    await ask(at, `Bearer ${await token({ scope: 'a' })}`)
    expect(at.events[0]?.event.requestContext.authorizer).toMatchObject({ jwt: { scopes: null } })
  })
})

describe('scopes of a route', () => {
  it.each([
    [{ scope: 'tools' }, 200],
    [{ scope: 'openid tools email' }, 200],
    [{ scp: ['tools'] }, 200],
    [{ scp: 'a tools' }, 200],
    [{ scope: 'tool' }, 403],
    [{ scope: 'toolsx' }, 403],
    [{ scope: '' }, 403],
    [{}, 403],
  ])('%j: %i', async (claims, status) => {
    const answer = await ask(guarded({ scopes: ['tools'] }), `Bearer ${await token(claims)}`)
    expect(answer.status).toBe(status)
    expect(answer.text).toBe(status === 403 ? '{"message":"Forbidden"}' : 'ok')
  })
})

describe('keys of the issuer', () => {
  it('are found by discovery, and kept for two hours', async () => {
    const at = guarded()
    await ask(at, `Bearer ${await token()}`)
    expect(fetched).toEqual(['/pool/.well-known/openid-configuration', '/pool/jwks.json'])
    clock.advance(2 * 60 * 60 - 1)
    await ask(at, `Bearer ${await token()}`)
    expect(fetched).toHaveLength(2)
    clock.advance(1)
    await ask(at, `Bearer ${await token()}`)
    expect(fetched).toHaveLength(4)
  })

  it('an unknown kid does not make it look again', async () => {
    const at = guarded()
    await ask(at, `Bearer ${await token()}`)
    published.push(jwk(another.publicKey, 'k3', 'RS256'))
    const rotated = await token({}, { key: another.privateKey, kid: 'k3' })
    expect((await ask(at, `Bearer ${rotated}`)).status).toBe(401)
    clock.advance(2 * 60 * 60)
    const later = await token({}, { key: another.privateKey, kid: 'k3' })
    expect((await ask(at, `Bearer ${later}`)).status).toBe(200)
  })

  it.each([
    ['nothing answers', () => Promise.reject(new ConnectionFailed())],
    ['it takes over 1.5 s', () => new Promise(() => undefined)],
    ['it answers 500', async () => respond(500, [])],
    ['it answers no JSON', async () => respond(200, [], '<html>')],
    [
      'its keys are too large',
      async () => respond(200, [], JSON.stringify({ a: 'a'.repeat(150_000) })),
    ],
    [
      'it names keys on plain http',
      async ({ target }) =>
        respond(
          200,
          [],
          target.endsWith('/openid-configuration')
            ? '{"jwks_uri":"http://idp.example.com/"}'
            : JSON.stringify({ keys: published }),
        ),
    ],
  ] as [string, Host][])('500 where %s', async (_, host) => {
    expect((await ask(guarded({ host }), `Bearer ${await token()}`)).status).toBe(500)
  })
})
