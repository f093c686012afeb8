import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseParameters } from '../../src/protocol/form.ts'

function accepted(encoded: string): Record<string, string> | string {
  const parsed = parseParameters(encoded)
  return parsed.ok ? Object.fromEntries(parsed.value) : parsed.failure.reason
}

describe('RFC 6749 §3.1, §3.2, Appendix B parameters', () => {
  test.each<[string, string, Record<string, string>]>([
    ['nothing', '', {}],
    ['plain pairs', 'a=1&b=2', { a: '1', b: '2' }],
    ['plus as space', 'a=x+y', { a: 'x y' }],
    ['an encoded plus', 'a=x%2By', { a: 'x+y' }],
    ['UTF-8', 'a=%E2%82%AC&b=%F0%9F%9A%AA', { a: '€', b: '🚪' }],
    ['an encoded name', '%61=1', { a: '1' }],
    ['an equals sign in a value', 'a=b=c', { a: 'b=c' }],
    ['an encoded ampersand', 'a=b%26c', { a: 'b&c' }],
    ['stray ampersands', '&a=1&&b=2&', { a: '1', b: '2' }],
    [
      'names that objects have',
      '__proto__=1&constructor=2',
      { ['__proto__']: '1', constructor: '2' },
    ],
  ])('reads %s', (_what, encoded, expected) => {
    const parsed = parseParameters(encoded)
    expect(parsed.ok && [...parsed.value]).toEqual(Object.entries(expected))
  })

  test.each([
    ['an empty value', 'a=&b=2'],
    ['a name without equals sign', 'a&b=2'],
  ])('treats %s as omitted', (_what, encoded) => {
    expect(accepted(encoded)).toEqual({ b: '2' })
  })

  test.each([
    ['twice', 'state=a&state=b'],
    ['twice with the same value', 'state=a&state=a'],
    ['once empty, once not', 'state=&state=a'],
    ['once plain, once encoded', 'state=a&%73tate=b'],
    ['once without equals sign', 'state&state=a'],
    ['twice under a name we do not know', 'x=1&x=2'],
  ])('refuses a parameter that comes %s', (_what, encoded) => {
    expect(accepted(encoded)).toBe('parameter_duplicated')
  })

  test.each([
    ['a lone percent sign', 'a=%'],
    ['half an encoding', 'a=%2'],
    ['letters that are not hexadecimal', 'a=%zz'],
    ['a truncated UTF-8 sequence', 'a=%E2%82'],
    ['an overlong UTF-8 sequence', 'a=%C0%AF'],
    ['an encoded surrogate', 'a=%ED%A0%80'],
    ['a byte that UTF-8 never has', 'a=%FF'],
    ['a stray continuation byte', 'a=%80'],
    ['a broken name', '%E2=a'],
  ])('refuses %s', (_what, encoded) => {
    expect(accepted(encoded)).toBe('parameters_malformed')
  })

  test('accepts 64 parameters and refuses 65', () => {
    const many = (count: number): string =>
      Array.from({ length: count }, (_, index) => `p${index}=1`).join('&')
    expect(parseParameters(many(64)).ok).toBe(true)
    expect(accepted(many(65))).toBe('parameters_malformed')
  })

  test('agrees with URLSearchParams on everything it accepts', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 8 }),
      fc.stringMatching(/^[a-c=&+%0-9A-F]{0,12}$/),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
        const encoded = pieces.join('&')
        // The constructor, unlike the format, drops one leading question mark.
        const standard = [...new URLSearchParams(`&${encoded}`)].filter(([, value]) => value !== '')
        const parsed = parseParameters(encoded)
        return !parsed.ok || isDeepStrictEqual([...parsed.value], standard)
      }),
      { numRuns: 3000 },
    )
  })

  test('reads back whatever URLSearchParams writes', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 10 })
    fc.assert(
      fc.property(fc.dictionary(text, text, { maxKeys: 10 }), (values) => {
        const parsed = parseParameters(new URLSearchParams(values).toString())
        expect(parsed.ok && new Map(parsed.value)).toEqual(new Map(Object.entries(values)))
      }),
    )
  })

  test('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        parseParameters(text)
      }),
    )
  })
})
