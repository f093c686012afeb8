import { describe, expect, test } from 'vitest'
import { identifyClient } from '../../src/clients/known-clients.ts'
import { KNOWN_CLIENTS } from '../../src/clients/known-clients-data.ts'
import { CLIENTS } from '../../src/clients/known-clients-details.ts'
import { buildRedirectPolicy } from '../../src/clients/redirect-policy.ts'
import { resolveConfig } from '../../src/config/resolve.ts'
import { isAllowedRedirectUri, validateRedirectUri } from '../../src/protocol/redirect-uri.ts'
import { MCP_URL, SECRET_A, UPSTREAM } from '../support/world.ts'

const CLAUDE = 'https://claude.ai/api/mcp/auth_callback'
const CHATGPT = 'https://chatgpt.com/connector/oauth/abc'
const CURSOR_WEB = 'https://www.cursor.com/agents/mcp/oauth/callback'
const CURSOR_APP = 'cursor://anysphere.cursor-mcp/oauth/callback'

describe('consent: a name is shown as identity only where redirect URIs prove it', () => {
  test.each([
    ['Claude', [CLAUDE]],
    ['Claude', [CLAUDE, 'https://claude.com/api/mcp/auth_callback']],
    ['ChatGPT', [CHATGPT]],
    ['ChatGPT', [CHATGPT, 'https://chatgpt.com/connector_platform_oauth_redirect']],
    ['Cursor', [CURSOR_WEB]],
    ['Visual Studio Code', ['https://vscode.dev/redirect', 'https://insiders.vscode.dev/redirect']],
  ])('%s is known by %j', (name, redirectUris) => {
    expect(identifyClient(redirectUris)?.name).toBe(name)
  })

  test.each([
    ['no redirect URI', []],
    ['loopback', ['http://localhost:3334/oauth/callback']],
    ['a known URI and loopback', [CLAUDE, 'http://localhost:3334/oauth/callback']],
    ['a custom scheme, which any local app can claim', [CURSOR_APP]],
    ['a known URI and a custom scheme', [CURSOR_WEB, CURSOR_APP]],
    ['URIs of two known clients', [CLAUDE, CHATGPT]],
    ['a known URI and a foreign one', [CLAUDE, 'https://evil.test/cb']],
    ['a URI that only starts like a known one', [`${CLAUDE}/evil`]],
    ['another path on a known host', ['https://claude.ai/redirect']],
    ['a known host over http', ['http://claude.ai/api/mcp/auth_callback']],
    ['the prefix without its segment', ['https://chatgpt.com/connector/oauth/']],
    ['more than one segment after a prefix', [`${CHATGPT}/evil`]],
    ['a query after a prefix', [`${CHATGPT}?next=evil`]],
  ])('nobody is known by %s', (_what, redirectUris) => {
    expect(identifyClient(redirectUris)).toBeUndefined()
  })

  test('every known redirect URI is well-formed, and belongs to one client', () => {
    const uris = KNOWN_CLIENTS.flatMap((client) => client.redirectUris)
    expect(uris.filter((uri) => !validateRedirectUri(uri).ok)).toEqual([])
    expect(new Set(uris).size).toBe(uris.length)
  })

  test('every known prefix is https and ends with a slash, so that a host cannot grow', () => {
    for (const prefix of KNOWN_CLIENTS.flatMap((client) => client.redirectUriPrefixes ?? []))
      expect(prefix).toMatch(/^https:\/\/[a-z.]+\/.*\/$/)
  })
})

describe('the default redirect policy', () => {
  const policyWith = (redirectUris: string[]) =>
    buildRedirectPolicy(
      resolveConfig({
        resources: [{ url: MCP_URL, upstream: UPSTREAM }],
        identityProvider: { issuer: 'https://idp.example.test', clientId: 'postern' },
        access: 'anyoneTheIdpAdmits',
        secrets: [SECRET_A],
        clients: { redirectUris },
      }),
    )
  const urisOf = (optIn: boolean): string[] =>
    CLIENTS.filter((client) => (client.optIn ?? false) === optIn).flatMap((client) => [
      ...client.redirectUris,
      ...(client.loopbackRedirectUris ?? []),
      ...(client.redirectUriPrefixes ?? []).map((prefix) => `${prefix}id`),
    ])

  test.each(urisOf(false))('takes %s', (uri) => {
    expect(validateRedirectUri(uri).ok && isAllowedRedirectUri(uri, policyWith([]))).toBe(true)
  })

  test.each(urisOf(true))('takes %s only where it is configured', (uri) => {
    expect(isAllowedRedirectUri(uri, policyWith([]))).toBe(false)
    expect(validateRedirectUri(uri).ok && isAllowedRedirectUri(uri, policyWith([uri]))).toBe(true)
  })
})

describe('the table of clients', () => {
  test('has every client once, by an id that a command line can take', () => {
    const ids = CLIENTS.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const id of ids) expect(id).toMatch(/^[a-z0-9-]+$/)
  })

  test('leaves out no client of the policy', () => {
    const ids = new Set(CLIENTS.map(({ id }) => id))
    expect(KNOWN_CLIENTS.filter(({ id }) => !ids.has(id))).toEqual([])
  })
})
