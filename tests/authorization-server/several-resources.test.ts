import { decodeJwt } from 'jose'
import { describe, expect, test } from 'vitest'
import type { AccessRule, PosternOptions } from '../../src/config/options.ts'
import {
  authorizeUrl,
  callMcp,
  FetchBrowser,
  obtainTokens,
  pkce,
  post,
  refresh,
  register,
  signIn,
  type SignedIn,
} from '../support/dance.ts'
import { createWorld, ISSUER, UPSTREAM, type World } from '../support/world.ts'

const NOTES = `${ISSUER}/notes`
const FILES = `${ISSUER}/files`
const resources: PosternOptions['resources'] = [
  { url: NOTES, upstream: UPSTREAM, scopes: ['notes'] },
  { url: FILES, upstream: UPSTREAM, scopes: ['files', 'shared'] },
]

async function twoResources(access: PosternOptions['access']): Promise<World> {
  return createWorld({ postern: { resources, access } })
}

describe('RFC 8707: several resources', () => {
  test('a token is for the one that was asked for, and refused by the other', async () => {
    const world = await twoResources('anyoneTheIdpAdmits')
    for (const [own, other, scope] of [
      [NOTES, FILES, 'notes'],
      [FILES, NOTES, 'files shared'],
    ] as const) {
      const tokens = await obtainTokens(world, { resource: own, scope: undefined })
      expect(tokens.scope).toBe(scope)
      expect(decodeJwt(tokens.access_token).aud).toBe(own)
      const call = async (url: string): Promise<number> =>
        (await callMcp(world.postern, tokens.access_token, { url })).status
      expect([await call(own), await call(other)]).toEqual([200, 401])
    }
  })

  test('a refresh stays with its resource', async () => {
    const world = await twoResources('anyoneTheIdpAdmits')
    const tokens = await obtainTokens(world, { resource: NOTES })
    const swapped = await refresh(world.postern, tokens, { resource: FILES })
    expect(await swapped.json()).toMatchObject({ error: 'invalid_target' })
    const again = (await (await refresh(world.postern, tokens)).json()) as SignedIn
    expect(decodeJwt(again.access_token).aud).toBe(NOTES)
  })

  test('scopes of one resource are unknown to the other', async () => {
    const world = await twoResources('anyoneTheIdpAdmits')
    const tokens = await obtainTokens(world, { resource: FILES, scope: 'notes shared' })
    expect(tokens.scope).toBe('shared')
  })

  test('a resource that is no longer served ends its grants', async () => {
    const world = await twoResources('anyoneTheIdpAdmits')
    const tokens = await obtainTokens(world, { resource: FILES })
    const answer = await refresh(world.replica({ resources: resources.slice(0, 1) }), tokens)
    expect(await answer.json()).toMatchObject({ error: 'invalid_grant' })
  })
})

describe('granted scope = requested ∩ resource’s ∩ what access gives', () => {
  const onlyNotes: AccessRule[] = [{ groups: ['staff'], scopes: ['notes'] }]

  async function redeem(world: World, changes: Record<string, string>): Promise<Response> {
    const clientId = await register(world.postern)
    const { verifier, challenge } = pkce()
    const url = authorizeUrl(clientId, challenge, changes)
    const target = await signIn(new FetchBrowser(world), url)
    return post(world.postern, '/token', {
      grant_type: 'authorization_code',
      client_id: clientId,
      code: target.searchParams.get('code') ?? '',
      code_verifier: verifier,
    })
  }

  test('nothing left of it is access_denied: no token without any scope', async () => {
    const world = await twoResources(onlyNotes)
    expect((await redeem(world, { resource: NOTES })).status).toBe(200)
    const refused = await redeem(world, { resource: FILES })
    expect(refused.status).toBe(400)
    expect(await refused.json()).toMatchObject({ error: 'access_denied' })
  })

  test('nothing left of it at a refresh is invalid_grant', async () => {
    const world = await twoResources('anyoneTheIdpAdmits')
    const tokens = await obtainTokens(world, { resource: FILES })
    const refused = await refresh(world.replica({ access: onlyNotes }), tokens)
    expect(refused.status).toBe(400)
    expect(await refused.json()).toMatchObject({ error: 'invalid_grant' })
  })

  test('a resource without scopes is for those who are given everything', async () => {
    const bare = [{ url: FILES, upstream: UPSTREAM, scopes: [] }, ...resources.slice(0, 1)]
    const limited = await createWorld({ postern: { resources: bare, access: onlyNotes } })
    expect((await redeem(limited, { resource: FILES })).status).toBe(400)
    const world = await createWorld({ postern: { resources: bare } })
    const tokens = await obtainTokens(world, { resource: FILES })
    expect(tokens.scope).toBe('')
    const call = await callMcp(world.postern, tokens.access_token, { url: FILES })
    expect(call.status).toBe(200)
  })
})
