import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { KNOWN_CLIENTS } from '../../src/clients/known-clients-data.ts'
import { proveRedirectUri } from '../../src/protocol/authorization-request.ts'
import { validateClientMetadata } from '../../src/protocol/client-metadata.ts'
import {
  isAllowedRedirectUri,
  isLoopbackRedirectUri,
  matchesRegisteredRedirectUri,
  redirectUriHost,
  validateRedirectUri,
  type RedirectPolicy,
} from '../../src/protocol/redirect-uri.ts'
import { OPEN_REDIRECTS, REGISTERED_REDIRECT_URIS } from './open-redirects.ts'

/** The default policy, written out from the clients' own documents. */
const POLICY: RedirectPolicy = {
  exact: new Set([
    'https://claude.ai/api/mcp/auth_callback',
    'https://claude.com/api/mcp/auth_callback',
    'https://vscode.dev/redirect',
    'https://insiders.vscode.dev/redirect',
    'https://www.cursor.com/agents/mcp/oauth/callback',
    'cursor://anysphere.cursor-mcp/oauth/callback',
    'https://chatgpt.com/connector_platform_oauth_redirect',
  ]),
  oneSegmentAfter: ['https://chatgpt.com/connector/oauth/'],
}

function isAccepted(uri: string): boolean {
  return validateRedirectUri(uri).ok && isAllowedRedirectUri(uri, POLICY)
}

describe('RFC 9700 §4.1 redirect URI validation: published open-redirect tricks', () => {
  describe.each(OPEN_REDIRECTS)('$trick', ({ foreign, onAllowedHost }) => {
    test.each(
      [...foreign, ...onAllowedHost].map((uri) => [JSON.stringify(uri).slice(0, 120), uri]),
    )('rejects %s', (_shown, uri) => {
      expect(isAccepted(uri)).toBe(false)
      expect(validateClientMetadata({ redirect_uris: [uri] }, POLICY).ok).toBe(false)
      expect(
        REGISTERED_REDIRECT_URIS.filter((known) => matchesRegisteredRedirectUri(uri, known)),
      ).toEqual([])
      const parameters = new Map([['redirect_uri', uri]])
      expect(proveRedirectUri(parameters, REGISTERED_REDIRECT_URIS).ok).toBe(false)
    })
  })

  test('names every trick once, each with a variant on an allowed host', () => {
    const tricks = OPEN_REDIRECTS.map(({ trick }) => trick)
    expect(new Set(tricks).size).toBe(tricks.length)
    expect(OPEN_REDIRECTS.every((entry) => entry.foreign.length > 0)).toBe(true)
    expect(OPEN_REDIRECTS.every((entry) => entry.onAllowedHost.length > 0)).toBe(true)
  })
})

describe('RFC 8252 §7 redirect URIs of real clients', () => {
  test.each([
    ['mcp-remote', 'http://localhost:3334/oauth/callback'],
    ['mcp-remote on Windows', 'http://127.0.0.1:3334/oauth/callback'],
    ['Claude Code', 'http://localhost:52341/callback'],
    ['Claude Code, without a port', 'http://localhost/callback'],
    ['Codex', 'http://127.0.0.1:1455/callback/a1B2c3D4e5F6'],
    ['an IPv6 listener', 'http://[::1]:8080/callback'],
    ['Visual Studio Code', 'http://127.0.0.1/'],
    ['Visual Studio Code, with a port', 'http://127.0.0.1:33418/'],
    ['a listener without a path', 'http://localhost:3000'],
    ['a listener with a query', 'http://localhost:3000/callback?app=1'],
    ['a listener on the highest port', 'http://localhost:65535/callback'],
    ['claude.ai', 'https://claude.ai/api/mcp/auth_callback'],
    ['claude.com', 'https://claude.com/api/mcp/auth_callback'],
    ['ChatGPT', 'https://chatgpt.com/connector/oauth/aB3_x-9.~'],
    ['ChatGPT platform', 'https://chatgpt.com/connector_platform_oauth_redirect'],
    ['Cursor', 'cursor://anysphere.cursor-mcp/oauth/callback'],
    ['vscode.dev', 'https://vscode.dev/redirect'],
  ])('accepts the redirect_uri of %s', (_client, uri) => {
    expect(validateRedirectUri(uri)).toEqual({ ok: true, value: uri })
    expect(isAllowedRedirectUri(uri, POLICY)).toBe(true)
    expect(matchesRegisteredRedirectUri(uri, uri)).toBe(true)
  })

  test('the known clients make up exactly the default policy', () => {
    expect(new Set(KNOWN_CLIENTS.flatMap((client) => client.redirectUris))).toEqual(POLICY.exact)
    expect(KNOWN_CLIENTS.flatMap((client) => client.redirectUriPrefixes ?? [])).toEqual(
      POLICY.oneSegmentAfter,
    )
  })

  test.each([
    ['a foreign https host', 'https://evil.test/callback'],
    ['an unknown private-use scheme', 'com.example.app://callback/'],
    ['another path on a known host', 'https://claude.ai/anything'],
  ])('does not allow %s unless it is configured, however well-formed', (_what, uri) => {
    expect(validateRedirectUri(uri).ok).toBe(true)
    expect(isAllowedRedirectUri(uri, POLICY)).toBe(false)
    expect(isAllowedRedirectUri(uri, { ...POLICY, exact: new Set([uri]) })).toBe(true)
  })
})

describe('RFC 6749 §3.1.2 form of a redirect URI', () => {
  test.each([
    ['a fragment', 'http://localhost/cb#x', 'must not have a fragment'],
    ['an empty fragment', 'http://localhost/cb#', 'must not have a fragment'],
    ['a space', 'http://localhost/c b', 'has characters that a URI cannot have'],
    ['a non-ASCII letter', 'http://localhost/ü', 'has characters that a URI cannot have'],
    ['a broken percent-encoding', 'http://localhost/%4', 'has a broken percent-encoding'],
    ['a script scheme', 'JavaScript:alert(1)', 'has a scheme that can run or read content'],
    ['no scheme', '/callback', 'is not an absolute URI'],
    ['user information', 'https://a@example.com/', 'must not have user information'],
    ['empty user information', 'https://@example.com/', 'must not have user information'],
    ['a user of a custom scheme', 'com.app+1://u@cb/', 'must not have user information'],
    ['an empty user of a custom scheme', 'com.app+1://@cb/', 'must not have user information'],
    ['dot segments', 'https://example.com/a/../b', 'must not have dot segments'],
    ['http off loopback', 'http://example.com/cb', 'uses http for a host that is not loopback'],
    ['an impossible port', 'http://localhost:65536/', 'is not an absolute URI'],
    ['https without a path', 'https://example.com', 'needs a host and a path'],
    ['a scheme without authority', 'app:callback', 'is not an absolute URI with an authority'],
    ['1025 characters', `http://localhost/${'a'.repeat(1008)}`, 'is longer than 1024 characters'],
  ])('says what is wrong with a redirect_uri that has %s', (_what, uri, detail) => {
    expect(validateRedirectUri(uri)).toEqual({
      ok: false,
      failure: { reason: 'redirect_uri_malformed', detail },
    })
  })

  test('accepts exactly 1024 characters', () => {
    expect(validateRedirectUri(`http://localhost/${'a'.repeat(1007)}`).ok).toBe(true)
  })
})

describe('RFC 9700 §2.1 exact match, RFC 8252 §7.3 loopback port', () => {
  test.each([
    ['the port of localhost', 'http://localhost:51000/cb', 'http://localhost:3334/cb'],
    ['the port of 127.0.0.1', 'http://127.0.0.1:51000/cb', 'http://127.0.0.1:3334/cb'],
    ['the port of [::1]', 'http://[::1]:51000/cb', 'http://[::1]:3334/cb'],
    ['a port that was not registered', 'http://localhost:51000/cb', 'http://localhost/cb'],
    ['a port that is not asked for', 'http://localhost/cb', 'http://localhost:3334/cb'],
    ['the port, with a query', 'http://localhost:51000/cb?a=1', 'http://localhost:3334/cb?a=1'],
    ['an empty path', 'http://localhost:51000', 'http://localhost:3334/'],
  ])('matches a loopback redirect_uri that differs only by %s', (_what, requested, registered) => {
    expect(matchesRegisteredRedirectUri(requested, registered)).toBe(true)
  })

  test.each([
    ['trailing slash', 'https://example.com/cb/', 'https://example.com/cb'],
    ['trailing slash on loopback', 'http://localhost:3334/cb/', 'http://localhost:3334/cb'],
    ['case of the host', 'https://Example.com/cb', 'https://example.com/cb'],
    ['case of the path', 'http://localhost:3334/CB', 'http://localhost:3334/cb'],
    ['port off loopback', 'https://example.com:8443/cb', 'https://example.com/cb'],
    ['default port off loopback', 'https://example.com:443/cb', 'https://example.com/cb'],
    ['scheme', 'https://localhost:3334/cb', 'http://localhost:3334/cb'],
    ['loopback literal', 'http://127.0.0.1:3334/cb', 'http://localhost:3334/cb'],
    ['loopback literal the other way', 'http://localhost:3334/cb', 'http://127.0.0.1:3334/cb'],
    ['loopback literal of IPv6', 'http://[::1]:3334/cb', 'http://127.0.0.1:3334/cb'],
    ['query', 'http://localhost:3334/cb?a=2', 'http://localhost:3334/cb?a=1'],
    ['an added query', 'http://localhost:3334/cb?a=1', 'http://localhost:3334/cb'],
    ['an empty query', 'http://localhost:3334/cb?', 'http://localhost:3334/cb'],
    ['a dropped query', 'http://localhost:3334/cb', 'http://localhost:3334/cb?a=1'],
    ['an added query off loopback', 'https://example.com/cb?a=1', 'https://example.com/cb'],
    ['a port beyond 65535', 'http://localhost:65536/cb', 'http://localhost:3334/cb'],
    ['a fragment', 'http://localhost:3334/cb#a', 'http://localhost:3334/cb'],
    ['percent-encoding', 'http://localhost:3334/c%62', 'http://localhost:3334/cb'],
    ['a port of a custom scheme', 'app://localhost:1/cb', 'app://localhost:2/cb'],
  ])('rejects a redirect_uri that differs only by %s', (_what, requested, registered) => {
    expect(matchesRegisteredRedirectUri(requested, registered)).toBe(false)
  })

  const uri = fc
    .tuple(
      fc.constantFrom('http://', 'https://', 'cursor://'),
      fc.constantFrom('localhost', '127.0.0.1', '[::1]', 'claude.ai', 'evil.test', 'localhost.x'),
      fc.option(fc.integer({ min: 0, max: 70_000 }), { nil: undefined }),
      fc.constantFrom('', '/', '/cb', '/cb/', '/cb?x=1', '@evil.test/cb', '\\@x/cb', '.x/cb'),
    )
    .map(([scheme, host, port, rest]) => `${scheme}${host}${port ? `:${port}` : ''}${rest}`)

  test('never matches redirect URIs of different hosts, schemes, paths or queries', () => {
    fc.assert(
      fc.property(uri, uri, (requested, registered) => {
        if (!validateRedirectUri(registered).ok || requested === registered) return
        if (!matchesRegisteredRedirectUri(requested, registered)) return
        const [asked, known] = [new URL(requested), new URL(registered)]
        expect([asked.protocol, asked.hostname]).toEqual([known.protocol, known.hostname])
        expect([asked.pathname, asked.search]).toEqual([known.pathname, known.search])
        expect(['localhost', '127.0.0.1', '[::1]']).toContain(asked.hostname)
      }),
      { numRuns: 3000 },
    )
  })

  test('never matches whatever else stands before or after a registered one', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...REGISTERED_REDIRECT_URIS),
        fc.string({ unit: 'binary', minLength: 1, maxLength: 6 }),
        fc.nat(60),
        (registered, text, where) => {
          const changed = registered.slice(0, where) + text + registered.slice(where)
          if (!matchesRegisteredRedirectUri(changed, registered)) return
          // Only digits of a loopback port can have been added.
          const withoutPort = (value: string): string => value.replace(/:\d+(?=\/|$)/, '')
          expect(withoutPort(changed).replace(/\/$/, '')).toBe(
            withoutPort(registered).replace(/\/$/, ''),
          )
        },
      ),
      { numRuns: 3000 },
    )
  })

  test('validation never throws, and what it accepts is a URL without user or fragment', () => {
    const anything = fc.oneof(uri, fc.webUrl(), fc.string({ unit: 'binary' }))
    fc.assert(
      fc.property(anything, (text) => {
        const valid = validateRedirectUri(text)
        if (!valid.ok) return
        const { username, password, hash } = new URL(valid.value)
        expect([username, password, hash]).toEqual(['', '', ''])
      }),
    )
  })
})

describe('MCP authorization, consent: what a person is shown', () => {
  test.each([
    ['http://localhost:3334/oauth/callback', 'localhost:3334', true],
    ['http://[::1]:3334/cb', '[::1]:3334', true],
    ['https://claude.ai/api/mcp/auth_callback', 'claude.ai', false],
    ['https://example.com:8443/cb', 'example.com:8443', false],
    ['cursor://anysphere.cursor-mcp/oauth/callback', 'cursor:', false],
  ])('names the place that %s leads to', (uri, host, loopback) => {
    expect(redirectUriHost(uri)).toBe(host)
    expect(isLoopbackRedirectUri(uri)).toBe(loopback)
  })
})
