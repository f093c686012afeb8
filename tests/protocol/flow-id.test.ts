import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { isFlowId, newFlowId } from '../../src/protocol/flow-id.ts'

describe('a flow id', () => {
  test('is ten characters of lower-case Crockford base32', () => {
    for (let round = 0; round < 200; round += 1)
      expect(newFlowId(randomBytes)).toMatch(/^[0-9a-hjkmnp-tv-z]{10}$/)
  })

  test('uses fifty of the random bits it is given', () => {
    expect(newFlowId(() => Uint8Array.from([0, 1, 9, 10, 17, 18, 20, 22, 27, 31]))).toBe(
      '019ahjmpvz',
    )
    expect(newFlowId((length) => new Uint8Array(length).fill(255))).toBe('zzzzzzzzzz')
  })

  test('differs from sign-in to sign-in', () => {
    const ids = new Set(Array.from({ length: 1000 }, () => newFlowId(randomBytes)))
    expect(ids.size).toBe(1000)
  })

  test('is known by its form', () => {
    expect(isFlowId(newFlowId(randomBytes))).toBe(true)
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
