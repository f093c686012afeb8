import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { look } from './gallery/examine.ts'

let server: Server | undefined
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

/** No cache stands before any of these, although they answer many alike. */
async function start(
  authorize: (response: ServerResponse, origin: string) => void,
  token: object = { error: 'invalid_client' },
): Promise<string> {
  let origin = ''
  const listening = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', origin)
    response.setHeader('age', '0')
    response.setHeader('x-cache', 'Miss from cloudfront')
    response.setHeader('cf-cache-status', 'DYNAMIC')
    response.setHeader('set-cookie', 'ARRAffinity=0123456789abcdef0123456789abcdef; Path=/')
    const json = (status: number, body: object): void =>
      void response
        .writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
        .end(JSON.stringify(body))
    if (pathname === '/mcp') {
      response.setHeader('www-authenticate', `Bearer realm="${request.url ?? ''}"`)
      json(401, {})
    } else if (pathname === '/authorize') authorize(response, origin)
    else if (pathname === '/token') json(401, token)
    else if (pathname === '/register')
      json(201, {
        client_id: 'the one',
        client_name: 'Claude',
        redirect_uris: ['https://claude.ai/api/mcp/auth_callback'],
      })
    else if (pathname.startsWith('/.well-known/oauth-authorization-server'))
      json(200, {
        issuer: origin,
        authorization_endpoint: `${origin}/authorize`,
        token_endpoint: `${origin}/token`,
        registration_endpoint: `${origin}/register`,
        response_types_supported: ['code'],
        code_challenge_methods_supported: ['S256'],
      })
    else json(404, {})
  })
  server = listening
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  origin = `http://localhost:${(listening.address() as AddressInfo).port}`
  return `${origin}/mcp`
}

const FORM = '<form method="post"><input type="hidden" name="step" value="1"></form>'

test.each<[string, (response: ServerResponse, origin: string) => void]>([
  ['one page for all, with a load balancer’s cookie', (response) => void response.end(FORM)],
  ['one error page for all', (response) => void response.writeHead(400).end(FORM)],
  [
    'redirects without the state',
    (response, origin) =>
      void response.writeHead(302, { location: `${origin}/login?state=undefined` }).end(),
  ],
])(
  'a server that answers every authorization request with %s is no cache',
  async (_name, answer) => {
    const report = await look(await start(answer))
    expect(report.findings.map(({ code }) => code)).not.toContain('D19-replayed')
    expect(report.findings.map(({ code }) => code)).not.toContain('D19-challenge-replayed')
  },
)
