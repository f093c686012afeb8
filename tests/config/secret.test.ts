import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { generateSecret, parseSecret } from '../../src/config/secret.ts'

function encode(bytes: Uint8Array | readonly number[]): string {
  return Buffer.from(bytes).toString('base64url')
}

const COUNT = Array.from({ length: 32 }, (_, index) => index)

describe('deployment secrets', () => {
  test('a fresh one has 32 bytes and is accepted', () => {
    const secret = generateSecret((length) => randomBytes(length))
    expect(secret).toMatch(/^[\w-]{43}$/)
    expect(parseSecret(secret)).toEqual({
      bytes: Uint8Array.from(Buffer.from(secret, 'base64url')),
    })
  })

  test.each([
    ['padding', '='],
    ['a space', ' '],
    ['a line break, as files have it', '\n'],
  ])('%s at the end does no harm', (_what, end) => {
    const secret = generateSecret((length) => randomBytes(length))
    expect(parseSecret(secret + end)).toEqual(parseSecret(secret))
  })

  test.each<[string, string, string]>([
    ['nothing', '', 'holds 0 bytes instead of 32'],
    ['a passphrase', 'correct horse battery staple', 'is not base64url'],
    ['plain base64', `${'+/'.repeat(21)}A`, 'is not base64url'],
    ['31 bytes', encode(COUNT.slice(1)), 'holds 31 bytes instead of 32'],
    ['33 bytes', encode([...COUNT, 1]), 'holds 33 bytes instead of 32'],
    ['64 hexadecimal digits', 'ab'.repeat(32), 'holds 48 bytes instead of 32'],
    ['zeros', encode(COUNT.map(() => 0)), 'is not random: its bytes repeat'],
    ['a repeated pattern', encode(COUNT.map((n) => n % 19)), 'is not random: its bytes repeat'],
    ['bytes that count up', encode(COUNT), 'is not random: its bytes count up'],
    [
      'bytes that count up past 255',
      encode(COUNT.map((n) => (n + 240) & 255)),
      'is not random: its bytes count up',
    ],
    [
      '32 letters of text',
      encode(Buffer.from('The quick brown fox jumps over l')),
      'is not random: it decodes to text',
    ],
  ])('refuses %s', (_what, secret, problem) => {
    expect(parseSecret(secret)).toEqual({ problem })
  })

  test('accepts every random secret', () => {
    for (let index = 0; index < 500; index += 1)
      expect(parseSecret(encode(randomBytes(32)))).toHaveProperty('bytes')
  })

  test('never throws, and a problem never repeats the secret', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 6 }), (text) => {
        const parsed = parseSecret(text)
        return 'bytes' in parsed || !parsed.problem.includes(text)
      }),
    )
  })
})
