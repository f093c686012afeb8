import { decodeJwt, decodeProtectedHeader } from 'jose'
import { expect, test } from 'vitest'
import { callMcp, obtainTokens, refresh, type Tokens } from '../support/dance.ts'
import { createWorld, ISSUER, MCP_URL } from '../support/world.ts'

test('a person signs in, the client calls the MCP server, refreshes, and calls again', async () => {
  const world = await createWorld()
  const tokens = await obtainTokens(world)

  expect(tokens).toMatchObject({ token_type: 'Bearer', expires_in: 900, scope: 'mcp' })
  expect(decodeProtectedHeader(tokens.access_token)).toMatchObject({ typ: 'at+jwt', alg: 'EdDSA' })
  expect(decodeJwt(tokens.access_token)).toMatchObject({
    iss: ISSUER,
    aud: MCP_URL,
    idp: world.twin.issuer,
    email: 'ada@example.test',
  })
  expect((await callMcp(world.postern, tokens.access_token)).status).toBe(200)
  expect(world.forwarded).toHaveLength(1)

  world.clock.advance(901)
  expect((await callMcp(world.postern, tokens.access_token)).status).toBe(401)
  const refreshed = await refresh(world.postern, tokens)
  expect(refreshed.status).toBe(200)
  const next = (await refreshed.json()) as Tokens
  expect(next.refresh_token).not.toBe(tokens.refresh_token)
  expect((await callMcp(world.postern, next.access_token)).status).toBe(200)
  expect(world.events.filter((event) => event.type === 'fault')).toEqual([])
})
