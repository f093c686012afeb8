import { describe, expect, test } from 'vitest'
import { createFacadeHandler } from '../../../src/platform/aws-lambda/facade.ts'
import { createTokenHandler } from '../../../src/platform/aws-lambda/token.ts'
import {
  CLIENT_ID,
  createRelayWorld,
  obtainRelayTokens,
  pinnedKeys,
  TOOLS,
} from '../../relay/relay-world.ts'
import { register } from '../../support/dance.ts'
import { IDP_ORIGIN, ISSUER, MCP_URL } from '../../support/world.ts'
import { BRANDING, doorOf, pageAt, VARIABLES } from './lambda-world.ts'

async function start(changes: Record<string, string> = {}) {
  const world = await createRelayWorld()
  const variables = {
    ...VARIABLES,
    POSTERN_MODE: 'relay',
    POSTERN_NAME: 'Notes',
    POSTERN_SCOPES: TOOLS,
    POSTERN_ACCESS: '"anyoneTheIdpAdmits"',
    POSTERN_IDP_ISSUER: world.options.identityProvider.issuer,
    POSTERN_IDP_CLIENT_ID: CLIENT_ID,
    POSTERN_IDP_DOMAIN: IDP_ORIGIN,
    POSTERN_REDIRECT_URIS: world.options.redirectUris.join(' '),
    POSTERN_JWKS: JSON.stringify(await pinnedKeys(world.twin)),
    POSTERN_TOKEN_PATH: 'function',
    ...changes,
  }
  const own = { variables, now: world.clock.now, emit: () => {} }
  const facade = doorOf(
    createFacadeHandler({ ...own, fetch: () => Promise.reject(new Error('calls nobody')) }),
  )
  const forms: URLSearchParams[] = []
  const token = doorOf(
    createTokenHandler({
      ...own,
      fetch: async (input, init) => {
        const request = new Request(input, init)
        forms.push(new URLSearchParams(await request.clone().text()))
        return world.twin.fetch(request)
      },
    }),
  )
  world.postern = {
    fetch: (request) =>
      (/^\/(?:token|revoke)$/.test(new URL(request.url).pathname) ? token : facade).fetch(request),
  }
  return { world, facade, token, forms }
}

describe('relay mode in functions, before an MCP server that is guarded elsewhere', () => {
  test('signs a person in; the token function strips `resource`', async () => {
    const { world, forms } = await start()
    const tokens = await obtainRelayTokens(world)
    expect(tokens.access_token).toMatch(/^eyJ/)
    expect(forms.map((form) => form.has('resource'))).toEqual([false])
    expect(forms[0]!.get('client_id')).toBe(CLIENT_ID)
  })

  test('describes the resource as its variables do', async () => {
    const { facade } = await start()
    const read = async (path: string): Promise<unknown> =>
      (await facade.fetch(new Request(ISSUER + path))).json()
    expect(await read('/.well-known/oauth-protected-resource/mcp')).toMatchObject({
      resource: MCP_URL,
      resource_name: 'Notes',
      scopes_supported: [TOOLS],
    })
    expect(await read('/.well-known/oauth-authorization-server')).toMatchObject({
      issuer: ISSUER,
      token_endpoint: `${ISSUER}/token`,
    })
  })

  test('shows people the brand of its variables', async () => {
    const { facade } = await start({ POSTERN_BRANDING: JSON.stringify(BRANDING) })
    const page = await pageAt(facade, ISSUER)
    for (const part of Object.values(BRANDING)) expect(page).toContain(part)
  })

  test('gives no secret to whoever registers, unless that was said dangerously', async () => {
    const { facade } = await start()
    expect(await register(facade)).toBe(CLIENT_ID)
    const ask = async (door: typeof facade) => {
      const response = await door.fetch(
        new Request(`${ISSUER}/register`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ redirect_uris: ['http://localhost:3334/oauth/callback'] }),
        }),
      )
      return (await response.json()) as Record<string, unknown>
    }
    expect(await ask(facade)).not.toHaveProperty('client_secret')
    const shared = await start({ POSTERN_DANGEROUSLY_SHARED_CLIENT_SECRET: 'shared' })
    expect(await ask(shared.facade)).toMatchObject({ client_secret: 'shared' })
  })

  test('has nothing at the MCP endpoint', async () => {
    const { facade, token } = await start()
    for (const door of [facade, token]) {
      const response = await door.fetch(new Request(MCP_URL, { method: 'POST' }))
      expect(response.status).toBe(404)
    }
  })
})
