import { createServer, request as forward, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { describeReport } from '../../src/doctor/describe.ts'
import { type Deployment, PERSON, startDeployment } from '../support/deployment.ts'
import { ScriptedPerson } from '../support/scripted-person.ts'
import { look, verdictFor } from './gallery/examine.ts'
import { everyMethod } from './gallery/exhibits/exhibit.ts'
import { startServer } from './gallery/server.ts'

let deployment: Deployment
let proxy: Server | undefined
beforeEach(async () => {
  deployment = await startDeployment()
})
afterEach(async () => {
  proxy?.closeAllConnections()
  proxy?.close()
  proxy = undefined
  await deployment.close()
})

/** What a person reads first, as one line. */
async function readFirst(mcpUrl: string, circumstances: Parameters<typeof look>[1] = {}) {
  const report = await look(mcpUrl, circumstances)
  const text = describeReport(report, (_format, word) => word)
  const first = text.split(/\n\n\(\d+\) /)[1] ?? ''
  return { report, first: first.replaceAll(/\s+/g, ' ') }
}

/** In front of Postern; drops the headers named, and asks under the name that Postern knows. */
async function startProxy(dropped: readonly string[]): Promise<string> {
  const { host } = new URL(deployment.issuer)
  const listening = createServer((request, response) => {
    const upstream = forward(
      deployment.issuer + request.url,
      { method: request.method, headers: { ...request.headers, host } },
      (answer) => {
        const headers = Object.entries(answer.headers).filter(([name]) => !dropped.includes(name))
        response.writeHead(answer.statusCode ?? 502, Object.fromEntries(headers))
        answer.pipe(response)
      },
    )
    upstream.on('error', () => response.destroy())
    request.pipe(upstream)
  })
  proxy = listening
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  return `http://localhost:${(listening.address() as AddressInfo).port}/mcp`
}

describe('one setting is wrong, and what doctor says first leads to it', () => {
  const identityProvider = (): {
    issuer: string
    refreshTokens: 'rotating'
    preset: 'cognito'
  } => ({
    issuer: deployment.twin.issuer,
    preset: 'cognito',
    refreshTokens: 'rotating',
  })

  test('a client_id that the identity provider does not know', async () => {
    await deployment.restart({
      identityProvider: { ...identityProvider(), clientId: 'anotherclient' },
    })
    const { first } = await readFirst(deployment.mcpUrl)
    expect(first).toContain('as client anotherclient with redirect_uri')
    expect(first).toContain(`${deployment.issuer}/idp/callback`)
    expect(first).toContain('correct the client that the server is configured with')
  })

  test('an MCP URL under another name than people type', async () => {
    const typed = deployment.mcpUrl.replace('localhost', '127.0.0.1')
    const { report } = await readFirst(typed)
    expect(verdictFor(report)).toMatchObject({
      verdict: 'fails',
      step: 'challenge',
      fix: expect.stringContaining('tell the server its public address') as string,
    })
  })

  test('an MCP URL of another port than people type', async () => {
    const typed = await startProxy([])
    const { report, first } = await readFirst(typed)
    expect(first).toContain('D04-resource-mismatch')
    expect(first).toContain(`resource is ${deployment.mcpUrl}, and the MCP URL ${typed}`)
    expect(verdictFor(report).verdict).toBe('fails')
  })

  test('a proxy in front that drops WWW-Authenticate', async () => {
    const { report } = await readFirst(await startProxy(['www-authenticate']))
    const lost = report.findings.find(({ code }) => code === 'D05-challenge-lost')
    expect(lost?.fix).toContain('let no gateway drop it')
  })

  test('a proxy in front that cuts the path off', async () => {
    const server = await startServer(everyMethod({ status: 404 }))
    const { first } = await readFirst(server.mcpUrl)
    await server.close()
    expect(first).toContain('D05-not-found')
    expect(first).toContain('let a proxy in front pass the path on as it is')
  })

  test('an MCP server that is not there, seen by signing in', async () => {
    await deployment.restart({
      resources: [{ url: deployment.mcpUrl, upstream: 'http://127.0.0.1:9/mcp' }],
    })
    const { first } = await readFirst(deployment.mcpUrl, {
      login: true,
      visit: async (url) => (await new ScriptedPerson(PERSON).signInAndReturn(url)).status < 400,
    })
    expect(first).toContain('D09-server-fails')
    expect(first).toContain('Look at the log of the MCP server')
  })

  test('an identity provider that is down', async () => {
    await deployment.twin.close()
    await deployment.restart()
    const { issuer } = deployment.twin
    const { first, report } = await readFirst(deployment.mcpUrl, { identityProvider: issuer })
    expect(first).toContain('most often for its identity provider')
    expect(report.findings.map(({ code }) => code)).toContain('D20-idp-unreachable')
  })
})
