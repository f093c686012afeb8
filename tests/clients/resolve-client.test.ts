import { describe, expect, test } from 'vitest'
import { buildRedirectPolicy } from '../../src/clients/redirect-policy.ts'
import {
  MAX_CLIENT_ID_BYTES,
  RegistrationSchema,
  sealRegistration,
} from '../../src/clients/registration.ts'
import { resolveClient } from '../../src/clients/resolve-client.ts'
import type { PosternOptions } from '../../src/config/options.ts'
import { resolveConfig, type Config } from '../../src/config/resolve.ts'
import { sha256 } from '../../src/crypto/digest.ts'
import { createSealer, type Sealer } from '../../src/crypto/seal.ts'

const NOW = 1_800_000_000
const LOOPBACK = 'http://localhost:3334/oauth/callback'
const HOSTED = 'https://example.com/cb'
const SECRETS = [
  'oJ4v-mZ7Zl7o2m0w3Zb1k8Qe5xT9uR4nY6sHcAqLpWg',
  'b0X8dLhE1qN_yT3uVw6rZsG9mKcJ2aPiF5oQ7tRzUeY',
] as const
const STATIC_SECRET = 'a-static-secret-of-32-characters'

type Context = Parameters<typeof resolveClient>[1]

function contextOf(changes: Partial<PosternOptions> = {}): Context {
  const config: Config = resolveConfig({
    resources: [{ url: 'https://mcp.example.test/mcp', upstream: 'http://upstream/' }],
    identityProvider: { issuer: 'https://idp.example.test', clientId: 'postern' },
    access: 'anyoneTheIdpAdmits',
    secrets: [SECRETS[0]],
    clients: {
      redirectUris: [HOSTED],
      static: [
        {
          clientId: 'web',
          secret: STATIC_SECRET,
          name: 'Web',
          redirectUris: ['https://web.test/cb'],
        },
        { clientId: 'native', redirectUris: [LOOPBACK] },
      ],
    },
    ...changes,
  })
  const redirectPolicy = buildRedirectPolicy(config)
  return { config, redirectPolicy, sealer: sealerOf(config), documents: undefined }
}

function sealerOf({ secrets, retiredSecrets, issuer }: Config): Sealer {
  return createSealer({ secrets, retiredSecrets, issuer, now: () => NOW * 1000 })
}

async function registered(redirectUris: string[], name?: string): Promise<string> {
  const metadata = { redirectUris, ...(name === undefined ? {} : { name }) }
  return (await sealRegistration(contextOf().sealer, metadata, NOW)) ?? ''
}

async function reasonFor(clientId: string | undefined, context: Context): Promise<string> {
  const client = await resolveClient(clientId, context)
  return client.ok ? 'accepted' : client.failure.reason
}

describe('RFC 7591 §3.2.1 a client_id is its registration', () => {
  test('any process of the deployment knows it, however old it is', async () => {
    const clientId = await registered([LOOPBACK, HOSTED], 'An app')
    expect(await resolveClient(clientId, contextOf())).toEqual({
      ok: true,
      value: {
        name: await sha256(clientId),
        redirectUris: [LOOPBACK, HOSTED],
        displayName: 'An app',
        authentication: { method: 'none' },
      },
    })
  })

  test('is kept when its secret is retired, and lost when the secret is gone', async () => {
    const clientId = await registered([LOOPBACK])
    const [before, after] = SECRETS
    const retired = contextOf({ secrets: [after], retiredSecrets: [before] })
    expect(await reasonFor(clientId, retired)).toBe('accepted')
    expect(await reasonFor(clientId, contextOf({ secrets: [after] }))).toBe('client_unknown')
  })

  test('holds redirect URIs that are allowed today only', async () => {
    const clientId = await registered([LOOPBACK, HOSTED])
    expect(await resolveClient(clientId, contextOf({ clients: {} }))).toMatchObject({
      value: { redirectUris: [LOOPBACK] },
    })
  })

  test('is refused when none of its redirect URIs is allowed any more', async () => {
    const clientId = await registered([HOSTED])
    expect(await reasonFor(clientId, contextOf())).toBe('accepted')
    expect(await reasonFor(clientId, contextOf({ clients: {} }))).toBe('client_no_longer_allowed')
  })

  test.each([
    ['its hash', 'clients', NOW + 1, 'client_revoked'],
    ['its hash, earlier', 'clients', NOW, 'accepted'],
    ['everything', 'all', NOW + 1, 'client_revoked'],
  ])('is cut off by %s', async (_what, by, cutOff, outcome) => {
    const clientId = await registered([LOOPBACK])
    const revokeBefore =
      by === 'all' ? { all: cutOff } : { clients: { [await sha256(clientId)]: cutOff } }
    expect(await reasonFor(clientId, contextOf({ revokeBefore }))).toBe(outcome)
  })

  test('cannot escape its cut-off by another spelling', async () => {
    const clientId = await registered([LOOPBACK])
    const context = contextOf({ revokeBefore: { clients: { [await sha256(clientId)]: NOW + 1 } } })
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const outcomes = await Promise.all(
      alphabet.split('').map((last) => reasonFor(clientId.slice(0, -1) + last, context)),
    )
    expect(new Set(outcomes)).toEqual(new Set(['client_revoked', 'client_unknown']))
  })

  test('can be no other seal of ours', async () => {
    const context = contextOf()
    const value = { redirectUris: [LOOPBACK], authMethod: 'none', issuedAt: NOW }
    for (const purpose of ['consent', 'transaction', 'code', 'refresh_token'] as const)
      expect(await reasonFor(await context.sealer.seal(purpose, value, null), context)).toBe(
        'client_unknown',
      )
  })

  test.each([
    [
      'another authentication method',
      { redirectUris: [LOOPBACK], authMethod: 'secret', issuedAt: NOW },
    ],
    ['no redirect URIs', { authMethod: 'none', issuedAt: NOW }],
    ['more members', { redirectUris: [LOOPBACK], authMethod: 'none', issuedAt: NOW, admin: true }],
  ])('of another version, with %s, is unknown', async (_what, value) => {
    const context = contextOf()
    expect(await reasonFor(await context.sealer.seal('client_id', value, null), context)).toBe(
      'client_unknown',
    )
  })
})

describe('RFC 6749 §2.2 client identifiers', () => {
  test.each([
    [undefined, 'client_id_missing'],
    ['', 'client_unknown'],
    ['nobody', 'client_unknown'],
    ['WEB', 'client_unknown'],
    ['x'.repeat(MAX_CLIENT_ID_BYTES), 'client_unknown'],
    ['x'.repeat(MAX_CLIENT_ID_BYTES + 1), 'client_id_too_large'],
    ['https://claude.ai/oauth/mcp-oauth-client-metadata', 'client_metadata_document_unsupported'],
    ['constructor', 'client_unknown'],
  ])('%s: %s', async (clientId, reason) => {
    expect(await reasonFor(clientId, contextOf())).toBe(reason)
  })

  test('a static client with a secret must authenticate', async () => {
    expect(await resolveClient('web', contextOf())).toEqual({
      ok: true,
      value: {
        name: 'web',
        redirectUris: ['https://web.test/cb'],
        displayName: 'Web',
        authentication: { method: 'secret', secret: STATIC_SECRET },
      },
    })
  })

  test('a static client without secret is a public one', async () => {
    expect(await resolveClient('native', contextOf())).toMatchObject({
      value: { name: 'native', authentication: { method: 'none' } },
    })
  })
})

describe('budget of a client_id: 1 KB, never above 2 KB', () => {
  const pathOf = (length: number): string => `http://localhost/${'a'.repeat(length)}`

  async function registration(clientId: string): Promise<unknown> {
    const opened = await contextOf().sealer.open('client_id', clientId, RegistrationSchema)
    return opened.ok ? opened.value : opened.failure
  }

  test('an ordinary registration stays below 1 KB, with its name', async () => {
    const clientId = await registered(
      [LOOPBACK, 'http://127.0.0.1:3334/oauth/callback'],
      'n'.repeat(64),
    )
    expect(clientId.length).toBeLessThanOrEqual(1024)
    expect(await registration(clientId)).toMatchObject({ name: 'n'.repeat(64) })
  })

  test('above it the name goes first', async () => {
    const clientId = await registered([pathOf(560)], 'n'.repeat(64))
    expect(clientId.length).toBeLessThanOrEqual(1024)
    expect(await registration(clientId)).toEqual({
      redirectUris: [pathOf(560)],
      authMethod: 'none',
      issuedAt: NOW,
    })
  })

  test('at the hard limit it is kept, and one character over it there is none', async () => {
    const { sealer } = contextOf()
    const lengths: number[] = []
    for (let length = 700; length < 1005; length += 1) {
      const redirectUris = [pathOf(length), pathOf(400)]
      const clientId = await sealRegistration(sealer, { redirectUris }, NOW)
      if (clientId === undefined) break
      lengths.push(clientId.length)
    }
    expect(lengths.length).toBeLessThan(305)
    expect(Math.max(...lengths)).toBeGreaterThanOrEqual(MAX_CLIENT_ID_BYTES - 1)
    expect(Math.max(...lengths)).toBeLessThanOrEqual(MAX_CLIENT_ID_BYTES)
  })
})
