import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ABSENT } from './gallery/fault.ts'
import { graveCodes, look } from './gallery/examine.ts'
import { type GalleryServer, startServer } from './gallery/server.ts'

/** What is wrong with an identity provider. */
interface Fault {
  document?: Record<string, unknown>
  status?: number
  keys?: unknown
}

let idp: Server
let issuer: string
let current: Fault
let mcp: GalleryServer

beforeEach(async () => {
  current = {}
  idp = createServer((request, response) => {
    const isKeys = request.url === '/keys'
    const document = Object.entries({ ...healthy(issuer), ...current.document })
    const body = isKeys
      ? (current.keys ?? { keys: [{ kty: 'EC' }] })
      : Object.fromEntries(document.filter(([, value]) => value !== ABSENT))
    response
      .writeHead(current.status ?? 200, { 'content-type': 'application/json' })
      .end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => idp.listen(0, '127.0.0.1', resolve))
  issuer = `http://localhost:${(idp.address() as AddressInfo).port}`
  mcp = await startServer()
})

afterEach(async () => {
  await mcp.close()
  idp.closeAllConnections()
  await new Promise((resolve) => idp.close(resolve))
})

function healthy(own: string): Record<string, unknown> {
  return {
    issuer: own,
    authorization_endpoint: `${own}/authorize`,
    token_endpoint: `${own}/token`,
    jwks_uri: `${own}/keys`,
    scopes_supported: ['openid', 'email'],
    code_challenge_methods_supported: ['S256'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
  }
}

const FAULTS: readonly [code: string, name: string, fault: Fault][] = [
  ['D20-idp-unreachable', 'nothing there', { status: 404 }],
  ['D20-idp-issuer-mismatch', 'another issuer', { document: { issuer: 'https://idp.example/' } }],
  ['D20-idp-incomplete', 'no token endpoint', { document: { token_endpoint: ABSENT } }],
  ['D20-idp-no-keys', 'no keys', { keys: { error: 'gone' } }],
  [
    'D20-idp-no-pkce',
    'PKCE without S256',
    { document: { code_challenge_methods_supported: ['plain'] } },
  ],
  [
    'D20-idp-no-refresh',
    'no refresh',
    { document: { grant_types_supported: ['authorization_code'] } },
  ],
]

describe('the identity provider behind the server', () => {
  test('is not looked at unless it is named', async () => {
    current = { status: 500 }
    expect(graveCodes(await look(mcp.mcpUrl))).toEqual([])
  })

  test('that is healthy gives nothing to mend', async () => {
    expect(graveCodes(await look(mcp.mcpUrl, { identityProvider: issuer }))).toEqual([])
  })

  test.each(FAULTS)('%s: %s', async (code, _name, fault) => {
    current = fault
    expect(graveCodes(await look(mcp.mcpUrl, { identityProvider: issuer }))).toEqual([code])
  })

  test('D07-scope-not-upstream: a scope that it does not have', async () => {
    const scopes = ['tools', 'offline_access']
    mcp.become({ answers: { 'server metadata': { json: { scopes_supported: scopes } } } })
    const report = await look(mcp.mcpUrl, { identityProvider: issuer })
    expect(graveCodes(report)).toEqual(['D07-scope-not-upstream'])
  })

  test.each([
    ['https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_x', /rotates refresh tokens/],
    ['https://login.microsoftonline.com/common/v2.0', /AADSTS/],
    ['https://acme.eu.auth0.com/', /audience/],
    ['https://acme.okta.com/oauth2/default', /administrators/],
    ['https://accounts.google.com', /access_type=offline/],
    ['https://id.example/realms/staff', /trusted hosts/],
  ])('what is known about %s is said', async (named, what) => {
    const fetch: NonNullable<Parameters<typeof look>[1]>['ports'] = {
      fetch: () => Promise.reject(new TypeError('fetch failed')),
    }
    const { findings } = await look(mcp.mcpUrl, { identityProvider: named, ports: fetch })
    expect(findings.find(({ code }) => code === 'D20-idp-quirk')?.message).toMatch(what)
  })
})
