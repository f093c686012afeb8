import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { isFlowId, toFlowId } from '../../src/protocol/flow-id.ts'

describe('a flow id', () => {
  test('is ten characters of lower-case Crockford base32', () => {
    for (let round = 0; round < 200; round += 1)
      expect(toFlowId(randomBytes(16))).toMatch(/^[0-9a-hjkmnp-tv-z]{10}$/)
  })

  test('uses fifty of the random bits it is given', () => {
    expect(toFlowId(Uint8Array.from([0, 1, 9, 10, 17, 18, 20, 22, 27, 31]))).toBe('019ahjmpvz')
    expect(toFlowId(new Uint8Array(16).fill(255))).toBe('zzzzzzzzzz')
  })

  test('differs from sign-in to sign-in', () => {
    const ids = new Set(Array.from({ length: 1000 }, () => toFlowId(randomBytes(16))))
    expect(ids.size).toBe(1000)
  })

  test('is known by its form', () => {
    expect(isFlowId(toFlowId(randomBytes(16)))).toBe(true)
  })

  test.each([
    '',
    '0123456789a',
    '012345678',
    'ABCDEFGHJK',
    'iiiiiiiiii',
    '0123456789\n',
    '../../etc.',
  ])('is not %j', (text) => {
    expect(isFlowId(text)).toBe(false)
  })
})
