import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { normalizeResource } from '../../src/protocol/resource.ts'

const MCP = 'https://mcp.example.test/mcp'

describe('RFC 8707 §2 and MCP authorization, Canonical Server URI', () => {
  test.each([
    ['as it is', MCP],
    ['a trailing slash', `${MCP}/`],
    ['an upper-case host', 'https://MCP.Example.Test/mcp'],
    ['an upper-case scheme', 'HTTPS://mcp.example.test/mcp'],
    ['the default port', 'https://mcp.example.test:443/mcp'],
  ])('takes for the same resource: %s', (_what, identifier) => {
    expect(normalizeResource(identifier)).toBe(normalizeResource(MCP))
  })

  test('takes a resource without path for the same as its URL.href', () => {
    expect(normalizeResource('https://mcp.example.test/')).toBe('https://mcp.example.test')
    expect(normalizeResource('https://mcp.example.test')).toBe('https://mcp.example.test')
  })

  test.each([
    ['another path', 'https://mcp.example.test/mcp2'],
    ['a longer path', 'https://mcp.example.test/mcp/x'],
    ['a shorter path', 'https://mcp.example.test/'],
    ['another case of the path', 'https://mcp.example.test/MCP'],
    ['two trailing slashes', `${MCP}//`],
    ['a query', `${MCP}?a=1`],
    ['another host', 'https://evil.test/mcp'],
    ['another port', 'https://mcp.example.test:8443/mcp'],
    ['another scheme', 'http://mcp.example.test/mcp'],
  ])('takes for another resource: %s', (_what, identifier) => {
    expect(normalizeResource(identifier)).toBeDefined()
    expect(normalizeResource(identifier)).not.toBe(normalizeResource(MCP))
  })

  test.each([
    ['a fragment', `${MCP}#x`],
    ['an empty fragment', `${MCP}#`],
    ['user information', 'https://user@mcp.example.test/mcp'],
    ['a password', 'https://user:pass@mcp.example.test/mcp'],
    ['another scheme', 'ftp://mcp.example.test/mcp'],
    ['a script', 'javascript:alert(1)'],
    ['no scheme', 'mcp.example.test/mcp'],
    ['a URN', 'urn:example:mcp'],
    ['nothing', ''],
  ])('refuses an identifier with %s', (_what, identifier) => {
    expect(normalizeResource(identifier)).toBeUndefined()
  })

  test('never throws, and normalising twice changes nothing', () => {
    const identifier = fc.oneof(fc.webUrl({ withQueryParameters: true }), fc.string())
    fc.assert(
      fc.property(identifier, (text) => {
        const once = normalizeResource(text)
        // A second trailing slash is part of the path; only one is ignored.
        const keepsSlash = once === undefined || /\/(?:\?|$)/.test(once.slice(8))
        return keepsSlash || normalizeResource(once) === once
      }),
    )
  })
})
