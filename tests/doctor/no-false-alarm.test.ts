import { type ChildProcess, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import type { Ports } from '../../src/doctor/ports.ts'
import { createRelayWorld } from '../relay/relay-world.ts'
import { closeChromium, newPerson } from '../support/chromium.ts'
import { freePort, PERSON, startDeployment } from '../support/deployment.ts'
import { startOidcDeployment } from '../support/oidc-provider.ts'
import { ScriptedPerson } from '../support/scripted-person.ts'
import { signIn } from '../support/person.ts'
import { IDP_ORIGIN, MCP_URL, USER } from '../support/world.ts'
import { graveCodes, look, verdictFor } from './gallery/examine.ts'
import { runMcpRemote } from './gallery/mcp-remote-run.ts'

afterAll(closeChromium)

test('nothing is found at Postern, and everybody who can reach it connects', async () => {
  const deployment = await startDeployment()
  const visit = async (url: string): Promise<boolean> =>
    (await new ScriptedPerson(PERSON).signInAndReturn(url)).status < 400
  try {
    const report = await look(deployment.mcpUrl, { login: true, visit })
    const run = await runMcpRemote(deployment.mcpUrl, { visit })
    expect(graveCodes(report)).toEqual([])
    expect(report.login).toEqual([
      expect.stringMatching(/^The access token: iss http:.*; 900 s; a refresh token\.$/),
      expect.stringMatching(/^tools\/list names \d tools\.$/),
      'Refresh 1 gave a token.',
      'Refresh 2 gave a token.',
      'The tokens were revoked.',
    ])
    expect(run.how).toBe('tools listed')
    expect(report.clients.filter(({ verdict }) => verdict === 'fails')).toEqual([
      expect.objectContaining({ client: 'claude', code: 'D15-not-public' }),
      expect.objectContaining({ client: 'chatgpt', code: 'D15-not-public' }),
      expect.objectContaining({ client: 'inspector-web', code: 'D18-no-cors-at-resource' }),
    ])
  } finally {
    await deployment.close()
  }
})

test('nothing is found at Postern before oidc-provider, signed in through a real browser', async () => {
  const { deployment, provider, close } = await startOidcDeployment()
  const person = await newPerson()
  const visit = async (url: string): Promise<boolean> => {
    await signIn(person, url, PERSON)
    return true
  }
  try {
    const report = await look(deployment.mcpUrl, {
      login: true,
      visit,
      identityProvider: provider.issuer,
    })
    expect(graveCodes(report)).toEqual([])
    expect(report.login).toContain('Refresh 2 gave a token.')
  } finally {
    await Promise.all([person.close(), close()])
  }
})

test('nothing is found at a relay, and the clients that it was made for sign in', async () => {
  const { postern, twin } = await createRelayWorld()
  const inProcess: typeof fetch = async (url, init) => {
    const request = new Request(url, init)
    return (request.url.startsWith(IDP_ORIGIN) ? twin : postern).fetch(request)
  }
  const ports: Partial<Ports> = {
    resolve: () => Promise.resolve(['93.184.216.34']),
    fetch: inProcess,
  }
  const person = new ScriptedPerson(USER, inProcess)
  const report = await look(MCP_URL, {
    ports,
    mcpRemotePort: 3334,
    login: true,
    visit: async (url) => (await person.signInAndReturn(url)).status < 400,
  })
  expect(graveCodes(report)).toEqual([])
  expect(report.login).toContain('Refresh 2 gave a token.')
  for (const client of ['mcp-remote', 'mcp-remote-0.8', 'claude'])
    expect(verdictFor(report, client)).toMatchObject({ verdict: 'connects' })
})

let demo: ChildProcess | undefined
afterEach(() => {
  demo?.kill()
})

/** The official SDK's example, with its own authorization server on a second port. */
async function startDemo(): Promise<string> {
  const [port, authorizationPort] = [await freePort(), await freePort()]
  const sdk = dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/sdk/client'))
  demo = spawn(
    process.execPath,
    [join(sdk, '../examples/server/simpleStreamableHttp.js'), '--oauth'],
    {
      env: { ...process.env, MCP_PORT: String(port), MCP_AUTH_PORT: String(authorizationPort) },
      stdio: 'ignore',
    },
  )
  for (const each of [port, authorizationPort])
    await expect
      .poll(() =>
        fetch(`http://localhost:${each}/`).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true)
  return `http://localhost:${port}/mcp`
}

test('only what is so is found at the demo server of the MCP SDK, and mcp-remote connects', async () => {
  const mcpUrl = await startDemo()
  const report = await look(mcpUrl, { login: true })
  const run = await runMcpRemote(mcpUrl)
  expect(graveCodes(report)).toEqual(['D06-port-fixed', 'D10-no-refresh-token', 'D05-bad-token'])
  expect(verdictFor(report).verdict).toBe('connects')
  expect(run.how).toBe('tools listed')
  // Its demo provider issues no refresh tokens; the others anybody can see.
  expect(await answerBadToken(mcpUrl)).toBe(500)
  expect(await authorizeAtOtherPort(mcpUrl)).toMatch(/error=invalid_request/)
})

async function answerBadToken(mcpUrl: string): Promise<number> {
  const response = await fetch(mcpUrl, {
    method: 'POST',
    headers: { authorization: 'Bearer expired', 'content-type': 'application/json' },
    body: '{}',
  })
  return response.status
}

async function authorizeAtOtherPort(mcpUrl: string): Promise<string | null> {
  const { origin } = new URL(mcpUrl)
  const metadata = await fetch(`${origin}/.well-known/oauth-protected-resource/mcp`)
  const resource = (await metadata.json()) as { authorization_servers: string[] }
  const issuer = resource.authorization_servers[0]
  const registered = await fetch(new URL('/register', issuer), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      redirect_uris: ['http://localhost:3334/callback'],
      token_endpoint_auth_method: 'none',
    }),
  })
  const { client_id: clientId } = (await registered.json()) as { client_id: string }
  const url = new URL('/authorize', issuer)
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: 'http://localhost:3335/callback',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
  }).toString()
  return (await fetch(url, { redirect: 'manual' })).headers.get('location')
}
