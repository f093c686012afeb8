import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { LambdaFunction, Resource, Topology } from '../../src/aws/topology.ts'
import { openCell, SUBJECT, type Cell } from '../e2e/aws/cell.ts'
import { topologyOf } from '../e2e/aws/topologies.ts'
import { closeChromium } from '../support/chromium.ts'
import { credentialsOf } from '../twins/aws-apis/credentials.ts'
import { createLambda, type Lambda } from '../twins/lambda/lambda.ts'
import { bundlePython } from './python.ts'

const here = (path: string): string => new URL(path, import.meta.url).pathname
const EXAMPLE = here('../../examples/fastmcp')

let assetPath: string
beforeAll(async () => {
  const modules = [here('recipe_server.py'), `${EXAMPLE}/server.py`]
  assetPath = await bundlePython(`${EXAMPLE}/requirements.txt`, modules)
}, 300_000)

const FUNCTION: LambdaFunction = {
  kind: 'function',
  name: 'notes',
  code: 'asset:fastmcp',
  handler: 'server.handler',
  runtime: 'python3.13',
  architecture: 'arm64',
  memoryMb: 512,
  timeoutSeconds: 29,
  environment: {},
  role: 'authorizer',
  network: { subnets: ['private0', 'private1'], securityGroups: ['functions'] },
  logGroup: null,
}

describe('the recipe’s server, as API Gateway calls it', () => {
  let lambda: Lambda
  afterEach(() => lambda.close())

  const start = async (...cures: string[]): Promise<void> => {
    const environment = { CURES: cures.join(' ') }
    const fn = { ...FUNCTION, handler: 'recipe_server.handler', environment }
    const credentials = credentialsOf('arn:aws:iam::111122223333:role/recipe')
    lambda = await createLambda(fn, { assetPath, network: 'none', credentials })
  }
  const post = async (message: object): Promise<number> => {
    const result = await lambda.invoke(eventOf(message)).catch(() => ({ statusCode: 500 }))
    return (result as { statusCode: number }).statusCode
  }

  test('1. the host check refuses the API’s own host name', async () => {
    await start()
    expect(await post(INITIALIZE)).toBe(421)
  })

  test('2. a session does not outlive its invocation', async () => {
    await start('no-host-check', 'run-twice')
    expect(await post(INITIALIZE)).toBe(200)
    expect(await post(INITIALIZED)).toBe(400)
  })

  test('3. the session manager does not run twice: a warm invocation fails', async () => {
    await start('no-host-check', 'stateless')
    expect(await post(INITIALIZE)).toBe(200)
    expect(await post(INITIALIZED)).toBe(500)
  })
})

describe('examples/fastmcp, behind Postern', () => {
  let cell: Cell
  afterEach(() => cell.close())
  afterAll(closeChromium)

  test('serves mcp-remote, its host check on, with verified tokens, cold and warm', async () => {
    cell = await openCell(withFastMcp(topologyOf('cdk', 'broker-existing')), {
      assetPathOf: (fn) => (fn.name === 'notes' ? assetPath : undefined),
    })
    const client = cell.start('0.15')
    await cell.signInWith(client)
    expect(await client.callTool('whoami')).toContain(SUBJECT)
    await cell.deployment.lambdas.get('notes')?.recycle()
    expect(await client.callTool('whoami')).toContain(SUBJECT)
    const { counters } = cell.deployment.lambdas.get('notes') ?? {}
    expect(counters).toMatchObject({ errors: 0, transmitted: 0 })
    expect(counters?.invocations).toBeGreaterThan(counters?.coldStarts ?? 0)
  })

  test('refuses by itself what reaches it past the edge or without a token', async () => {
    cell = await openCell(withFastMcp(topologyOf('cdk', 'broker-existing')), {
      assetPathOf: (fn) => (fn.name === 'notes' ? assetPath : undefined),
    })
    const { tokens } = await cell.signInOverHttp()
    const notes = cell.deployment.lambdas.get('notes')
    const call = async (headers: Record<string, string>): Promise<unknown> =>
      notes?.invoke(eventOf(INITIALIZE, headers))
    const authorization = `Bearer ${tokens.access_token}`
    expect(await call({ authorization })).toMatchObject({ statusCode: 421 })
    const forged = { 'x-mcp-public-host': 'mcp.example.com', 'x-origin-verify': 'guess' }
    expect(await call({ authorization, ...forged })).toMatchObject({ statusCode: 421 })
    const edge = cell.edgeHeaders()
    expect(await call(edge)).toMatchObject({ statusCode: 401 })
    expect(await call({ ...edge, authorization: `${authorization}x` })).toMatchObject({
      statusCode: 401,
    })
    expect(await call({ ...edge, authorization })).toMatchObject({ statusCode: 200 })
  })
})

/** The stack of somebody who has a FastMCP function and wires the construct's keys into it. */
function withFastMcp(topology: Topology): Topology {
  const environment = {
    POSTERN_MCP_URL: 'https://mcp.example.com/mcp',
    POSTERN_PUBLIC_HOST: 'mcp.example.com',
    POSTERN_JWKS: '${keys.keys.jwks}',
    POSTERN_ORIGIN_SECRET_SHA256: '${keys.keys.originSecretSha256}',
    TOKEN_ISSUER: 'https://mcp.example.com',
  }
  const resources = topology.resources.map((resource): Resource => {
    if (resource.kind === 'integration' && resource.name === 'existing')
      return { ...resource, function: 'notes' }
    if (resource.kind === 'permission' && resource.name === 'existing')
      return { ...resource, function: 'notes' }
    return resource
  })
  return { ...topology, resources: [...resources, { ...FUNCTION, environment }] }
}

const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: {
    protocolVersion: '2025-06-18',
    capabilities: {},
    clientInfo: { name: 'test', version: '1' },
  },
}
const INITIALIZED = { jsonrpc: '2.0', method: 'notifications/initialized' }

/** API Gateway guide, payload format 2.0. */
function eventOf(message: object, headers: Record<string, string> = {}): object {
  const domainName = 'abc123.execute-api.eu-central-1.amazonaws.com'
  return {
    version: '2.0',
    routeKey: 'ANY /mcp',
    rawPath: '/mcp',
    rawQueryString: '',
    headers: {
      host: domainName,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    },
    requestContext: {
      domainName,
      http: { method: 'POST', path: '/mcp', protocol: 'HTTP/1.1', sourceIp: '198.51.100.7' },
      requestId: 'request',
      stage: '$default',
    },
    body: JSON.stringify(message),
    isBase64Encoded: false,
  }
}
