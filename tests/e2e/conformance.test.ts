import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Check,
  countByStatus,
  runConformance,
  startBearerShim,
  toResultSet,
} from '../support/conformance.ts'
import { type Deployment, freePort, PERSON, startDeployment } from '../support/deployment.ts'
import { type EverythingServer, startEverythingServer } from '../support/everything-server.ts'
import { ScriptedPerson, signInOverHttp } from '../support/scripted-person.ts'

const AUTHORIZATION_URL = /^https?:\/\/\S+[?&]response_type=code\S*$/m

function report(what: string, checks: Check[]): void {
  process.stdout.write(`conformance, ${what}: ${JSON.stringify(countByStatus(checks))}\n`)
}

describe('the authorization leg of the official conformance tool', () => {
  let deployment: Deployment

  beforeAll(async () => {
    deployment = await startDeployment()
  })

  afterAll(async () => {
    await deployment.close()
  })

  async function register(redirectUri: string): Promise<string> {
    const response = await fetch(`${deployment.issuer}/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ redirect_uris: [redirectUri], client_name: 'Conformance' }),
    })
    return ((await response.json()) as { client_id: string }).client_id
  }

  async function run(resource: string[]): Promise<Check[]> {
    const port = await freePort()
    const clientId = await register(`http://127.0.0.1:${port}/callback`)
    let signedIn: Promise<unknown> | undefined
    const args = ['--url', deployment.issuer, '--client-id', clientId, '--port', `${port}`]
    const { checks } = await runConformance(['authorization', ...args, ...resource], (soFar) => {
      const url = AUTHORIZATION_URL.exec(soFar)?.[0]
      if (url !== undefined) signedIn ??= new ScriptedPerson(PERSON).signInAndReturn(url)
    })
    await signedIn
    return checks
  }

  test.each(['with a resource', 'without a resource'] as const)(
    'passes every check %s, and warns of nothing',
    async (how) => {
      const resource = how === 'with a resource' ? ['--resource', deployment.mcpUrl] : []
      const checks = await run(resource)
      report(`authorization, ${how}`, checks)
      expect(toResultSet(checks.filter(({ status }) => status === 'SUCCESS'))).toEqual([
        'authorization-code-grant: authorization-code-grant: SUCCESS',
        'authorization-server-metadata-endpoint: authorization-server-metadata-cimd: SUCCESS',
        'authorization-server-metadata-endpoint: authorization-server-metadata: SUCCESS',
      ])
      expect(checks.filter(({ status }) => status !== 'SUCCESS')).toEqual([])
    },
  )
})

describe('the server leg of the official conformance tool', () => {
  let everything: EverythingServer
  let deployment: Deployment
  let shim: Awaited<ReturnType<typeof startBearerShim>>

  beforeAll(async () => {
    everything = await startEverythingServer()
    shim = await startBearerShim()
    deployment = await startDeployment()
    await deployment.restart({
      resources: [{ url: deployment.mcpUrl, upstream: everything.url }],
      allowedHosts: [new URL(shim.origin).host],
      allowedOrigins: [shim.origin],
    })
    const { tokens } = await signInOverHttp(deployment, new ScriptedPerson(PERSON))
    shim.send(new URL(deployment.mcpUrl), tokens.access_token)
  })

  afterAll(async () => {
    await shim.close()
    await deployment.close()
    await everything.close()
  })

  /**
   * The tool gives a scenario 30 s of real time. One that ran out of it, as seen once on a machine
   * with three times its load, gets a second chance; one that hangs will hang again.
   */
  async function run(url: string, revision: string): Promise<Check[]> {
    const args = ['server', '--url', url, '--requirements', revision]
    const { checks } = await runConformance(args)
    if (!checks.some(({ id }) => id === 'scenario-timeout')) return checks
    return (await runConformance(args)).checks
  }

  test.each([
    { revision: '2025-11-25', passes: 84 },
    { revision: '2026-07-28', passes: 160 },
  ])(
    'gives the same results for $revision through Postern as without it',
    { timeout: 120_000 },
    async ({ revision, passes }) => {
      const direct = await run(everything.url.replace('127.0.0.1', 'localhost'), revision)
      const through = await run(`${shim.origin}/mcp`, revision)
      report(`server, ${revision}, direct`, direct)
      report(`server, ${revision}, through Postern`, through)
      expect(toResultSet(through)).toEqual(toResultSet(direct))
      expect(countByStatus(direct)['SUCCESS']).toBeGreaterThanOrEqual(passes)
      // Of an extension that this MCP server does not have; they count for nothing in the tool.
      const failed = direct.filter(({ status }) => status === 'FAILURE' || status === 'WARNING')
      expect(failed.filter(({ scenario }) => !scenario.startsWith('tasks-'))).toEqual([])
    },
  )
})
