import { describe, expect, it } from 'vitest'
import { behavior, distribution } from '../edge-fixture.ts'
import type { Switches } from '../switches.ts'
import { chooseBehavior, matchesPattern } from './behaviors.ts'

describe('CloudFront guide, Cache behavior settings, Path pattern', () => {
  it.each([
    ['/token', '/token', true],
    ['token', '/token', true],
    ['/token', '/token/', false],
    ['/token', '/Token', false],
    ['/token', '/tokens', false],
    ['/token', '/a/token', false],
    ['*.jpg', '/images/a.jpg', true],
    ['*.jpg', '/LOGO.JPG', false],
    ['images/*.jpg', '/images/product1/a.jpg', true],
    ['a??.jpg', '/ant.jpg', true],
    ['a??.jpg', '/a.jpg', false],
    ['*.doc?', '/a.doc', false],
    ['*.doc*', '/a.doc', true],
    ['/a.b', '/aXb', false],
    ['/mcp*', '/mcp\n', true],
    ['*', '', true],
  ])('%s against %s: %s', (pattern, path, expected) => {
    expect(matchesPattern(pattern, path)).toBe(expected)
  })

  it('takes the first match in the order listed', () => {
    const { behaviors } = distribution({
      behaviors: [
        behavior({ pattern: '/a/*', origin: 'first' }),
        behavior({ pattern: '/a/b', origin: 'second' }),
        behavior(),
      ],
    })
    const chosen = chooseBehavior(distribution({ behaviors }), '/a/b', 'as-sent')
    expect(chosen.origin).toBe('first')
  })

  const matching: [Switches['edgePathMatching'], string, string][] = [
    ['rfc3986', '//token', '/token'],
    ['rfc3986', '/./token', '/token'],
    ['rfc3986', '/a/../token', '/token'],
    ['rfc3986', '/%74oken', '/token'],
    ['rfc3986', '/a/%2e%2e/token', '/token'],
    ['rfc3986', '/token%2F', '*'],
    ['rfc3986', '/token%00', '*'],
    ['rfc3986', '/TOKEN', '*'],
    ['slashes-and-dots', '//token', '/token'],
    ['slashes-and-dots', '/a/../token', '/token'],
    ['slashes-and-dots', '/%74oken', '*'],
    ['as-sent', '/token', '/token'],
    ['as-sent', '//token', '*'],
    ['as-sent', '/a/../token', '*'],
    ['as-sent', '/%74oken', '*'],
  ]
  it.each(matching)('Path normalization, %s: %s meets %s', (position, path, pattern) => {
    expect(chooseBehavior(distribution(), path, position).pattern).toBe(pattern)
  })
})
