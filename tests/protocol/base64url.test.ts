import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { base64url, fromBase64url } from '../../src/protocol/base64url.ts'

describe('RFC 4648 §5 base64url', () => {
  test('round-trips any bytes, as Node writes them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const text = base64url(bytes)
        expect(text).toBe(Buffer.from(bytes).toString('base64url'))
        expect(fromBase64url(text)).toEqual(Uint8Array.from(bytes))
      }),
    )
  })

  test.each(['a', 'aaaaa', 'a+bc', 'a/bc', 'ab==', 'a bc', 'ab\n', 'äbc', '%61'])(
    'refuses %j',
    (text) => {
      expect(fromBase64url(text)).toBeUndefined()
    },
  )

  test('never throws', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fromBase64url(text)
      }),
    )
  })
})
