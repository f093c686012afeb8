import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { CachedRegistration } from '../../src/doctor/probes/caches.ts'
import type { Report } from '../../src/doctor/report.ts'
import { graveCodes, look, verdictFor } from './gallery/examine.ts'
import { type GalleryServer, startServer } from './gallery/server.ts'

const CANARY = 'client-that-only-its-issuer-may-see'
const ELSEWHERE = 'https://issuer.example'

let honest: GalleryServer
let hostile: Server | undefined
beforeEach(async () => {
  honest = await startServer()
})
afterEach(async () => {
  hostile?.closeAllConnections()
  hostile?.close()
  hostile = undefined
  await honest.close()
})

/** As an older mcp-remote leaves it; newer ones note the issuer as well. */
function lookWith(mcpUrl: string, more: Partial<CachedRegistration>): Promise<Report> {
  const registration = {
    file: '/home/ada/.mcp-auth/mcp-remote-v1/0_client_info.json',
    clientId: CANARY,
    redirectUri: 'http://localhost:4000/oauth/callback',
    hasTokens: false,
    isOfThisUrl: true,
    issuer: undefined,
    ...more,
  }
  const local = { registrations: [registration], unreadable: [], port: 'nobody' as const }
  return look(mcpUrl, { local })
}

/** Writes down everything that it is told; its metadata are what `claim` makes them. */
async function startHostile(
  claim: (own: string) => { servers: string[]; issuer: string },
): Promise<{ mcpUrl: string; heard: () => string }> {
  let heard = ''
  let own = ''
  const listening = createServer((request, response) => {
    heard += `${request.method} ${request.url} ${JSON.stringify(request.headers)}\n`
    request.on('data', (chunk: Buffer) => (heard += chunk.toString()))
    const { servers, issuer } = claim(own)
    const json = (status: number, body: object): void =>
      void response
        .writeHead(status, {
          'content-type': 'application/json',
          ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
        })
        .end(JSON.stringify(body))
    const { pathname } = new URL(request.url ?? '/', own)
    if (pathname === '/mcp') json(401, {})
    else if (pathname.includes('oauth-protected-resource'))
      json(200, { resource: `${own}/mcp`, authorization_servers: servers })
    else if (pathname.includes('/.well-known/'))
      json(200, {
        issuer,
        authorization_endpoint: `${own}/authorize`,
        token_endpoint: `${own}/token`,
      })
    else json(400, { error: 'invalid_client' })
  })
  hostile = listening
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  own = `http://localhost:${(listening.address() as AddressInfo).port}`
  return { mcpUrl: `${own}/mcp`, heard: () => heard }
}

describe('a remembered client_id is told to nobody but who gave it', () => {
  test.each<[string, (own: string, honest: string) => { servers: string[]; issuer: string }]>([
    ['names the issuer as its own', (_own, theirs) => ({ servers: [theirs], issuer: theirs })],
    ['calls itself by the issuer’s name', (own, theirs) => ({ servers: [own], issuer: theirs })],
    ['is its own issuer', (own) => ({ servers: [own], issuer: own })],
  ])('where another server %s', async (_name, claim) => {
    const { mcpUrl, heard } = await startHostile((own) => claim(own, honest.origin))
    await lookWith(mcpUrl, { isOfThisUrl: false, issuer: honest.origin })
    expect(heard()).toContain('GET /mcp')
    expect(heard()).not.toContain(CANARY)
  })

  test.each<[string, (own: string) => string]>([
    ['its own name', (own) => own],
    ['the name of the one that gave it', () => ELSEWHERE],
  ])(
    'where the URL has come to lead to another issuer, which goes by %s',
    async (_name, issuer) => {
      const { mcpUrl, heard } = await startHostile((own) => ({
        servers: [own],
        issuer: issuer(own),
      }))
      const report = await lookWith(mcpUrl, { issuer: ELSEWHERE })
      expect(heard()).toContain('GET /mcp')
      expect(heard()).not.toContain(CANARY)
      expect(graveCodes(report)).not.toContain('D21-registration-dead')
    },
  )

  test('where the file is of another URL and notes no issuer', async () => {
    const { mcpUrl, heard } = await startHostile((own) => ({ servers: [own], issuer: own }))
    await lookWith(mcpUrl, { isOfThisUrl: false })
    expect(heard()).not.toContain(CANARY)
  })
})

describe('a client that its issuer has forgotten is found', () => {
  test.each<[string, (issuer: string) => Partial<CachedRegistration>]>([
    ['in the file of this URL without an issuer', () => ({})],
    ['in the file of this URL with its issuer', (issuer) => ({ issuer })],
    ['and a slash behind the issuer', (issuer) => ({ issuer: `${issuer}/` })],
  ])('%s', async (_name, more) => {
    const report = await lookWith(honest.mcpUrl, more(honest.origin))
    expect(graveCodes(report)).toEqual(['D21-registration-dead'])
    expect(verdictFor(report).verdict).toBe('fails')
  })

  test('in the file of another URL of that issuer, which keeps nobody from this one', async () => {
    const registration = { isOfThisUrl: false, issuer: honest.origin }
    const report = await lookWith(honest.mcpUrl, registration)
    expect(graveCodes(report)).toEqual(['D21-registration-dead'])
    expect(verdictFor(report).verdict).not.toBe('fails')
  })
})
