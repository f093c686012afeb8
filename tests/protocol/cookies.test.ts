import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cookieNames, parseCookies } from '../../src/protocol/cookies.ts'

const NAMES = cookieNames('https://mcp.example.test')

function read(header: string): Record<string, string> | string {
  const parsed = parseCookies(header, NAMES.isOurs)
  return parsed.ok ? Object.fromEntries(parsed.value) : parsed.failure.reason
}

describe('RFC 6265 §4.2, §5.4 the Cookie header', () => {
  test.each<[string, string, Record<string, string>]>([
    ['no cookie', '', {}],
    ['one of ours', '__Host-postern-browser=abc', { '__Host-postern-browser': 'abc' }],
    ['ours among others', 'a=1; __Host-postern-txn-x=v; b=2', { '__Host-postern-txn-x': 'v' }],
    ['no space between', 'a=1;__Host-postern-browser=v', { '__Host-postern-browser': 'v' }],
    ['tabs around', 'a=1;\t__Host-postern-browser\t=\tv\t', { '__Host-postern-browser': 'v' }],
    [
      'an equals sign in a value',
      '__Host-postern-browser=a=b',
      { '__Host-postern-browser': 'a=b' },
    ],
    ['pairs without equals sign', '__Host-postern-browser; x', {}],
    [
      'repeats of foreign names',
      'a=1; a=2; __Host-postern-browser=v',
      { '__Host-postern-browser': 'v' },
    ],
  ])('reads %s', (_what, header, expected) => {
    expect(read(header)).toEqual(expected)
  })

  test.each([
    ['other case', '__HOST-postern-browser=evil'],
    ['other case of our part', '__Host-Postern-browser=evil'],
    ['another prefix', '__Secure-postern-browser=evil'],
    ['no prefix', 'postern-browser=evil'],
    ['the name of plain http', 'postern-80-browser=evil'],
    ['a name that only ends like ours', 'x__Host-postern-browser=evil'],
    ['an empty name and our name in the value', '=__Host-postern-browser=evil'],
    ['quotes around the name', '"__Host-postern-browser"=evil'],
    ['a percent-encoded name', '__Host%2Dpostern-browser=evil'],
    ['our cookie inside another value', 'a="x, __Host-postern-browser=evil"'],
    // Browsers take these for another name, without the protection of the prefix.
    ['a no-break space before the name', '\u00A0__Host-postern-browser=evil'],
    ['a wide space before the name', '\u2000__Host-postern-browser=evil'],
    ['a line separator before the name', '\u2028__Host-postern-browser=evil'],
    ['a byte order mark before the name', '\uFEFF__Host-postern-browser=evil'],
    ['a vertical tab before the name', '\u000B__Host-postern-browser=evil'],
    ['a form feed before the name', '\u000C__Host-postern-browser=evil'],
    ['an invisible character before the name', '\u200B__Host-postern-browser=evil'],
    ['a next-line control before the name', '\u0085__Host-postern-browser=evil'],
  ])('does not take for ours a cookie with %s', (_what, header) => {
    expect(read(header)).toEqual({})
  })

  test.each([
    ['twice', '__Host-postern-browser=a; __Host-postern-browser=b'],
    ['twice with one value', '__Host-postern-browser=a; __Host-postern-browser=a'],
    ['once empty', '__Host-postern-browser=; __Host-postern-browser=b'],
    ['twice apart', '__Host-postern-txn-1=a; x=y; __Host-postern-txn-1=b'],
  ])('refuses a cookie of ours that comes %s', (_what, header) => {
    expect(read(header)).toBe('cookie_duplicated')
  })

  test('names the repeated cookie in the failure, never its value', () => {
    const parsed = parseCookies('__Host-postern-a=s3cret; __Host-postern-a=other', NAMES.isOurs)
    expect(parsed).toEqual({
      ok: false,
      failure: { reason: 'cookie_duplicated', name: '__Host-postern-a' },
    })
  })

  test('reads a header of nothing but spaces in no time, wherever they stand', () => {
    const spaces = ' '.repeat(64_000)
    const start = performance.now()
    expect(read(`a=b;${spaces}x y=1; ${NAMES.browser}=own`)).toEqual({ [NAMES.browser]: 'own' })
    expect(read(`${spaces}x${spaces}\u00A0=1;${spaces}${NAMES.browser}${spaces}=own`)).toEqual({
      [NAMES.browser]: 'own',
    })
    // Quadratic, it takes seconds.
    expect(performance.now() - start).toBeLessThan(500)
  })

  test('never throws, and reads back what was written', () => {
    const token = fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/)
    fc.assert(
      fc.property(fc.dictionary(token, token, { maxKeys: 6 }), (values) => {
        const pairs = Object.entries(values).map(
          ([name, value]) => `__Host-postern-${name}=${value}`,
        )
        const foreign = Object.entries(values).map(([name, value]) => `${name}=${value}`)
        const parsed = parseCookies([...pairs, ...foreign].join('; '), NAMES.isOurs)
        expect(parsed.ok && parsed.value.size).toBe(pairs.length)
      }),
    )
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        parseCookies(text, () => true)
      }),
    )
  })
})

describe('RFC 6265bis §4.1.3.2 names and attributes', () => {
  test('over https a cookie is bound to the host by its name', () => {
    expect(NAMES).toMatchObject({
      browser: '__Host-postern-browser',
      transactionPrefix: '__Host-postern-txn-',
      attributes: 'Path=/; HttpOnly; SameSite=Lax; Secure',
    })
  })

  test.each([
    ['http://localhost:7420', 'postern-7420-'],
    ['http://127.0.0.1:80', 'postern-80-'],
    ['http://[::1]', 'postern-80-'],
  ])('on %s, where ports share one jar, the port stands in the name', (issuer, prefix) => {
    const names = cookieNames(issuer)
    expect(names.browser).toBe(`${prefix}browser`)
    expect(names.attributes).toBe('Path=/; HttpOnly; SameSite=Lax')
    expect(names.isOurs(names.browser)).toBe(true)
    expect(names.isOurs(`${names.transactionPrefix}abc`)).toBe(true)
  })

  test('two ports of one loopback host do not share cookies', () => {
    expect(cookieNames('http://localhost:742').isOurs('postern-7420-browser')).toBe(false)
  })
})
