import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto'
import fc from 'fast-check'
import { SignJWT, UnsecuredJWT } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  importVerificationKeys,
  signAccessToken,
  verifyAccessToken,
  type AccessTokenClaims,
  type VerificationKey,
} from '../../src/crypto/access-token.ts'
import {
  deriveSigningKey,
  importSigningKey,
  signJwt,
  type SigningKey,
} from '../../src/crypto/signing.ts'

const ISSUER = 'https://mcp.example.test'
const AUDIENCE = `${ISSUER}/mcp`
const NOW = 1_800_000_000
const CLAIMS: AccessTokenClaims = {
  iss: ISSUER,
  aud: AUDIENCE,
  sub: 'ada-1',
  client_id: 'x'.repeat(43),
  scope: 'mcp',
  idp: 'https://idp.example.test',
  iat: NOW,
  exp: NOW + 900,
  jti: 'j',
}

function privateJwk(key: KeyObject): JsonWebKey {
  return key.export({ format: 'jwk' })
}

let derived: SigningKey
let stranger: SigningKey
let rsa: SigningKey
let keys: VerificationKey[]

beforeAll(async () => {
  derived = await deriveSigningKey(new Uint8Array(32).fill(1), 'sign', ISSUER)
  stranger = await deriveSigningKey(new Uint8Array(32).fill(2), 'sign', ISSUER)
  rsa = await importSigningKey(
    privateJwk(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey),
  )
  keys = await importVerificationKeys([derived.publicJwk, rsa.publicJwk])
})

async function verify(token: string, expected: object = {}): Promise<string | AccessTokenClaims> {
  const verified = await verifyAccessToken(token, keys, {
    issuer: ISSUER,
    audience: AUDIENCE,
    now: NOW * 1000,
    ...expected,
  })
  return verified.ok ? verified.value : verified.failure.reason
}

function signed(changes: Record<string, unknown>, typ = 'at+jwt', key = derived): Promise<string> {
  return signJwt(key, typ, { ...CLAIMS, ...changes })
}

/** A token with this header and signature, whatever a library would say to it. */
function assemble(header: object, signature = 'AA', claims: object = CLAIMS): string {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${encode(header)}.${encode(claims)}.${signature}`
}

describe('RFC 9068 §4 an access token is accepted', () => {
  test('with every claim it was signed with', async () => {
    const claims = { ...CLAIMS, email: 'ada@example.test', groups: ['staff'] }
    expect(await verify(await signAccessToken(derived, claims))).toEqual(claims)
  })

  test('when signed with any of the published keys', async () => {
    expect(await verify(await signAccessToken(rsa, CLAIMS))).toEqual(CLAIMS)
  })

  test('until the second it expires', async () => {
    const token = await signAccessToken(derived, CLAIMS)
    expect(await verify(token, { now: (NOW + 900) * 1000 - 1 })).toEqual(CLAIMS)
    expect(await verify(token, { now: (NOW + 900) * 1000 })).toBe('token_expired')
  })
})

describe('RFC 9068 §4, RFC 8725 an access token is refused', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['another issuer', { iss: 'https://evil.test' }, 'token_claims_invalid'],
    ['the issuer with a trailing slash', { iss: `${ISSUER}/` }, 'token_claims_invalid'],
    ['no issuer', { iss: undefined }, 'token_claims_invalid'],
    ['the audience of another resource', { aud: `${ISSUER}/other` }, 'token_claims_invalid'],
    ['the audience with a trailing slash', { aud: `${AUDIENCE}/` }, 'token_claims_invalid'],
    ['the issuer for an audience', { aud: ISSUER }, 'token_claims_invalid'],
    [
      'several audiences, ours among them',
      { aud: [AUDIENCE, 'https://evil.test'] },
      'token_claims_invalid',
    ],
    ['no audience', { aud: undefined }, 'token_claims_invalid'],
    ['no expiry', { exp: undefined }, 'token_claims_invalid'],
    ['an expiry that is text', { exp: '9999999999' }, 'token_claims_invalid'],
    ['an expiry in the past', { exp: NOW - 1 }, 'token_expired'],
    ['a beginning in the future', { nbf: NOW + 60 }, 'token_claims_invalid'],
    ['no subject', { sub: undefined }, 'token_claims_invalid'],
    ['a subject that is a number', { sub: 1 }, 'token_claims_invalid'],
    ['no iat', { iat: undefined }, 'token_claims_invalid'],
    ['no jti', { jti: undefined }, 'token_claims_invalid'],
    ['no client_id', { client_id: undefined }, 'token_claims_invalid'],
    ['no scope', { scope: undefined }, 'token_claims_invalid'],
    ['a scope that is a list', { scope: ['mcp'] }, 'token_claims_invalid'],
    ['no identity provider', { idp: undefined }, 'token_claims_invalid'],
    ['groups that are text', { groups: 'staff' }, 'token_claims_invalid'],
  ])('with %s', async (_what, changes, reason) => {
    expect(await verify(await signed(changes))).toBe(reason)
  })

  test.each(['JWT', 'postern-identity+jwt', 'id_token+jwt', 'at+jwtx', ''])(
    'with typ %j',
    async (typ) => {
      expect(await verify(await signed({}, typ))).toBe('token_claims_invalid')
    },
  )

  test('signed by a key that is not published', async () => {
    expect(await verify(await signAccessToken(stranger, CLAIMS))).toBe('token_key_unknown')
  })

  test('signed by another key under the name of a published one', async () => {
    const forged = { ...stranger, kid: derived.kid }
    expect(await verify(await signAccessToken(forged, CLAIMS))).toBe('token_signature_invalid')
  })

  test('without kid', async () => {
    const token = await new SignJWT({ ...CLAIMS })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt' })
      .sign(derived.privateKey)
    expect(await verify(token)).toBe('token_key_unknown')
  })

  test.each(['none', 'None', 'NONE', 'HS256', 'ES256', 'PS256', 'RS512', 'Ed25519', ''])(
    'with alg %j and the kid of an Ed25519 or RSA key',
    async (alg) => {
      for (const { kid } of [derived, rsa])
        expect(await verify(assemble({ alg, typ: 'at+jwt', kid }))).toMatch(
          /^token_(?:malformed|key_unknown)$/,
        )
    },
  )

  test('unsecured', async () => {
    expect(await verify(new UnsecuredJWT({ ...CLAIMS }).encode())).toMatch(
      /^token_(?:malformed|key_unknown)$/,
    )
    expect(await verify(assemble({ alg: 'none', typ: 'at+jwt', kid: derived.kid }, ''))).toMatch(
      /^token_(?:malformed|key_unknown)$/,
    )
  })

  test('signed with HS256 and a public key as the secret, in any form people publish it', async () => {
    for (const { publicJwk, kid } of [derived, rsa]) {
      const { x, n, kty, crv, e } = publicJwk
      const raw = Buffer.from(x ?? n ?? '', 'base64url')
      const secrets = [
        raw,
        x ?? n ?? '',
        JSON.stringify(publicJwk),
        JSON.stringify({ kty, crv, x, n, e }),
      ]
      for (const secret of secrets) {
        const unsigned = assemble({ alg: 'HS256', typ: 'at+jwt', kid })
          .split('.')
          .slice(0, 2)
          .join('.')
        const mac = createHmac('sha256', secret).update(unsigned).digest('base64url')
        expect(await verify(`${unsigned}.${mac}`)).toBe('token_key_unknown')
      }
    }
  })

  test('with a key of its own in the header', async () => {
    const token = await new SignJWT({ ...CLAIMS })
      .setProtectedHeader({
        alg: 'EdDSA',
        typ: 'at+jwt',
        kid: 'own',
        jwk: stranger.publicJwk,
      })
      .sign(stranger.privateKey)
    expect(await verify(token)).toBe('token_key_unknown')
  })

  test('with a critical extension nobody knows', async () => {
    const header = { alg: 'EdDSA', typ: 'at+jwt', kid: derived.kid, crit: ['x'], x: 1 }
    expect(await verify(assemble(header))).toBe('token_malformed')
  })

  test('with claims or signature of another token', async () => {
    const [header, , signature] = (await signAccessToken(derived, CLAIMS)).split('.')
    const [, claims, other] = (await signed({ sub: 'eve' })).split('.')
    expect(await verify([header, claims, signature].join('.'))).toBe('token_signature_invalid')
    const [, own] = (await signAccessToken(derived, CLAIMS)).split('.')
    expect(await verify([header, own, other].join('.'))).toBe('token_signature_invalid')
  })

  test.each([
    '',
    'abc',
    'a.b',
    'a.b.c',
    'a.b.c.d.e',
    '..',
    'e30.e30.AA',
    '\u0000',
    'null.null.null',
  ])('malformed: %j', async (token) => {
    expect(await verify(token)).toMatch(/^token_(?:malformed|key_unknown)$/)
  })

  test('when it is random text; and none makes the check throw', async () => {
    const part = fc.oneof(
      fc.stringMatching(/^[\w-]{0,30}$/),
      fc.json().map((json) => Buffer.from(json).toString('base64url')),
    )
    const token = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.tuple(part, part, part).map((parts) => parts.join('.')),
    )
    await fc.assert(
      fc.asyncProperty(token, async (text) => {
        expect(await verify(text)).toMatch(/^token_/)
      }),
      { numRuns: 500 },
    )
  })
})

describe('a gate of its own pins public keys', () => {
  test.each<[string, () => JsonWebKey]>([
    ['private', () => privateJwk(generateKeyPairSync('ed25519').privateKey)],
    ['symmetric', () => ({ kty: 'oct', k: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' })],
  ])('and refuses a %s one', async (_kind, jwk) => {
    const alg = jwk().kty === 'oct' ? 'HS256' : 'EdDSA'
    await expect(importVerificationKeys([{ ...jwk(), kid: 'k', alg }])).rejects.toThrow(
      'public keys only',
    )
  })
})
