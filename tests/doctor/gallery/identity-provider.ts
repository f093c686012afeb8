import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ABSENT } from './fault.ts'

/** What is wrong with an identity provider. */
export interface IdentityProviderFault {
  document?: Record<string, unknown>
  status?: number
  keys?: unknown
}

export interface IdentityProvider {
  issuer: string
  close: () => Promise<void>
}

export async function startIdentityProvider({
  document = {},
  status = 200,
  keys = { keys: [{ kty: 'EC' }] },
}: IdentityProviderFault = {}): Promise<IdentityProvider> {
  const server = createServer((request, response) => {
    const members = Object.entries({ ...healthy(issuer), ...document })
    const body =
      request.url === '/keys'
        ? keys
        : Object.fromEntries(members.filter(([, value]) => value !== ABSENT))
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://localhost:${(server.address() as AddressInfo).port}`
  return {
    issuer,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function healthy(issuer: string): Record<string, unknown> {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/keys`,
    scopes_supported: ['openid', 'email'],
    code_challenge_methods_supported: ['S256'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
  }
}
