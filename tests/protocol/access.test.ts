import { describe, expect, test } from 'vitest'
import type { AccessRule } from '../../src/config/options.ts'
import {
  evaluateAccess,
  needsClaims,
  readGroups,
  verifiedEmail,
  type Claims,
} from '../../src/protocol/access.ts'

const ADA: Claims = {
  sub: 'ada-1',
  email: 'ada@example.test',
  email_verified: true,
  hd: 'example.test',
  groups: ['staff', 'admins'],
}

function admits(rules: AccessRule[], claims: Claims = ADA): boolean {
  return evaluateAccess(rules, claims, 'groups').admitted
}

describe('access rules: who may sign in', () => {
  test.each<[string, AccessRule]>([
    ['subject', { subjects: ['bob-1', 'ada-1'] }],
    ['group', { groups: ['none', 'staff'] }],
    ['e-mail domain', { emailDomains: ['example.test'] }],
    ['e-mail domain in other case', { emailDomains: ['Example.TEST'] }],
    ['claim', { claims: { hd: ['other.test', 'example.test'] } }],
    [
      'all conditions together',
      { subjects: ['ada-1'], groups: ['staff'], claims: { hd: ['example.test'] } },
    ],
  ])('admits a person by %s', (_what, rule) => {
    expect(admits([rule])).toBe(true)
  })

  test.each<[string, AccessRule, Claims?]>([
    ['another subject', { subjects: ['bob-1'] }],
    ['another case of the subject', { subjects: ['ADA-1'] }],
    ['an empty list of subjects', { subjects: [] }],
    ['a subject that is not a string', { subjects: ['1'] }, { ...ADA, sub: 1 }],
    ['no shared group', { groups: ['owners'] }],
    ['an empty list of groups', { groups: [] }],
    ['groups as one string', { groups: ['staff'] }, { ...ADA, groups: 'staff' }],
    ['groups as an object', { groups: ['staff'] }, { ...ADA, groups: { staff: true } }],
    ['no groups claim', { groups: ['staff'] }, { sub: 'ada-1' }],
    ['another e-mail domain', { emailDomains: ['other.test'] }],
    ['a subdomain of the e-mail domain', { emailDomains: ['test'] }],
    ['a parent of the e-mail domain', { emailDomains: ['mail.example.test'] }],
    [
      'an address with two @ signs',
      { emailDomains: ['example.test'] },
      { ...ADA, email: 'a@example.test@evil.test' },
    ],
    ['an address without @', { emailDomains: ['example.test'] }, { ...ADA, email: 'example.test' }],
    [
      'an unverified e-mail address',
      { emailDomains: ['example.test'] },
      { ...ADA, email_verified: false },
    ],
    [
      'an address verified as "false"',
      { emailDomains: ['example.test'] },
      { ...ADA, email_verified: 'false' },
    ],
    ['an address verified as 1', { emailDomains: ['example.test'] }, { ...ADA, email_verified: 1 }],
    [
      'an address nobody says is verified',
      { emailDomains: ['example.test'] },
      { sub: 'a', email: 'a@example.test' },
    ],
    ['another value of the claim', { claims: { hd: ['other.test'] } }],
    ['no value for the claim', { claims: { hd: [] } }],
    ['an absent claim', { claims: { tid: ['1'] } }],
    ['a claim that every object inherits', { claims: { toString: ['function'] } }],
    [
      'a claim that is not a string',
      { claims: { hd: ['example.test'] } },
      { ...ADA, hd: ['example.test'] },
    ],
    ['one condition of two', { subjects: ['ada-1'], groups: ['owners'] }],
  ])('does not admit a person with %s', (_what, rule, claims) => {
    expect(admits([rule], claims)).toBe(false)
  })

  test('admits by any one of several rules', () => {
    expect(admits([{ subjects: ['bob-1'] }, { groups: ['staff'] }])).toBe(true)
    expect(admits([{ subjects: ['bob-1'] }, { groups: ['owners'] }])).toBe(false)
  })

  test('admits everybody only where that is written down', () => {
    expect(evaluateAccess('anyoneTheIdpAdmits', {}, 'groups')).toEqual({
      admitted: true,
      scopes: 'all',
    })
    expect(admits([])).toBe(false)
  })

  test('reads groups from the configured claim only', () => {
    const claims = { 'cognito:groups': ['staff'], groups: ['other'] }
    expect(evaluateAccess([{ groups: ['staff'] }], claims, 'cognito:groups').admitted).toBe(true)
    expect(evaluateAccess([{ groups: ['staff'] }], claims, 'groups').admitted).toBe(false)
    expect(readGroups({ groups: ['a', 1, null, 'b'] }, 'groups')).toEqual(['a', 'b'])
    expect(readGroups({}, 'constructor')).toEqual([])
  })
})

describe('access rules: with which scopes', () => {
  test.each<[string, AccessRule[], 'all' | string[]]>([
    ['a rule without scopes gives all', [{ subjects: ['ada-1'] }], 'all'],
    ['a rule gives its scopes', [{ subjects: ['ada-1'], scopes: ['read'] }], ['read']],
    ['no scopes at all', [{ subjects: ['ada-1'], scopes: [] }], []],
    [
      'matching rules add up',
      [
        { subjects: ['ada-1'], scopes: ['read'] },
        { groups: ['staff'], scopes: ['read', 'write'] },
      ],
      ['read', 'write'],
    ],
    [
      'a rule that does not match gives nothing',
      [
        { subjects: ['ada-1'], scopes: ['read'] },
        { groups: ['owners'], scopes: ['write'] },
      ],
      ['read'],
    ],
    [
      'all wins over some',
      [{ subjects: ['ada-1'], scopes: ['read'] }, { groups: ['staff'] }],
      'all',
    ],
  ])('%s', (_what, rules, scopes) => {
    expect(evaluateAccess(rules, ADA, 'groups')).toEqual({ admitted: true, scopes })
  })
})

describe('OpenID Connect Core §5.1 verified e-mail', () => {
  test.each([
    [true, 'ada@example.test'],
    ['true', 'ada@example.test'],
    [false, undefined],
    ['TRUE', undefined],
    [undefined, undefined],
  ])('email_verified %j', (email_verified, expected) => {
    expect(verifiedEmail({ email: 'ada@example.test', email_verified })).toBe(expected)
  })

  test('an address that is not a string is none', () => {
    expect(verifiedEmail({ email: ['ada@example.test'], email_verified: true })).toBeUndefined()
  })
})

describe('refresh without a new id_token', () => {
  test.each<[string, 'anyoneTheIdpAdmits' | AccessRule[], boolean]>([
    ['everybody', 'anyoneTheIdpAdmits', false],
    ['subjects', [{ subjects: ['a'] }], false],
    ['groups', [{ groups: ['a'] }], true],
    ['e-mail domains', [{ emailDomains: ['a'] }], true],
    ['other claims', [{ claims: { hd: ['a'] } }], true],
    ['subjects or groups', [{ subjects: ['a'] }, { groups: ['a'] }], true],
  ])('rules over %s need claims: %s', (_what, access, needed) => {
    expect(needsClaims(access)).toBe(needed)
  })
})
