import { createServer, request as forward, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { describeReport } from '../../src/doctor/describe.ts'
import { serve } from '../../src/platform/node/index.ts'
import {
  type Deployment,
  freePort,
  PERSON,
  type RunPostern,
  startDeployment,
} from '../support/deployment.ts'
import { startOidcDeployment } from '../support/oidc-provider.ts'
import { ScriptedPerson } from '../support/scripted-person.ts'
import { graveCodes, look, verdictFor } from './gallery/examine.ts'
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

interface Kept {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
}

/** Postern behind a proxy that keeps answers under `keyOf`, but for those that `obeyed` is said of. */
function runBehindCache(
  keyOf: (method: string, url: URL) => string | undefined,
  obeyed?: RegExp,
): RunPostern {
  return async (postern, port, runtime) => {
    const inner = await freePort()
    const listen = { host: '127.0.0.1', port: inner }
    const running = await serve({ postern, listen, runtime, drainSeconds: 0.2 })
    const kept = new Map<string, Kept>()
    const cache = createServer((request, response) => {
      const { method = 'GET', url = '/', headers } = request
      const address = new URL(url, `http://127.0.0.1:${inner}`)
      const key = keyOf(method, address)
      const answerWith = ({ status, headers: all, body }: Kept): void =>
        void response.writeHead(status, all).end(body)
      const before = key === undefined ? undefined : kept.get(key)
      if (before !== undefined) return answerWith(before)
      const upstream = forward(address, { method, headers }, (answer) => {
        buffer(answer).then(
          (body) => {
            const { 'transfer-encoding': _, ...rest } = answer.headers
            const fresh = { status: answer.statusCode ?? 502, headers: rest, body }
            const isKept = obeyed?.test(answer.headers['cache-control'] ?? 'no-store') !== true
            if (key !== undefined && isKept) kept.set(key, fresh)
            answerWith(fresh)
          },
          () => response.destroy(),
        )
      })
      upstream.on('error', () => response.destroy())
      request.pipe(upstream)
    })
    await new Promise<void>((resolve) => cache.listen(port, '127.0.0.1', resolve))
    return {
      close: async () => {
        cache.closeAllConnections()
        cache.close()
        await running.close()
      },
    }
  }
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

  test('a scope that the client at the identity provider may not have', async () => {
    const { deployment: another, close } = await startOidcDeployment({
      clientScope: 'openid email',
      identityProvider: { scopes: ['email', 'offline_access'] },
    })
    const { first } = await readFirst(another.mcpUrl)
    await close()
    expect(first).toContain('D07-scope-refused-upstream')
    expect(first).toContain(
      'answers invalid_scope: client postern is sent there for openid email offline_access, and it names offline_access',
    )
    expect(first).toContain('identityProvider.scopes')
  })

  test.each<[string, (method: string, url: URL) => string | undefined, string]>([
    ['everything, whatever the query', (method, url) => method + url.pathname, 'D19-replayed'],
    ['everything', (method, url) => method + url.href, 'D19-replayed'],
    [
      'whatever is asked with GET, whatever the query',
      (method, url) => (method === 'GET' ? url.pathname : undefined),
      'D19-replayed',
    ],
    [
      'token responses',
      (_method, url) => (url.pathname === '/token' ? url.href : undefined),
      'D19-replayed',
    ],
    [
      'whatever is asked with GET',
      (method, url) => (method === 'GET' ? url.href : undefined),
      'D19-challenge-replayed',
    ],
  ])('a proxy in front that keeps %s', async (_name, keyOf, code) => {
    const another = await startDeployment({}, {}, runBehindCache(keyOf))
    const { first, report } = await readFirst(another.mcpUrl)
    await another.close()
    expect(first).toContain(code)
    expect(first).toContain('it must obey Cache-Control: no-store')
    expect(first).toContain('empty its cache')
    expect(verdictFor(report).verdict).toBe(code === 'D19-replayed' ? 'fails' : 'connects')
  })

  test('a proxy in front that would keep a person’s tokens: nobody is asked to sign in', async () => {
    const another = await startDeployment(
      {},
      {},
      runBehindCache((_method, url) => url.href),
    )
    const visited: string[] = []
    const visit = (url: string): Promise<boolean> => Promise.resolve(visited.push(url) > 0)
    const { report } = await readFirst(another.mcpUrl, { login: true, visit, waitSeconds: 1 })
    await another.close()
    expect(visited).toEqual([])
    expect(report.login).toEqual([expect.stringContaining('Not tried')])
  })

  test('a proxy in front that obeys is none of these, also with answers in it', async () => {
    const another = await startDeployment(
      {},
      {},
      runBehindCache((method, url) => method + url.href, /no-store/),
    )
    await readFirst(another.mcpUrl)
    const { report } = await readFirst(another.mcpUrl)
    await another.close()
    expect(graveCodes(report)).toEqual([])
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
