import { createHash, hkdfSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { equalsInConstantTime, sha256 } from '../../src/crypto/digest.ts'
import { deriveBits, keyId, type KeyPurpose } from '../../src/crypto/keys.ts'

const SECRET = Uint8Array.from({ length: 32 }, (_, index) => 255 - index)
const ISSUER = 'https://mcp.example.test'
const PURPOSES: KeyPurpose[] = [
  'client_id',
  'consent',
  'transaction',
  'code',
  'refresh_token',
  'sign',
  'gate-mac',
  'gate-sign',
]

async function hex(
  secret: Uint8Array<ArrayBuffer>,
  purpose: KeyPurpose,
  issuer: string,
): Promise<string> {
  return Buffer.from(await deriveBits(secret, purpose, issuer)).toString('hex')
}

describe('RFC 5869 derived keys', () => {
  test.each(PURPOSES)(
    'for %s come from HKDF-SHA-256 with a length-prefixed info',
    async (purpose) => {
      const info = ['postern', 'v1', purpose, ISSUER].map((field) => {
        const length = Buffer.alloc(2)
        length.writeUInt16BE(Buffer.byteLength(field))
        return Buffer.concat([length, Buffer.from(field)])
      })
      const expected = hkdfSync('sha256', SECRET, '', Buffer.concat(info), 32)
      expect(await hex(SECRET, purpose, ISSUER)).toBe(Buffer.from(expected).toString('hex'))
    },
  )

  test('differ by purpose, by issuer and by secret', async () => {
    const all = await Promise.all([
      ...PURPOSES.map((purpose) => hex(SECRET, purpose, ISSUER)),
      hex(SECRET, 'code', `${ISSUER}:8443`),
      hex(SECRET, 'code', 'https://mcp.example.tesT'),
      hex(SECRET.with(31, 1), 'code', ISSUER),
    ])
    expect(new Set(all).size).toBe(all.length)
  })

  test('no part of the purpose can move into the issuer', async () => {
    expect(await hex(SECRET, 'gate-sign', 'x')).not.toBe(
      await hex(SECRET, 'gate' as KeyPurpose, '-signx'),
    )
  })

  test('have a short name that tells nothing about the key', async () => {
    const bits = await deriveBits(SECRET, 'code', ISSUER)
    expect(await keyId(bits)).toMatch(/^[\w-]{8}$/)
    expect(await keyId(bits)).toBe(await keyId(bits))
    expect(await keyId(bits)).not.toBe(await keyId(await deriveBits(SECRET, 'consent', ISSUER)))
    const text = Buffer.from(bits).toString('base64url')
    expect(text).not.toContain(await keyId(bits))
    expect(createHash('sha256').update(bits).digest('base64url')).not.toContain(await keyId(bits))
  })
})

describe('digests', () => {
  test('sha256 is that of Node', async () => {
    for (const text of ['', 'abc', 'ü🚪'])
      expect(await sha256(text)).toBe(createHash('sha256').update(text).digest('base64url'))
  })

  test.each([
    ['abc', 'abc', true],
    ['', '', true],
    ['abc', 'abd', false],
    ['abc', 'ab', false],
    ['abc', 'ABC', false],
    ['', 'a', false],
  ])('%j and %j are equal: %s', async (left, right, equal) => {
    expect(await equalsInConstantTime(left, right)).toBe(equal)
  })

  test('no other text is equal, whatever part of its digest agrees', async () => {
    for (let index = 0; index < 200; index += 1)
      expect(await equalsInConstantTime('abc', `abc${index}`)).toBe(false)
  })
})
