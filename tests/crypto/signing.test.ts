import { generateKeyPairSync } from 'node:crypto'
import { calculateJwkThumbprint, decodeProtectedHeader, importJWK, jwtVerify } from 'jose'
import { describe, expect, test } from 'vitest'
import { deriveSigningKey, importSigningKey, randomId, signJwt } from '../../src/crypto/signing.ts'

const ISSUER = 'https://mcp.example.test'
const SECRET = Uint8Array.from({ length: 32 }, (_, index) => index * 7)

const CONFIGURED: [string, string, string[], () => JsonWebKey][] = [
  [
    'RSA',
    'RS256',
    ['e', 'kty', 'n'],
    (): JsonWebKey =>
      generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }),
  ],
  [
    'EC P-256',
    'ES256',
    ['crv', 'kty', 'x', 'y'],
    (): JsonWebKey =>
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }),
  ],
  [
    'Ed25519',
    'EdDSA',
    ['crv', 'kty', 'x'],
    (): JsonWebKey => generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }),
  ],
]

describe('RFC 7517 published keys', () => {
  test.each(CONFIGURED)(
    'of a configured %s key holds its public members and nothing else',
    async (_kind, alg, members, make) => {
      const jwk = make()
      // Members that may hold secrets, known and not.
      const key = await importSigningKey({ ...jwk, k: 'AA', oth: [], secret: 's' } as JsonWebKey)
      expect(Object.keys(key.publicJwk).toSorted()).toEqual(
        [...members, 'alg', 'kid', 'use'].toSorted(),
      )
      expect(key.publicJwk).toMatchObject({ alg, use: 'sig', kid: key.kid })
      const published = JSON.stringify(key.publicJwk)
      for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi'] as const)
        expect(published).not.toContain(jwk[member] ?? '"private"')
    },
  )

  test.each(CONFIGURED)(
    'of a configured %s key verifies what the key signs, under its thumbprint (RFC 7638)',
    async (_kind, alg, _members, make) => {
      const key = await importSigningKey(make())
      const token = await signJwt(key, 'at+jwt', { sub: 'ada' })
      expect(decodeProtectedHeader(token)).toEqual({ alg, typ: 'at+jwt', kid: key.kid })
      const verifying = await importJWK(key.publicJwk as never, alg)
      expect((await jwtVerify(token, verifying)).payload).toEqual({ sub: 'ada' })
      expect(await calculateJwkThumbprint(key.publicJwk as never)).toBe(key.kid)
    },
  )

  test('of a derived key is Ed25519 and constant, without the private member', async () => {
    const once = await deriveSigningKey(SECRET, 'sign', ISSUER)
    const again = await deriveSigningKey(SECRET.slice(), 'sign', ISSUER)
    expect(again.publicJwk).toEqual(once.publicJwk)
    // Computed apart from our code; another value would sign everybody out at an upgrade.
    expect(once.publicJwk).toEqual({
      kty: 'OKP',
      crv: 'Ed25519',
      x: 'O7j00l-qrZkZ6-G4J5X5oLpYwzyuLURbzBMFYru0Wzo',
      kid: once.kid,
      alg: 'EdDSA',
      use: 'sig',
    })
  })

  test('differ for access tokens and the identity JWT, and for every issuer and secret', async () => {
    const keys = await Promise.all([
      deriveSigningKey(SECRET, 'sign', ISSUER),
      deriveSigningKey(SECRET, 'gate-sign', ISSUER),
      deriveSigningKey(SECRET, 'sign', 'https://other.example.test'),
      deriveSigningKey(SECRET.with(0, 1), 'sign', ISSUER),
    ])
    expect(new Set(keys.map(({ kid }) => kid)).size).toBe(keys.length)
    expect(new Set(keys.map(({ publicJwk }) => publicJwk.x)).size).toBe(keys.length)
  })
})

describe('RFC 8725 §3.1 one algorithm per key', () => {
  test.each<[string, () => JsonWebKey, string]>([
    [
      'EC P-384',
      (): JsonWebKey =>
        generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export({ format: 'jwk' }),
      'must be Ed25519, EC P-256 or RSA',
    ],
    [
      'secp256k1',
      (): JsonWebKey =>
        generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey.export({ format: 'jwk' }),
      'must be Ed25519, EC P-256 or RSA',
    ],
    [
      'Ed448',
      (): JsonWebKey => generateKeyPairSync('ed448').privateKey.export({ format: 'jwk' }),
      'must be Ed25519, EC P-256 or RSA',
    ],
    [
      'X25519',
      (): JsonWebKey => generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' }),
      'must be Ed25519, EC P-256 or RSA',
    ],
    [
      'symmetric',
      (): JsonWebKey => ({ kty: 'oct', k: 'AAAA' }),
      'must be Ed25519, EC P-256 or RSA',
    ],
    [
      'public',
      (): JsonWebKey => generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }),
      'must be a private JWK',
    ],
  ])('refuses a %s key for signing', async (_kind, make, message) => {
    await expect(importSigningKey(make())).rejects.toThrow(message)
  })

  test('the alg member of a configured key does not change its algorithm', async () => {
    const jwk = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
      format: 'jwk',
    })
    expect((await importSigningKey({ ...jwk, alg: 'PS512' })).alg).toBe('RS256')
  })
})

describe('RFC 9068 §2.2 identifiers', () => {
  test('are 128 random bits', () => {
    const lengths: number[] = []
    const id = randomId((length) => {
      lengths.push(length)
      return new Uint8Array(length).fill(255)
    })
    expect(lengths).toEqual([16])
    expect(id).toBe('_____________________w')
  })
})
