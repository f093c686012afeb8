import { createHmac, createSign, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { SignJWT } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import type { RelayOptions } from '../../src/config/options.ts'
import { createRelay, type Relay } from '../../src/relay.ts'
import type { AuthInfo, PosternEvent } from '../../src/postern.ts'
import { Clock } from '../support/clock.ts'
import { callMcp, HTML } from '../support/dance.ts'
import { ISSUER, MCP_URL, SECRET_A } from '../support/world.ts'
import {
  ADMIN,
  CLIENT_ID,
  createRelayWorld,
  IDP_ISSUER,
  obtainRelayTokens,
  TOOLS,
} from './relay-world.ts'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 })
const KEYS = {
  rsa: { kid: 'rsa', alg: 'RS256', privateKey: rsa.privateKey },
  ec: { kid: 'ec', alg: 'ES256', privateKey: ec.privateKey },
}
const jwk = (key: KeyObject, rest: object): JsonWebKey => ({
  ...(key.export({ format: 'jwk' }) as JsonWebKey),
  ...rest,
})
const JWKS = {
  keys: [
    jwk(rsa.publicKey, { kid: 'rsa', alg: 'RS256', use: 'sig' }),
    // Entra ID leaves `alg` out: the key's type says it.
    jwk(ec.publicKey, { kid: 'ec' }),
  ],
}
const PRM = `${ISSUER}/.well-known/oauth-protected-resource/mcp`

interface Door {
  relay: Relay
  clock: Clock
  events: PosternEvent[]
  calls: { request: Request; authInfo: AuthInfo }[]
}

interface Changes extends Partial<Omit<RelayOptions, 'identityProvider'>> {
  identityProvider?: Partial<RelayOptions['identityProvider']>
}

/** A relay whose identity provider's keys the tests hold, so that they can make any token. */
function openDoor(changes: Changes = {}): Door {
  const clock = new Clock()
  const events: PosternEvent[] = []
  const calls: Door['calls'] = []
  const options: RelayOptions = {
    url: MCP_URL,
    scopes: [TOOLS, ADMIN],
    access: 'anyoneTheIdpAdmits',
    redirectUris: ['http://localhost:3334/oauth/callback'],
    upstream: (request, { authInfo }) => {
      calls.push({ request, authInfo })
      return Response.json({ ok: true }, { headers: { 'mcp-session-id': 'own' } })
    },
    ...changes,
    identityProvider: {
      issuer: IDP_ISSUER,
      clientId: CLIENT_ID,
      authorizationEndpoint: 'https://idp.example.test/oauth2/authorize',
      jwks: JWKS,
      ...changes.identityProvider,
    },
  }
  const emit = (event: PosternEvent): number => events.push(event)
  return { relay: createRelay(options, { now: clock.now, emit }), clock, events, calls }
}

type Claims = Record<string, unknown>

/** An access token as Cognito makes it; undefined removes a claim. */
function cognitoClaims(clock: Clock, changes: Claims = {}): Claims {
  return without({
    iss: IDP_ISSUER,
    sub: 'ada-1',
    client_id: CLIENT_ID,
    token_use: 'access',
    scope: TOOLS,
    version: 2,
    username: 'ada',
    'cognito:groups': ['staff'],
    iat: clock.seconds,
    exp: clock.seconds + 3600,
    jti: 'jti-1',
    ...changes,
  })
}

/** An access token as RFC 9068 has it. */
function plainClaims(clock: Clock, changes: Claims = {}): Claims {
  return cognitoClaims(clock, {
    token_use: undefined,
    version: undefined,
    username: undefined,
    'cognito:groups': undefined,
    aud: MCP_URL,
    ...changes,
  })
}

function without(claims: Claims): Claims {
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined))
}

function sign(
  claims: Claims,
  key: { kid: string; alg: string; privateKey: KeyObject } = KEYS.rsa,
  header: Claims = {},
): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: key.alg, kid: key.kid, ...header })
    .sign(key.privateKey)
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

async function call(door: Door, token: string, init: RequestInit = {}): Promise<[number, string]> {
  const { status } = await callMcp(door.relay, token, init)
  const last = door.events.at(-1)
  return [status, last?.type === 'gate.refused' ? last.reason : (last?.type ?? 'nothing')]
}

const GENERIC: Changes = { identityProvider: { preset: 'generic' } }

describe('tokens that the twin of Cognito issued', () => {
  test('an access token is admitted, and the MCP server is told who calls', async () => {
    const world = await createRelayWorld({ relay: { forwardGroups: ['staff'] } })
    const { access_token: token } = await obtainRelayTokens(world)
    expect((await callMcp(world.relay, token)).status).toBe(200)
    const [admitted] = world.calls
    expect(admitted?.authInfo).toEqual({
      token,
      clientId: CLIENT_ID,
      scopes: [TOOLS],
      expiresAt: world.clock.seconds + 3600,
      resource: new URL(MCP_URL),
      extra: {
        subject: expect.stringMatching(/^[\da-f-]{36}$/),
        issuer: IDP_ISSUER,
        groups: ['staff'],
      },
    })
    const { headers } = admitted?.request ?? new Request(MCP_URL)
    expect(headers.get('x-forwarded-groups')).toBe('staff')
    expect(headers.get('x-forwarded-user')).toContain(encodeURIComponent(IDP_ISSUER))
    expect(headers.get('authorization')).toBeNull()
    expect(headers.get('x-postern-identity')).toBeNull()
  })

  test('with resource binding it has an aud, which is this resource', async () => {
    const world = await createRelayWorld({
      relay: { resourceParameter: 'forward' },
      twin: { resourceBinding: 'strict' },
    })
    const { access_token: token } = await obtainRelayTokens(world)
    expect(
      JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()),
    ).toMatchObject({ aud: MCP_URL })
    expect((await callMcp(world.relay, token)).status).toBe(200)
  })

  test('an ID token of the same sign-in is refused', async () => {
    const world = await createRelayWorld({ relay: { scopes: [TOOLS, 'openid'] } })
    const tokens = await obtainRelayTokens(world, { scope: `${TOOLS} openid` })
    const { id_token: idToken } = tokens as unknown as { id_token: string }
    expect((await callMcp(world.relay, idToken)).status).toBe(401)
    expect(world.events.at(-1)).toMatchObject({ reason: 'token_claims_invalid' })
  })

  test('a token of another pool is refused, and the operator hears of the unknown key', async () => {
    const [ours, theirs] = [await createRelayWorld(), await createRelayWorld()]
    const { access_token: token } = await obtainRelayTokens(theirs)
    const response = await callMcp(ours.relay, token)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toContain('error="invalid_token"')
    expect(ours.events).toEqual([
      { type: 'gate.key-unknown', resource: MCP_URL },
      { type: 'gate.refused', reason: 'token_key_unknown', status: 401, resource: MCP_URL },
    ])
  })

  test('a token of another client of the pool is refused', async () => {
    const world = await createRelayWorld()
    const other = createRelay({
      ...world.options,
      identityProvider: { ...world.options.identityProvider, clientId: 'other' },
    })
    const { access_token: token } = await obtainRelayTokens(world)
    expect((await callMcp(other, token)).status).toBe(401)
    expect((await callMcp(world.relay, token)).status).toBe(200)
  })
})

describe('signature', () => {
  test.each(['rsa', 'ec'] as const)('%s keys verify', async (name) => {
    const door = openDoor()
    expect(await call(door, await sign(cognitoClaims(door.clock), KEYS[name]))).toEqual([
      200,
      'gate.admitted',
    ])
  })

  test('an altered token is refused', async () => {
    const door = openDoor()
    const [head, , signature] = (await sign(cognitoClaims(door.clock))).split('.')
    const body = encode(cognitoClaims(door.clock, { sub: 'eve' }))
    expect(await call(door, `${head}.${body}.${signature}`)).toEqual([
      401,
      'token_signature_invalid',
    ])
  })

  test('a stranger’s key under a known kid is refused', async () => {
    const door = openDoor()
    const key = { ...KEYS.rsa, privateKey: stranger.privateKey }
    expect(await call(door, await sign(cognitoClaims(door.clock), key))).toEqual([
      401,
      'token_signature_invalid',
    ])
  })

  test('alg none is refused', async () => {
    const door = openDoor()
    for (const alg of ['none', 'None', 'NONE']) {
      const token = `${encode({ alg, kid: 'rsa' })}.${encode(cognitoClaims(door.clock))}.`
      expect((await callMcp(door.relay, token)).status).toBe(401)
    }
    expect(door.calls).toEqual([])
  })

  test('an HMAC with the public key as secret is refused', async () => {
    const door = openDoor()
    const unsigned = `${encode({ alg: 'HS256', kid: 'rsa' })}.${encode(cognitoClaims(door.clock))}`
    for (const form of ['pem', 'der'] as const) {
      const secret = rsa.publicKey.export({ type: 'spki', format: form as 'pem' })
      const mac = createHmac('sha256', secret).update(unsigned).digest('base64url')
      expect((await callMcp(door.relay, `${unsigned}.${mac}`)).status).toBe(401)
    }
  })

  test('another algorithm of the same key is refused', async () => {
    const door = openDoor()
    const unsigned = `${encode({ alg: 'RS512', kid: 'rsa' })}.${encode(cognitoClaims(door.clock))}`
    const signature = createSign('sha512').update(unsigned).sign(rsa.privateKey, 'base64url')
    expect((await callMcp(door.relay, `${unsigned}.${signature}`)).status).toBe(401)
  })

  test.each<[string, Claims]>([
    ['an unknown kid', { kid: 'new' }],
    ['no kid', { kid: undefined }],
    ['another key’s kid', { kid: 'ec' }],
    ['a key of its own', { kid: 'own', jwk: rsa.publicKey.export({ format: 'jwk' }) }],
    ['a key at its own address', { kid: 'own', jku: 'https://evil.test/jwks' }],
  ])('%s is refused', async (_what, header) => {
    const door = openDoor()
    const token = await sign(cognitoClaims(door.clock), KEYS.rsa, header)
    expect(await call(door, token)).toEqual([401, 'token_key_unknown'])
    expect(door.events.map(({ type }) => type)).toEqual(['gate.key-unknown', 'gate.refused'])
  })

  test('a critical extension is refused', async () => {
    const door = openDoor()
    const header = { alg: 'RS256', kid: 'rsa', crit: ['urn:x'], 'urn:x': true }
    const unsigned = `${encode(header)}.${encode(cognitoClaims(door.clock))}`
    const signature = createSign('sha256').update(unsigned).sign(rsa.privateKey, 'base64url')
    expect(await call(door, `${unsigned}.${signature}`)).toEqual([401, 'token_malformed'])
  })
})

describe('claims of Cognito’s access tokens', () => {
  test.each<[string, Claims, string]>([
    ['another issuer', { iss: 'https://evil.test' }, 'token_claims_invalid'],
    ['an issuer with a slash', { iss: `${IDP_ISSUER}/` }, 'token_claims_invalid'],
    ['no issuer', { iss: undefined }, 'token_claims_invalid'],
    ['another client', { client_id: 'other' }, 'token_claims_invalid'],
    ['no client', { client_id: undefined }, 'token_claims_invalid'],
    ['a client that is no text', { client_id: [CLIENT_ID] }, 'token_claims_invalid'],
    ['token_use id', { token_use: 'id' }, 'token_claims_invalid'],
    ['no token_use', { token_use: undefined }, 'token_claims_invalid'],
    ['another resource', { aud: 'https://other.test/mcp' }, 'token_claims_invalid'],
    ['our client as aud', { aud: CLIENT_ID }, 'token_claims_invalid'],
    ['a longer resource', { aud: `${MCP_URL}/admin` }, 'token_claims_invalid'],
    ['no aud in a list', { aud: [] }, 'token_claims_invalid'],
    [
      'this resource of another client',
      { aud: MCP_URL, client_id: 'other' },
      'token_claims_invalid',
    ],
    ['a key binding', { cnf: { jkt: 'x' } }, 'token_claims_invalid'],
    ['no subject', { sub: undefined }, 'token_claims_invalid'],
    ['a subject that is no text', { sub: 1 }, 'token_claims_invalid'],
    ['no expiry', { exp: undefined }, 'token_claims_invalid'],
    ['an expiry as text', { exp: '9999999999' }, 'token_claims_invalid'],
  ])('%s is 401', async (_what, changes, reason) => {
    const door = openDoor()
    const token = await sign(cognitoClaims(door.clock, changes))
    expect(await call(door, token)).toEqual([401, reason])
    expect(door.calls).toEqual([])
  })

  test.each<[string, Claims]>([
    ['with the resource as aud', { aud: MCP_URL }],
    ['with a trailing slash in aud', { aud: `${MCP_URL}/` }],
    ['with another case in aud', { aud: 'HTTPS://MCP.EXAMPLE.TEST/mcp' }],
    ['with the resource among others in aud', { aud: ['https://idp/userinfo', MCP_URL] }],
    ['with more scopes', { scope: `openid ${TOOLS} ${ADMIN} other` }],
  ])('one %s is admitted', async (_what, changes) => {
    const door = openDoor()
    expect(await call(door, await sign(cognitoClaims(door.clock, changes)))).toEqual([
      200,
      'gate.admitted',
    ])
  })

  test('expiry is checked at every call, remembered or not', async () => {
    const door = openDoor()
    const token = await sign(cognitoClaims(door.clock))
    expect(await call(door, token)).toEqual([200, 'gate.admitted'])
    door.clock.advance(3600)
    expect(await call(door, token)).toEqual([401, 'token_expired'])
    expect(await call(openAt(door.clock), token)).toEqual([401, 'token_expired'])
  })

  test('a token is not good before its time', async () => {
    const door = openDoor()
    const nbf = door.clock.seconds + 60
    const token = await sign(cognitoClaims(door.clock, { nbf }))
    expect(await call(door, token)).toEqual([401, 'token_claims_invalid'])
    door.clock.advance(60)
    expect(await call(door, token)).toEqual([200, 'gate.admitted'])
  })

  test('revokeBefore cuts off a person', async () => {
    const clock = new Clock()
    const cutOff = { subjects: { 'ada-1': clock.seconds + 1 } }
    const door = openDoor({ revokeBefore: cutOff })
    expect(await call(door, await sign(cognitoClaims(door.clock)))).toEqual([401, 'token_revoked'])
    const other = await sign(cognitoClaims(door.clock, { sub: 'bob-1' }))
    expect(await call(door, other)).toEqual([200, 'gate.admitted'])
  })

  function openAt(clock: Clock): Door {
    const door = openDoor()
    door.clock.advance(clock.seconds - door.clock.seconds)
    return door
  }
})

describe('access tokens of other identity providers', () => {
  test.each<[string, Claims, Claims]>([
    ['typ at+jwt', {}, { typ: 'at+jwt' }],
    ['typ application/at+jwt', {}, { typ: 'application/AT+JWT' }],
    ['typ at+jwt and a nonce', { nonce: 'n' }, { typ: 'at+jwt' }],
    ['typ JWT', {}, { typ: 'JWT' }],
    ['no typ', {}, {}],
    ['token_use access', { token_use: 'access' }, {}],
    ['azp instead of client_id', { client_id: undefined, azp: CLIENT_ID }, {}],
    [
      'cid and a list of scopes (Okta)',
      { client_id: undefined, cid: CLIENT_ID, scope: undefined, scp: [TOOLS] },
      {},
    ],
    [
      'appid and scp (Entra ID)',
      { client_id: undefined, appid: CLIENT_ID, scope: undefined, scp: TOOLS },
      {},
    ],
    ['an aud and no client', { client_id: undefined }, {}],
    ['a client and no aud', { aud: undefined }, {}],
    ['no jti', { jti: undefined }, {}],
  ])('%s: admitted', async (_what, changes, header) => {
    const door = openDoor(GENERIC)
    const token = await sign(plainClaims(door.clock, changes), KEYS.rsa, header)
    expect(await call(door, token)).toEqual([200, 'gate.admitted'])
  })

  test.each<[string, Claims, Claims]>([
    [
      'an ID token',
      { aud: CLIENT_ID, client_id: undefined, azp: CLIENT_ID, nonce: 'n' },
      { typ: 'JWT' },
    ],
    ['an ID token without a nonce', { aud: CLIENT_ID, client_id: undefined }, {}],
    ['a nonce', { nonce: 'n' }, {}],
    ['at_hash', { at_hash: 'x' }, { typ: 'JWT' }],
    ['c_hash', { c_hash: 'x' }, {}],
    ['token_use id', { token_use: 'id' }, { typ: 'at+jwt' }],
    ['a logout token', {}, { typ: 'logout+jwt' }],
    ['a DPoP proof', {}, { typ: 'dpop+jwt' }],
    ['neither aud nor client', { aud: undefined, client_id: undefined }, {}],
    ['another azp', { client_id: undefined, azp: 'other' }, {}],
    ['another client of this resource', { client_id: 'other' }, { typ: 'at+jwt' }],
  ])('%s: refused', async (_what, changes, header) => {
    const door = openDoor(GENERIC)
    const token = await sign(plainClaims(door.clock, changes), KEYS.rsa, header)
    expect(await call(door, token)).toEqual([401, 'token_claims_invalid'])
  })

  test('a verified e-mail address in the token is passed on, another is not', async () => {
    for (const [verified, expected] of [
      [true, 'ada%40example.test'],
      [false, null],
    ] as const) {
      const door = openDoor(GENERIC)
      const email = { email: 'ada@example.test', email_verified: verified }
      await call(door, await sign(plainClaims(door.clock, email)))
      expect(door.calls[0]?.request.headers.get('x-forwarded-email')).toBe(expected)
    }
  })
})

describe('scope', () => {
  test.each<[string, string | undefined]>([
    ['of other resources only', 'openid https://other.test/mcp/tools'],
    ['empty', ''],
    ['absent', undefined],
  ])(
    '%s is 403 insufficient_scope, which names what this resource offers',
    async (_what, scope) => {
      const door = openDoor()
      const response = await callMcp(door.relay, await sign(cognitoClaims(door.clock, { scope })))
      expect(response.status).toBe(403)
      expect(response.headers.get('www-authenticate')).toBe(
        `Bearer error="insufficient_scope", error_description="The access token does not cover what this server requires", scope="${TOOLS} ${ADMIN}", resource_metadata="${PRM}"`,
      )
    },
  )

  test('a required one that is missing is 403, and the challenge names held and needed', async () => {
    const door = openDoor({ requiredScopes: [ADMIN] })
    const response = await callMcp(door.relay, await sign(cognitoClaims(door.clock)))
    expect(response.status).toBe(403)
    expect(response.headers.get('www-authenticate')).toContain(`scope="${TOOLS} ${ADMIN}"`)
    const scope = `${TOOLS} ${ADMIN}`
    expect(await call(door, await sign(cognitoClaims(door.clock, { scope })))).toEqual([
      200,
      'gate.admitted',
    ])
  })

  test('of other resources is not told to the MCP server', async () => {
    const door = openDoor()
    await call(door, await sign(cognitoClaims(door.clock, { scope: `openid ${TOOLS}` })))
    expect(door.calls[0]?.authInfo.scopes).toEqual([TOOLS])
  })
})

describe('access policy', () => {
  test.each<[string, RelayOptions['access'], boolean]>([
    ['a subject that is listed', [{ subjects: ['ada-1'] }], true],
    ['a subject that is not', [{ subjects: ['bob-1'] }], false],
    ['a group that is listed', [{ groups: ['admins', 'staff'] }], true],
    ['a group that is not', [{ groups: ['admins'] }], false],
    ['a claim with a listed value', [{ claims: { username: ['ada'] } }], true],
    ['a claim with another value', [{ claims: { username: ['bob'] } }], false],
    ['one of several rules', [{ groups: ['admins'] }, { subjects: ['ada-1'] }], true],
    ['all conditions of a rule but one', [{ groups: ['staff'], subjects: ['bob-1'] }], false],
    ['a rule that gives other scopes only', [{ groups: ['staff'], scopes: [ADMIN] }], false],
  ])('%s', async (_what, access, admitted) => {
    const door = openDoor({ access })
    const token = await sign(cognitoClaims(door.clock))
    expect(await call(door, token)).toEqual(
      admitted ? [200, 'gate.admitted'] : [403, 'access_refused'],
    )
  })

  test('the refusal is clear JSON and no challenge: signing in again would not help', async () => {
    const door = openDoor({ access: [{ groups: ['admins'] }] })
    const response = await callMcp(door.relay, await sign(cognitoClaims(door.clock)))
    expect(response.headers.get('www-authenticate')).toBeNull()
    expect(await response.json()).toEqual({
      error_description: 'This person may not use this server',
    })
  })

  test('scopes that no rule gives are taken away', async () => {
    const door = openDoor({ access: [{ groups: ['staff'], scopes: [TOOLS] }] })
    await call(door, await sign(cognitoClaims(door.clock, { scope: `${TOOLS} ${ADMIN}` })))
    expect(door.calls[0]?.authInfo.scopes).toEqual([TOOLS])
  })

  test('groups are read from the configured claim', async () => {
    const door = openDoor({
      access: [{ groups: ['ops'] }],
      forwardGroups: ['ops'],
      identityProvider: { groupsClaim: 'https://example.test/groups' },
    })
    const claims = { 'cognito:groups': undefined, 'https://example.test/groups': ['ops', 'secret'] }
    await call(door, await sign(cognitoClaims(door.clock, claims)))
    expect(door.calls[0]?.authInfo.extra.groups).toEqual(['ops'])
  })
})

describe('challenges are those of broker mode', () => {
  test.each(['GET', 'HEAD', 'POST', 'DELETE'])('%s without a token', async (method) => {
    const { relay } = openDoor()
    for (const url of [MCP_URL, `${MCP_URL}/`]) {
      const response = await relay.fetch(new Request(url, { method }))
      expect([response.status, response.headers.get('www-authenticate')]).toEqual([
        401,
        `Bearer scope="${TOOLS} ${ADMIN}", resource_metadata="${PRM}"`,
      ])
    }
  })

  test('with a page for browsers', async () => {
    const { relay } = openDoor()
    const response = await relay.fetch(new Request(MCP_URL, { headers: { accept: HTML } }))
    expect(response.status).toBe(401)
    expect(await response.text()).toContain('Connect your app to mcp.example.test')
  })

  test('a token in the query, an unknown host or origin are refused as ever', async () => {
    const door = openDoor()
    const token = await sign(cognitoClaims(door.clock))
    const url = `${MCP_URL}?access_token=${token}`
    expect((await callMcp(door.relay, undefined, { url })).status).toBe(400)
    const evil = { origin: 'https://evil.test' }
    expect((await callMcp(door.relay, token, { headers: evil })).status).toBe(403)
    expect((await callMcp(door.relay, token, { headers: { host: 'evil.test' } })).status).toBe(403)
  })
})

describe('legacy sessions', () => {
  let token: string
  const open = (changes: Changes = {}): Door => openDoor(changes)

  beforeAll(async () => {
    token = await sign(cognitoClaims(new Clock()))
  })

  test('do not exist without secrets: ids pass in neither direction', async () => {
    const door = open()
    for (const name of ['mcp-session-id', 'Mcp_Session_Id']) {
      const response = await callMcp(door.relay, token, { headers: { [name]: 'stolen' } })
      expect([response.status, response.headers.get('mcp-session-id')]).toEqual([200, null])
    }
    for (const { request } of door.calls)
      expect([...request.headers.keys()].filter((name) => name.includes('session'))).toEqual([])
  })

  test('are bound to the person with secrets', async () => {
    const door = open({ secrets: [SECRET_A] })
    const first = await callMcp(door.relay, token)
    const bound = first.headers.get('mcp-session-id') ?? ''
    expect(bound).toMatch(/^own\.[\w-]{43}$/)
    const headers = { 'mcp-session-id': bound }
    expect((await callMcp(door.relay, token, { headers })).status).toBe(200)
    expect(door.calls[1]?.request.headers.get('mcp-session-id')).toBe('own')
    expect(door.calls[1]?.request.headers.get('x-postern-identity')).toMatch(/^eyJ/)
    const eve = await sign(cognitoClaims(door.clock, { sub: 'eve' }))
    expect((await callMcp(door.relay, eve, { headers })).status).toBe(404)
  })
})
