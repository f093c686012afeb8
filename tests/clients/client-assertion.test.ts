import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type JWK } from 'jose'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  claimedClientId,
  createClientAssertions,
  type ClientAssertions,
} from '../../src/clients/client-assertion.ts'
import { ASSERTION_ALGORITHMS } from '../../src/clients/client-keys.ts'
import { fail, ok } from '../../src/protocol/result.ts'
import { Clock } from '../support/clock.ts'

const CLIENT = 'https://app.example/client.json'
const ISSUER = 'https://mcp.example.test'
const AUDIENCES = [ISSUER, `${ISSUER}/token`]

let clock: Clock
let assertions: ClientAssertions
const keyPairs = new Map<string, { privateKey: CryptoKey; jwk: JWK }>()

beforeAll(async () => {
  for (const alg of ['RS256', 'PS256', 'ES256', 'EdDSA']) {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
    const jwk = { ...(await exportJWK(publicKey)), kid: alg, alg, use: 'sig' }
    keyPairs.set(alg, { privateKey, jwk })
  }
})

beforeEach(() => {
  clock = new Clock()
  assertions = createClientAssertions(clock.now)
})

const seconds = (): number => Math.floor(clock.now() / 1000)
const jwk = (alg = 'ES256'): JWK => keyPairs.get(alg)!.jwk

async function signed(
  claims: Record<string, unknown> = {},
  { alg = 'ES256', kid = alg }: { alg?: string; kid?: string | null } = {},
): Promise<string> {
  const payload = {
    iss: CLIENT,
    sub: CLIENT,
    aud: ISSUER,
    exp: seconds() + 60,
    jti: `jti ${Math.random()}`,
    ...claims,
  }
  return new SignJWT(payload)
    .setProtectedHeader({ alg, ...(kid === null ? {} : { kid }) })
    .sign(keyPairs.get(alg)!.privateKey)
}

async function verify(
  assertion: string,
  {
    keys = [jwk()],
    clientId = CLIENT,
    algorithms = ASSERTION_ALGORITHMS,
  }: { keys?: JWK[]; clientId?: string; algorithms?: readonly string[] } = {},
): Promise<string> {
  const verified = await assertions.verify(
    assertion,
    {
      clientId,
      authentication: {
        method: 'private_key_jwt',
        algorithms,
        keys: () => Promise.resolve(ok({ keys })),
      },
    },
    AUDIENCES,
  )
  return verified.ok ? 'accepted' : verified.failure.reason
}

describe('RFC 7523 §3: a client assertion is accepted', () => {
  test.each(['RS256', 'PS256', 'ES256', 'EdDSA'])('signed by %s', async (alg) => {
    expect(await verify(await signed({}, { alg }), { keys: [jwk(alg)] })).toBe('accepted')
  })

  test.each([ISSUER, `${ISSUER}/token`, [ISSUER]])('for %j', async (aud) => {
    expect(await verify(await signed({ aud }))).toBe('accepted')
  })

  test('without kid, where one key fits', async () => {
    expect(await verify(await signed({}, { kid: null }), { keys: [jwk('RS256'), jwk()] })).toBe(
      'accepted',
    )
  })

  test('by a clock that is a little off', async () => {
    expect(await verify(await signed({ exp: seconds() - 20 }))).toBe('accepted')
    expect(await verify(await signed({ nbf: seconds() + 20 }))).toBe('accepted')
  })
})

describe('RFC 7523 §3: a client assertion is refused', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['of another issuer', { iss: 'https://evil.example/c' }, 'client_assertion_invalid'],
    ['about another client', { sub: 'https://evil.example/c' }, 'client_assertion_invalid'],
    ['without issuer', { iss: undefined }, 'client_assertion_invalid'],
    ['without subject', { sub: undefined }, 'client_assertion_invalid'],
    ['without audience', { aud: undefined }, 'client_assertion_invalid'],
    ['without exp', { exp: undefined }, 'client_assertion_invalid'],
    ['without jti', { jti: undefined }, 'client_assertion_invalid'],
    ['with an empty jti', { jti: '' }, 'client_assertion_invalid'],
    ['with a jti that fills memory', { jti: 'x'.repeat(257) }, 'client_assertion_invalid'],
    ['for another server', { aud: 'https://idp.example' }, 'client_assertion_of_other_audience'],
    ['for a look-alike', { aud: `${ISSUER}/` }, 'client_assertion_of_other_audience'],
    ['for others as well', { aud: [ISSUER, 'https://evil.example'] }, 'client_assertion_invalid'],
    ['for nobody', { aud: [] }, 'client_assertion_invalid'],
  ])('%s', async (_what, claims, reason) => {
    expect(await verify(await signed(claims))).toBe(reason)
  })

  test('expired, not valid yet, or valid for too long', async () => {
    const expired = 'client_assertion_expired'
    expect(await verify(await signed({ exp: seconds() - 40 }))).toBe(expired)
    expect(await verify(await signed({ nbf: seconds() + 60 }))).toBe(expired)
    expect(await verify(await signed({ exp: seconds() + 3700 }))).toBe(expired)
  })

  test('presented by another client, whose keys would fit', async () => {
    const clientId = 'https://evil.example/c'
    expect(await verify(await signed(), { clientId })).toBe('client_assertion_invalid')
  })

  test('signed by a key that the client does not have', async () => {
    const { publicKey } = await generateKeyPair('ES256', { extractable: true })
    const other = { ...(await exportJWK(publicKey)), kid: 'ES256', alg: 'ES256' }
    expect(await verify(await signed(), { keys: [other] })).toBe('client_assertion_invalid')
  })

  test('by an algorithm that its document does not name', async () => {
    expect(await verify(await signed(), { algorithms: ['RS256'] })).toBe('client_assertion_invalid')
  })

  test('without signature', async () => {
    const claims = { iss: CLIENT, sub: CLIENT, aud: ISSUER, exp: seconds() + 60, jti: 'x' }
    expect(await verify(new UnsecuredJWT(claims).encode())).toBe('client_assertion_invalid')
  })

  test('signed with the public key as a shared secret', async () => {
    const secret = new TextEncoder().encode(JSON.stringify(jwk('RS256')))
    const claims = { iss: CLIENT, sub: CLIENT, aud: ISSUER, exp: seconds() + 60, jti: 'x' }
    const forged = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid: 'RS256' })
      .sign(secret)
    const shared = { kty: 'oct', k: Buffer.from(secret).toString('base64url'), kid: 'RS256' }
    expect(await verify(forged, { keys: [shared, jwk('RS256')] })).toBe('client_assertion_invalid')
  })

  test.each(['', 'x', 'a.b.c', `${'x'.repeat(9000)}.x.x`])(
    'that is none: %#',
    async (assertion) => {
      expect(await verify(assertion)).toBe('client_assertion_invalid')
      expect(claimedClientId(assertion)).toBeUndefined()
    },
  )
})

test.each([123, ['https://app.example/c'], { length: 1 }, null, true])(
  'a client is not named by sub %j, which is no text',
  (sub) => {
    const payload = Buffer.from(JSON.stringify({ sub })).toString('base64url')
    expect(claimedClientId(`e30.${payload}.x`)).toBeUndefined()
  },
)

describe('RFC 7523 §3 item 7: a client assertion works once', () => {
  test('until it has expired', async () => {
    const assertion = await signed({ jti: 'once' })
    expect(await verify(assertion)).toBe('accepted')
    expect(await verify(assertion)).toBe('client_assertion_used')
    clock.advance(85)
    expect(await verify(assertion)).toBe('client_assertion_used')
    clock.advance(10)
    expect(await verify(assertion)).toBe('client_assertion_expired')
  })

  test('until it has expired, also where exp has a fraction', async () => {
    // To the beginning of a second: tenths count here.
    clock.advance(1 - (clock.now() % 1000) / 1000)
    const assertion = await signed({ jti: 'fraction', exp: seconds() + 60.5 })
    expect(await verify(assertion)).toBe('accepted')
    clock.advance(90.7)
    expect(await verify(assertion)).toBe('client_assertion_used')
    clock.advance(1)
    expect(await verify(assertion)).toBe('client_assertion_expired')
  })

  test('and its jti is the client’s own', async () => {
    const other = 'https://other.example/client.json'
    expect(await verify(await signed({ jti: 'same' }))).toBe('accepted')
    expect(
      await verify(await signed({ jti: 'same', iss: other, sub: other }), { clientId: other }),
    ).toBe('accepted')
  })

  test('a refused one uses nothing up', async () => {
    expect(await verify(await signed({ jti: 'again', aud: 'https://idp.example' }))).toBe(
      'client_assertion_of_other_audience',
    )
    expect(await verify(await signed({ jti: 'again' }))).toBe('accepted')
  })
})

describe('keys that change', () => {
  test('are looked at again, but not within a minute of the last look', async () => {
    const looks: (number | undefined)[] = []
    const authentication = {
      method: 'private_key_jwt' as const,
      algorithms: ASSERTION_ALGORITHMS,
      keys: (newerThan?: number) => {
        looks.push(newerThan)
        return Promise.resolve(ok({ keys: newerThan === undefined ? [jwk('RS256')] : [jwk()] }))
      },
    }
    const verified = await assertions.verify(
      await signed(),
      { clientId: CLIENT, authentication },
      AUDIENCES,
    )
    expect(verified.ok).toBe(true)
    expect(looks).toEqual([undefined, clock.now() - 60_000])
  })

  test.each([
    ['is not on its curve', (key: JWK): JWK => ({ ...key, x: key.y!, y: key.x! })],
    ['is too short', (key: JWK): JWK => ({ ...key, x: 'AA' })],
    ['is not base64url', (key: JWK): JWK => ({ ...key, x: '!' })],
  ])('of which one %s are the client’s fault, not ours', async (_what, broken) => {
    expect(await verify(await signed(), { keys: [broken(jwk())] })).toBe('client_keys_invalid')
  })

  test('that cannot be had are an outage, not the client’s fault', async () => {
    const authentication = {
      method: 'private_key_jwt' as const,
      algorithms: ASSERTION_ALGORITHMS,
      keys: () => Promise.resolve(fail({ reason: 'client_keys_unavailable' } as const)),
    }
    expect(
      await assertions.verify(await signed(), { clientId: CLIENT, authentication }, AUDIENCES),
    ).toEqual(fail({ reason: 'client_keys_unavailable' }))
  })
})
