import { describe, expect, test } from 'vitest'
import { isCodeVerifier, isS256Challenge } from '../../src/protocol/pkce.ts'

describe('RFC 7636 §4.1 code_verifier', () => {
  test.each([
    ['43 characters', 'a'.repeat(43), true],
    ['128 characters', 'a'.repeat(128), true],
    ['every kind of unreserved character', `-._~${'aZ9'.repeat(13)}`, true],
    ['42 characters', 'a'.repeat(42), false],
    ['129 characters', 'a'.repeat(129), false],
    ['a plus sign', `+${'a'.repeat(43)}`, false],
    ['padding', `${'a'.repeat(43)}=`, false],
    ['a line break at the end', `${'a'.repeat(43)}\n`, false],
    ['a non-ASCII letter', `ä${'a'.repeat(43)}`, false],
  ])('%s: %s → %s', (_what, verifier, valid) => {
    expect(isCodeVerifier(verifier)).toBe(valid)
  })
})

describe('RFC 7636 §4.2 S256 code_challenge', () => {
  test.each([
    ['the example of appendix B', 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', true],
    ['42 characters', 'a'.repeat(42), false],
    ['44 characters', 'a'.repeat(44), false],
    ['padding', `${'a'.repeat(43)}=`, false],
    ['a tilde, which a plain challenge may have', `~${'a'.repeat(42)}`, false],
    ['a line break at the end', `${'a'.repeat(43)}\n`, false],
  ])('%s: %s → %s', (_what, challenge, valid) => {
    expect(isS256Challenge(challenge)).toBe(valid)
  })
})
