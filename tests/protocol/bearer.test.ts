import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { buildChallenge, parseBearer } from '../../src/protocol/bearer.ts'

function outcome(values: readonly string[]): string {
  const parsed = parseBearer(values)
  return parsed.ok ? `token ${parsed.value}` : parsed.failure.reason
}

describe('RFC 6750 §2.1 the Authorization header', () => {
  test.each<[string, string[], string]>([
    ['a bearer token', ['Bearer abc.DEF-1_2~3+4/5=='], 'token abc.DEF-1_2~3+4/5=='],
    ['the scheme in lower case', ['bearer abc'], 'token abc'],
    ['the scheme in upper case', ['BEARER abc'], 'token abc'],
    ['several spaces', ['Bearer   abc'], 'token abc'],
    ['spaces around', ['  Bearer abc  '], 'token abc'],
    ['a token of 4096 characters', [`Bearer ${'a'.repeat(4096)}`], `token ${'a'.repeat(4096)}`],
  ])('reads %s', (_what, values, expected) => {
    expect(outcome(values)).toBe(expected)
  })

  test.each<[string, string[]]>([
    ['nothing', []],
    ['an empty value', ['']],
    ['Basic', ['Basic dXNlcjpwYXNz']],
    ['DPoP', ['DPoP abc']],
    ['a scheme that starts with Bearer', ['BearerX abc']],
    ['the token without scheme', ['abc']],
  ])('takes %s for no token, so that the challenge asks for one', (_what, values) => {
    expect(outcome(values)).toBe('token_absent')
  })

  test.each<[string, string[]]>([
    ['two headers', ['Bearer a', 'Bearer b']],
    ['the same header twice', ['Bearer a', 'Bearer a']],
    ['a bearer and a basic header', ['Bearer a', 'Basic b']],
    ['two headers that a proxy joined', ['Bearer a, Bearer b']],
    ['two headers joined without space', ['Bearer a,Bearer b']],
    ['an empty second header', ['Bearer a', '']],
  ])('refuses %s', (_what, values) => {
    expect(outcome(values)).toBe('authorization_duplicated')
  })

  test.each<[string, string]>([
    ['no token', 'Bearer'],
    ['a space in it', 'Bearer a b'],
    ['a quote in it', 'Bearer "a"'],
    ['an equals sign in the middle', 'Bearer a=b'],
    ['only padding', 'Bearer =='],
    ['a control character', 'Bearer a\u0000'],
    ['a line break', 'Bearer a\nX: y'],
    ['a non-ASCII letter', 'Bearer ä'],
    ['4097 characters', `Bearer ${'a'.repeat(4097)}`],
  ])('refuses a token with %s', (_what, value) => {
    expect(outcome([value])).not.toMatch(/^token /)
  })

  test('never throws, and a token it accepts stands in the header as it is', () => {
    const header = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string().map((text) => `Bearer ${text}`),
    )
    fc.assert(
      fc.property(fc.array(header, { maxLength: 3 }), (values) => {
        const parsed = parseBearer(values)
        return !parsed.ok || (values.length === 1 && values[0]?.includes(parsed.value) === true)
      }),
    )
  })
})

describe('RFC 6750 §3, RFC 9728 §5.1 the challenge', () => {
  test('starts with the scheme and names metadata and scope', () => {
    const resource_metadata = 'https://mcp.example.test/.well-known/oauth-protected-resource/mcp'
    expect(buildChallenge({ scope: 'mcp admin', resource_metadata })).toBe(
      `Bearer scope="mcp admin", resource_metadata="${resource_metadata}"`,
    )
  })

  test('escapes quotes and backslashes', () => {
    expect(
      buildChallenge({
        error: 'invalid_token',
        error_description: 'a "b" \\',
        resource_metadata: 'u',
      }),
    ).toBe(
      'Bearer error="invalid_token", error_description="a \\"b\\" \\\\", resource_metadata="u"',
    )
  })
})
