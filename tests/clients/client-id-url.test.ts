import { describe, expect, test } from 'vitest'
import {
  isAllowedDomain,
  parseClientIdUrl,
  parsePublicUrl,
} from '../../src/clients/client-id-url.ts'

describe('draft-ietf-oauth-client-id-metadata-document-02 §3: a Client Identifier URL', () => {
  test.each([
    'https://claude.ai/oauth/claude-code-client-metadata',
    'https://example.com/client.json',
    'https://app.example.com/a/b/c/',
    'https://example.com:8443/client.json',
  ])('%s is one', (clientId) => {
    expect(parseClientIdUrl(clientId)?.href).toBe(clientId)
  })

  test.each([
    ['http', 'http://example.com/client.json'],
    ['another scheme', 'ftp://example.com/client.json'],
    ['no path', 'https://example.com'],
    ['the root alone', 'https://example.com/'],
    ['a fragment', 'https://example.com/client.json#x'],
    ['an empty fragment', 'https://example.com/client.json#'],
    ['a query', 'https://example.com/client.json?x=1'],
    ['an empty query', 'https://example.com/client.json?'],
    ['a user', 'https://user@example.com/client.json'],
    ['a password', 'https://:secret@example.com/client.json'],
    ['dot segments', 'https://example.com/a/../client.json'],
    ['a single dot', 'https://example.com/./client.json'],
    ['encoded dots', 'https://example.com/%2e%2E/client.json'],
    ['the default port, which is another spelling', 'https://example.com:443/client.json'],
    ['an upper-case host', 'https://EXAMPLE.com/client.json'],
    ['an upper-case scheme', 'HTTPS://example.com/client.json'],
    ['a backslash', 'https://example.com\\client.json'],
    ['a space in front', ' https://example.com/client.json'],
    ['a tab inside', 'https://exa\tmple.com/client.json'],
    ['a line break inside', 'https://example.com/client\n.json'],
    ['letters outside ASCII', 'https://exämple.com/client.json'],
    ['a percent-encoded host', 'https://ex%61mple.com/client.json'],
    ['one slash', 'https:/example.com/client.json'],
    ['an address', 'https://93.184.216.34/client.json'],
    ['loopback', 'https://127.0.0.1/client.json'],
    ['loopback in hexadecimal', 'https://0x7f000001/client.json'],
    ['loopback in octal', 'https://0177.0.0.1/client.json'],
    ['loopback as one number', 'https://2130706433/client.json'],
    ['loopback, shortened', 'https://127.1/client.json'],
    ['loopback, v6', 'https://[::1]/client.json'],
    ['IPv4-mapped', 'https://[::ffff:7f00:1]/client.json'],
    ['localhost', 'https://localhost/client.json'],
    ['a single label', 'https://intranet/client.json'],
    ['a name of clouds', 'https://metadata.google.internal/client.json'],
    ['a dot after the host', 'https://claude.ai./client.json'],
    ['no URL', 'https://'],
  ])('with %s is none: %j', (_what, clientId) => {
    expect(parseClientIdUrl(clientId)).toBeUndefined()
  })

  test('a URL inside a document may have a query, and what names no host still refuses it', () => {
    expect(parsePublicUrl('https://example.com/jwks?x=1')?.search).toBe('?x=1')
    expect(parsePublicUrl('https://10.0.0.1/jwks')).toBeUndefined()
  })
})

describe('clients.metadataDocuments.allowedDomains', () => {
  const isAllowed = (url: string, domains?: string[]) => isAllowedDomain(new URL(url), domains)

  test.each<[string, string[] | undefined]>([
    ['https://any.example/c', undefined],
    ['https://app.example.com/c', ['app.example.com']],
    ['https://app.example.com/c', ['other.example', '*.example.com']],
    ['https://a.b.example.com/c', ['*.example.com']],
    ['https://app.example.com:8443/c', ['app.example.com:8443']],
  ])('%s comes in by %j', (url, domains) => {
    expect(isAllowed(url, domains)).toBe(true)
  })

  test.each<[string, string[] | undefined]>([
    ['https://any.example:8443/c', undefined],
    ['https://any.example/c', ['app.example.com']],
    ['https://evilapp.example.com/c', ['app.example.com']],
    ['https://app.example.com.evil.example/c', ['app.example.com', '*.example.com']],
    ['https://example.com/c', ['*.example.com']],
    ['https://evilexample.com/c', ['*.example.com']],
    ['https://app.example.com:8443/c', ['app.example.com']],
    ['https://app.example.com/c', ['app.example.com:8443']],
  ])('%s does not by %j', (url, domains) => {
    expect(isAllowed(url, domains)).toBe(false)
  })
})
