import assert from 'node:assert/strict'
import { callbackUrls } from '../../../../../src/aws/callback-urls.ts'
import { authorizeUrl, pkce } from '../../../../support/dance.ts'
import { ScriptedPerson } from '../../../../support/scripted-person.ts'
import { ISSUER } from '../../../../support/world.ts'
import { PERSON, SUBJECT } from '../../cell.ts'
import { header, type World } from '../world.ts'
import { bearer, CALL, MCP_HEADERS, type Probe } from './probe.ts'

/** How people and their clients get in. */
export const SIGN_IN_PROBES: readonly Probe[] = [
  {
    name: 'metadata is served on the own origin',
    check: async (world) => {
      const { origin, mcpUrl } = world
      const resource = await readJson(world, '/.well-known/oauth-protected-resource/mcp')
      assert.equal(resource['resource'], mcpUrl)
      assert.deepEqual(resource['authorization_servers'], [origin])
      const server = await readJson(world, '/.well-known/oauth-authorization-server')
      assert.equal(server['issuer'], origin)
      for (const name of ['authorize', 'token', 'registration', 'revocation']) {
        const member = `${name === 'authorize' ? 'authorization' : name}_endpoint`
        const path = { registration: 'register', revocation: 'revoke' }[name] ?? name
        assert.equal(server[member], `${origin}/${path}`)
      }
    },
  },
  {
    name: 'without a token: 401 with the challenge, with GET, HEAD, POST and DELETE, at /mcp and /mcp/',
    check: async (world) => {
      for (const target of ['/mcp', '/mcp/'])
        for (const method of ['GET', 'HEAD', 'POST', 'DELETE']) {
          const body = method === 'POST' ? CALL : ''
          const response = await world.atEdge(target, { method, headers: MCP_HEADERS, body })
          assert.equal(response.status, 401, `${method} ${target}`)
          assertChallenge(world, header(response, 'www-authenticate'))
        }
    },
  },
  {
    name: 'a token that is not good: refused with the challenge; one that has expired: with 401',
    check: async (world) => {
      const now = world.cell.clock.seconds
      for (const target of ['/mcp', '/mcp/']) {
        const forged = await call(world, target, unsigned({ exp: now + 600 }))
        // API Gateway has no 401 for what an authorizer in Lambda refuses.
        assert(forged.status >= 400)
        assertChallenge(world, header(forged, 'www-authenticate'))
        const expired = await call(world, target, unsigned({ exp: now - 600 }))
        assert.equal(expired.status, 401)
        assertChallenge(world, header(expired, 'www-authenticate'))
      }
    },
  },
  {
    name: 'a person signs in',
    check: async (world) => {
      await world.signIn()
    },
  },
  {
    name: 'a tool call returns the caller, at /mcp and /mcp/',
    check: async (world) => {
      for (const target of ['/mcp', '/mcp/']) {
        const response = await call(world, target, world.client.tokens.access_token)
        assert.equal(response.status, 200)
        assert.match(response.body.toString(), new RegExp(SUBJECT))
      }
    },
  },
  {
    name: 'each callback URL of mcp-remote and Claude leads to the login page',
    check: async (world) => {
      if (world.promises.mode === 'broker') return
      for (const redirectUri of callbackUrls({ url: world.mcpUrl })) {
        const parameters = { resource: world.mcpUrl, redirect_uri: redirectUri }
        const url = authorizeUrl(world.client.clientId, pkce().challenge, parameters)
        await assertLoginPage(world, url.replace(ISSUER, world.origin))
      }
    },
  },
  {
    name: 'people who have no account are not told so',
    check: async (world) => {
      const unknown = await alertFor(world, 'nobody@example.com')
      const known = await alertFor(world, PERSON.username)
      assert.notEqual(known, undefined)
      assert.equal(unknown, known)
    },
  },
]

async function readJson(world: World, path: string): Promise<Record<string, unknown>> {
  const response = await world.atEdge(path, { method: 'GET' })
  assert.equal(response.status, 200, path)
  assert.equal(header(response, 'www-authenticate'), '')
  return JSON.parse(response.body.toString()) as Record<string, unknown>
}

/** RFC 9110 §11.2, RFC 9728 §5.1: each parameter once, and nothing else. */
function assertChallenge({ origin, mcpUrl, promises }: World, challenge: string): void {
  assert.match(challenge, /^Bearer [a-z_]+="[^"]*"(?:, [a-z_]+="[^"]*")*$/)
  const found = [...challenge.matchAll(/([a-z_]+)="([^"]*)"/g)].map(
    ([, name, value]): [string, string] => [name ?? '', value ?? ''],
  )
  const parameters = Object.fromEntries(found)
  assert.equal(found.length, Object.keys(parameters).length)
  const metadata = `${origin}/.well-known/oauth-protected-resource/mcp`
  assert.equal(parameters['resource_metadata'], metadata)
  assert.equal(parameters['scope'], promises.mode === 'relay' ? `${mcpUrl}/tools` : 'mcp')
}

function call(world: World, target: string, token: string): ReturnType<World['atEdge']> {
  return world.atEdge(target, { headers: bearer(token), body: CALL })
}

/** A token by its form. */
function unsigned(claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'RS256', kid: 'none' })}.${part(claims)}.${'A'.repeat(342)}`
}

/** Consents, and follows as far as Cognito's form. */
async function assertLoginPage(world: World, url: string): Promise<void> {
  const stop = new Error('arrived')
  const arrive: typeof fetch = async (input, init) => {
    const response = await world.fetch(input, init)
    const { host, pathname } = new URL(new Request(input, init).url)
    if (host === world.cognitoHost && pathname === '/login' && response.status === 200) throw stop
    return response
  }
  await assert.rejects(new ScriptedPerson(PERSON, arrive).signIn(url), stop)
}

/** What the login page says to somebody with a wrong password. */
async function alertFor(world: World, username: string): Promise<string | undefined> {
  const person = new ScriptedPerson({ username, password: 'wrong' }, world.fetch)
  const url = authorizeUrl(world.client.clientId, pkce().challenge, {
    resource: world.mcpUrl,
    redirect_uri: 'http://localhost:41409/oauth/callback',
  })
  const outcome = await person.signIn(url.replace(ISSUER, world.origin)).catch(String)
  return /role="alert">([^<]*)</.exec(String(outcome))?.[1]
}
