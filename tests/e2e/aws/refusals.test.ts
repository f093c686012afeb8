import { exportJWK, generateKeyPair, SignJWT, decodeJwt, decodeProtectedHeader } from 'jose'
import { afterEach, describe, expect, test } from 'vitest'
import { ofKind } from '../../../src/aws/topology.ts'
import { createCloudFront } from '../../twins/cloudfront/cloudfront.ts'
import type { Host, HttpResponse } from '../../twins/http.ts'
import { createHttpApi } from '../../twins/http-api/http-api.ts'
import { pathSpellings } from '../../twins/path-spellings.ts'
import { DEFAULT_SWITCHES, type Switches } from '../../twins/switches.ts'
import { openCell, type Cell } from './cell.ts'
import { signInAtPool, withNeighbour } from './pool-tokens.ts'
import { topologyOf } from './topologies.ts'

let cell: Cell
afterEach(() => cell.close())

const INITIALIZE = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'test', version: '1' },
  },
})

/** How paths are compared is documented in part only: each other reading of edge and API. */
const PATH_READINGS: Partial<Switches>[] = [
  {},
  { edgePathMatching: 'as-sent' },
  { edgePathMatching: 'slashes-and-dots' },
  { apiPathMatching: 'as-sent' },
  { apiPathMatching: 'normalized' },
  { apiTrailingSlash: 'ignored' },
]

/** The deployment's own functions behind an edge and an API that read paths in another way. */
function edgeThatReads({ deployment, clock }: Cell, changes: Partial<Switches>): Host {
  const { resolved, lambdas } = deployment
  const internet = new Map(deployment.internet)
  const switches = { ...DEFAULT_SWITCHES, ...changes }
  const [api] = ofKind(resolved, 'api')
  const [distribution] = ofKind(resolved, 'distribution')
  if (api === undefined || distribution === undefined) throw new TypeError('nothing to read paths')
  const invoke = async (name: string, event: unknown): Promise<unknown> =>
    lambdas.get(name)?.invoke(event)
  const id = cell.identifier(`api.${api.name}.id`)
  internet.set(
    cell.identifier(`api.${api.name}.domain`),
    createHttpApi(api, resolved, { invoke, internet, now: clock.now, switches, id }),
  )
  return createCloudFront(distribution, resolved, { internet, now: clock.now, switches })
}

/** One request, byte for byte, to a host of the deployment. */
function send(
  to: string | Host,
  target: string,
  { method = 'POST', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<HttpResponse> {
  const host = typeof to === 'string' ? to : 'mcp.example.com'
  const answer = typeof to === 'string' ? cell.deployment.internet.get(to) : to
  if (answer === undefined) throw new TypeError(`nobody is ${host}`)
  const hasBody = method === 'POST'
  return answer({
    method,
    target,
    headers: [
      ['host', host],
      ['accept', 'application/json, text/event-stream'],
      ...(hasBody ? ([['content-type', 'application/json']] as [string, string][]) : []),
      ...Object.entries(headers),
    ],
    body: hasBody ? Buffer.from(INITIALIZE) : new Uint8Array(),
    clientAddress: '198.51.100.7',
  })
}

const textOf = ({ body }: HttpResponse): string => Buffer.from(body).toString()
const bearer = (token: string): { headers: Record<string, string> } => ({
  headers: { authorization: `Bearer ${token}` },
})

/** Whether any MCP server was handed a request, whatever it answered. */
function reachedMcp(): boolean {
  const notes = cell.deployment.lambdas.get('notes')
  return cell.logs.includes('gate.admitted') || (notes?.counters.invocations ?? 0) > 0
}

describe.each([
  'relay-public',
  'relay-both',
  'relay-existing',
  'broker',
  'broker-existing',
] as const)('%s', (variant) => {
  const open = async (): Promise<void> => {
    cell = await openCell(topologyOf('cdk', variant))
  }

  test('no spelling of the path leads in without a token, however AWS reads paths', async () => {
    await open()
    const spellings = pathSpellings('/mcp')
    expect(spellings.length).toBeGreaterThanOrEqual(50)
    for (const switches of PATH_READINGS) {
      const edge = edgeThatReads(cell, switches)
      for (const { target } of spellings)
        for (const method of ['GET', 'POST']) {
          const { status } = await send(edge, target, { method })
          expect([switches, target, method, status >= 300]).toEqual([
            switches,
            target,
            method,
            true,
          ])
        }
    }
    expect(reachedMcp()).toBe(false)
    expect(cell.logs).not.toContain('"type":"fault"')
  }, 90_000)

  test('a forged authorizer context is nothing but headers', async () => {
    await open()
    const claims = {
      sub: 'root',
      scope: 'https://mcp.example.com/mcp/tools',
      token_use: 'access',
    }
    const context = JSON.stringify({ authorizer: { jwt: { claims }, lambda: claims } })
    for (const name of [
      'x-amzn-request-context',
      'x-amzn-lambda-context',
      'x-apigateway-event',
      'x-apigateway-context',
      'requestcontext',
      'x-forwarded-user',
      'x-postern-identity',
    ]) {
      const { status } = await send('mcp.example.com', '/mcp', { headers: { [name]: context } })
      expect([name, status]).toEqual([name, 401])
    }
    expect(reachedMcp()).toBe(false)
  })

  test('forged host and origin headers change nothing at the edge', async () => {
    await open()
    const before = await send('mcp.example.com', '/.well-known/oauth-protected-resource/mcp', {
      method: 'GET',
    })
    const forged = await send('mcp.example.com', '/.well-known/oauth-protected-resource/mcp', {
      method: 'GET',
      headers: {
        'x-mcp-public-host': 'evil.example',
        'x-origin-verify': 'guess',
        'x-forwarded-host': 'evil.example',
      },
    })
    expect([before.status, forged.status]).toEqual([200, 200])
    expect(textOf(forged)).toBe(textOf(before))
    const foreign = await send('mcp.example.com', '/mcp', {
      headers: { origin: 'https://evil.example' },
    })
    expect([401, 403]).toContain(foreign.status)
    expect(reachedMcp()).toBe(false)
  })

  test('nobody receives a client secret', async () => {
    await open()
    const redirect_uris = ['https://claude.ai/api/mcp/auth_callback']
    const registered = await cell.deployment.fetch(`${cell.deployment.origin}/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ redirect_uris, token_endpoint_auth_method: 'client_secret_post' }),
    })
    expect(registered.status).toBe(201)
    const client = (await registered.json()) as Record<string, unknown>
    expect(client).toMatchObject({ token_endpoint_auth_method: 'none' })
    expect(client).not.toHaveProperty('client_secret')
  })
})

// Not relay-existing: there API Gateway's JWT authorizer alone guards a function of another make, and
// a good token opens it on the API's own host as well (docs/deploy-aws.md says so).
test.each(['relay-public', 'relay-both', 'broker', 'broker-existing'] as const)(
  '%s: the API’s own host leads to nothing, with whatever headers and a good token',
  async (variant) => {
    cell = await openCell(topologyOf('cdk', variant))
    const { tokens } = await cell.signInOverHttp()
    const direct = cell.identifier('api.api.domain')
    const forgeries: Record<string, string>[] = [
      {},
      { 'x-mcp-public-host': 'mcp.example.com' },
      { 'x-mcp-public-host': 'mcp.example.com', 'x-origin-verify': 'guess' },
      { 'x-mcp-public-host': 'mcp.example.com', 'x-origin-verify': '' },
      { 'x-forwarded-host': 'mcp.example.com', forwarded: 'host=mcp.example.com' },
    ]
    for (const forged of forgeries)
      for (const target of ['/mcp', '/mcp/', '//mcp', '/authorize', '/register', '/anything']) {
        const headers = { ...forged, authorization: `Bearer ${tokens.access_token}` }
        const { status } = await send(direct, target, { headers })
        expect([target, [401, 403, 404].includes(status)]).toEqual([target, true])
      }
    expect(reachedMcp()).toBe(false)
  },
  30_000,
)

describe.each(['relay-public', 'relay-both', 'broker'] as const)('%s', (variant) => {
  test('only its own access tokens lead in', async () => {
    cell = await openCell(withNeighbour(topologyOf('cdk', variant)))
    const { mcpUrl } = cell.deployment
    const isRelay = variant !== 'broker'
    const scope = isRelay ? `openid email ${mcpUrl}/tools` : 'openid email'
    const own = await signInAtPool(cell, 'client', scope, isRelay ? mcpUrl : undefined)
    const other = await signInAtPool(cell, 'other', scope)
    const bound = await signInAtPool(cell, 'other', scope, isRelay ? mcpUrl : undefined)
    const { tokens } = await cell.signInOverHttp()
    const good = tokens.access_token

    const statuses = async (token: string): Promise<number> =>
      (await send('mcp.example.com', '/mcp', bearer(token))).status
    expect(await statuses(good)).toBe(200)
    const admitted = cell.logs.split('gate.admitted').length

    const { kid, alg } = decodeProtectedHeader(good)
    const claims = decodeJwt(good)
    const { privateKey, publicKey } = await generateKeyPair(alg ?? 'RS256')
    const selfSigned = await new SignJWT(claims)
      .setProtectedHeader({ alg: alg ?? 'RS256', kid: kid ?? '', jwk: await exportJWK(publicKey) })
      .sign(privateKey)
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${good.split('.')[1]}.`
    const refused: Record<string, string> = {
      'an ID token': own.id_token ?? '',
      'a token of another client': other.access_token,
      'a token of another client, bound to this resource': bound.access_token,
      'an ID token of another client': other.id_token ?? '',
      'a token signed by somebody else': selfSigned,
      'an unsigned token': none,
      'a token with other claims': `${good.split('.')[0]}.${Buffer.from(
        JSON.stringify({ ...claims, sub: 'root' }),
      ).toString('base64url')}.${good.split('.')[2]}`,
      ...(isRelay ? {} : { 'the identity provider’s own token': own.access_token }),
    }
    for (const [what, token] of Object.entries(refused)) {
      expect([what, token.split('.').length]).toEqual([what, 3])
      // 403: API Gateway's authorizer misses the scopes.
      expect([what, [401, 403].includes(await statuses(token))]).toEqual([what, true])
    }
    expect(cell.logs.split('gate.admitted').length).toBe(admitted)
  }, 40_000)

  test('tokens of another pool do not lead in', async () => {
    const foreign = await openCell(withNeighbour(topologyOf('cdk', 'relay-public')))
    const token = await signInAtPool(
      foreign,
      'client',
      'https://mcp.example.com/mcp/tools',
      foreign.deployment.mcpUrl,
    )
    await foreign.close()
    cell = await openCell(topologyOf('cdk', variant))
    expect((await send('mcp.example.com', '/mcp', bearer(token.access_token))).status).toBe(401)
  }, 40_000)
})
