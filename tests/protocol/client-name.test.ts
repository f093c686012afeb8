import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cleanClientName } from '../../src/protocol/client-name.ts'

describe('RFC 7591 §2 client_name, shown to a person', () => {
  test.each([
    ['an ordinary name', 'Claude Code (example)', 'Claude Code (example)'],
    ['letters of any script', 'Müller 日本語 Ελ', 'Müller 日本語 Ελ'],
    ['full-width letters', 'Ｃｌａｕｄｅ', 'Claude'],
    ['ligatures and circled letters', 'oﬃce Ⓐ', 'office A'],
    ['mathematical letters', '𝐂𝐥𝐚𝐮𝐝𝐞', 'Claude'],
    ['spaces of any kind, and many', ' a\u00A0\u2003 \u3000b ', 'a b'],
    ['control characters', 'a\u0000\u0007\u001Bb\u007F\u0085', 'ab'],
    ['line breaks', 'a\r\n\u2028\u2029b', 'ab'],
    ['a right-to-left override', 'a\u202Egpj.exe', 'agpj.exe'],
    ['bidi isolates and marks', '\u2066a\u2067b\u2068c\u2069\u200E\u200F\u061C', 'abc'],
    ['bidi embeddings', '\u202Aa\u202Bb\u202Cc\u202D', 'abc'],
    ['zero-width characters', 'C\u200Bl\u200Ca\u200Du\u2060d\uFEFFe', 'Claude'],
    ['soft hyphens', 'Cl\u00ADaude', 'Claude'],
    ['variation selectors', 'a\uFE0Fb\u{E0100}c\u{E01EF}', 'abc'],
    ['tag characters', 'a\u{E0041}\u{E007F}b', 'ab'],
    ['invisible fillers', 'a\u115F\u1160\u3164\uFFA0\u034F\u2800b', 'ab'],
    ['invisible vowels and Mongolian selectors', 'a\u17B4\u17B5\u180B\u180F\u180Eb', 'ab'],
    ['private-use characters', 'a\uE000\u{F0000}b', 'ab'],
    ['unassigned characters', 'a\u0378\u{EFFFF}b', 'ab'],
    ['lone surrogates', 'a\uD800b\uDC00', 'ab'],
    ['markup, which the page escapes', '<b>"x"</b>', '<b>"x"</b>'],
    ['a mark split from its letter', 'e\u200B\u0301', 'é'],
  ])('cleans %s', (_what, name, expected) => {
    expect(cleanClientName(name)).toBe(expected)
  })

  test.each(['', '   ', '\u200B\u2800', '\u0000', '\u00A0\u3000', '\u202E'])(
    'is no name where nothing visible is left: %j',
    (name) => {
      expect(cleanClientName(name)).toBeUndefined()
    },
  )

  test('keeps 64 characters and cuts the 65th, without splitting one', () => {
    expect(cleanClientName('a'.repeat(64))).toBe('a'.repeat(64))
    expect(cleanClientName('a'.repeat(65))).toBe('a'.repeat(64))
    expect(cleanClientName('🚪'.repeat(70))).toBe('🚪'.repeat(64))
    expect(cleanClientName(`${'a'.repeat(63)} b`)).toBe('a'.repeat(63))
  })

  test('counts after NFKC, which can make one character eighteen', () => {
    expect([...(cleanClientName('\uFDFA'.repeat(64)) ?? '')].length).toBeLessThanOrEqual(64)
  })

  test('whatever it is given, it never throws and yields short, visible, normal text', () => {
    const hidden = fc.constantFrom(
      '\u200B',
      '\u202E',
      '\uFE0F',
      '\u{E0100}',
      '\n',
      '\u0301',
      '\uD800',
    )
    const name = fc
      .array(fc.oneof(fc.string({ unit: 'binary', maxLength: 4 }), hidden), { maxLength: 40 })
      .map((parts) => parts.join(''))
    fc.assert(
      fc.property(name, (text) => {
        const clean = cleanClientName(text)
        if (clean === undefined) return
        expect([...clean].length).toBeLessThanOrEqual(64)
        expect(clean).toBe(clean.normalize('NFKC').trim())
        expect(clean).not.toMatch(/[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u)
        expect(cleanClientName(clean)).toBe(clean)
      }),
      { numRuns: 1000 },
    )
  })
})
