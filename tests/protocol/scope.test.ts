import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isScopeToken, narrowScope, parseScope } from '../../src/protocol/scope.ts'

describe('RFC 6749 §3.3 scope', () => {
  test.each<[string, string | undefined, string[]]>([
    ['nothing', undefined, []],
    ['an empty string', '', []],
    ['one scope', 'mcp', ['mcp']],
    ['several scopes', 'mcp admin', ['mcp', 'admin']],
    ['a scope twice', 'mcp mcp', ['mcp']],
    ['stray spaces', '  mcp   admin ', ['mcp', 'admin']],
  ])('reads %s', (_what, scope, tokens) => {
    expect(parseScope(scope)).toEqual(tokens)
  })

  test.each(['mcp', 'mcp:read', 'https://example.com/scope', '!', '~', '[', ']', '#'])(
    'takes %s for a scope token',
    (token) => {
      expect(isScopeToken(token)).toBe(true)
    },
  )

  test.each(['', 'a b', 'a"b', 'a\\b', 'a\tb', 'a\nb', 'ä', '\u007f'])(
    'does not take %j for a scope token',
    (token) => {
      expect(isScopeToken(token)).toBe(false)
    },
  )

  test.each<[string, string | undefined, string[]]>([
    ['drops unknown scopes', 'mcp openid email', ['mcp']],
    ['keeps a known subset', 'admin', ['admin']],
    ['gives all where nothing is asked', undefined, ['mcp', 'admin']],
    ['gives all where an empty scope is asked', '', ['mcp', 'admin']],
    ['gives all where only unknown scopes are asked', 'openid email profile', ['mcp', 'admin']],
    ['compares with case', 'MCP admin', ['admin']],
  ])('%s', (_what, requested, granted) => {
    expect(narrowScope(requested, ['mcp', 'admin'])).toEqual(granted)
  })

  test('never grants what is not offered', () => {
    const scopes = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 4 })
    fc.assert(
      fc.property(scopes, scopes, (requested, offered) => {
        const granted = narrowScope(requested.join(' '), offered)
        expect(granted.filter((scope) => !offered.some((own) => own === scope))).toEqual([])
      }),
    )
  })
})
