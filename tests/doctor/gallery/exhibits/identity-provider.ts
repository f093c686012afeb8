import { ABSENT, type Fault } from '../fault.ts'
import { startIdentityProvider, type IdentityProviderFault } from '../identity-provider.ts'
import { startServer } from '../server.ts'
import type { SceneExhibit } from './exhibit.ts'

/** The identity provider behind a server that is healthy: clients do not see it. */
export const IDENTITY_PROVIDER: readonly SceneExhibit[] = [
  {
    name: 'no OpenID configuration',
    code: 'D20-idp-unreachable',
    open: () => behind({ status: 404 }),
  },
  {
    name: 'another issuer',
    code: 'D20-idp-issuer-mismatch',
    open: () => behind({ document: { issuer: 'https://idp.example/' } }),
  },
  {
    name: 'no token endpoint',
    code: 'D20-idp-incomplete',
    open: () => behind({ document: { token_endpoint: ABSENT } }),
  },
  {
    name: 'no keys',
    code: 'D20-idp-no-keys',
    open: () => behind({ keys: { error: 'gone' } }),
  },
  {
    name: 'PKCE without S256 upstream',
    code: 'D20-idp-no-pkce',
    open: () => behind({ document: { code_challenge_methods_supported: ['plain'] } }),
  },
  {
    name: 'no refresh upstream',
    code: 'D20-idp-no-refresh',
    open: () => behind({ document: { grant_types_supported: ['authorization_code'] } }),
  },
  {
    name: 'a scope that the identity provider does not have',
    code: 'D07-scope-not-upstream',
    open: () =>
      behind(
        {},
        {
          answers: {
            'server metadata': { json: { scopes_supported: ['tools', 'offline_access'] } },
          },
        },
      ),
  },
  {
    name: 'people are sent to another identity provider',
    code: 'D20-idp-not-used',
    open: () => behind({}, { upstream: { knowsPassword: true } }),
  },
  {
    name: 'a scope that the identity provider does not list',
    code: 'D07-scope-unlisted-upstream',
    open: async () => {
      const server = await startServer({ upstream: { knowsPassword: true } })
      const elsewhere = server.origin.replace('localhost', '127.0.0.1')
      const idp = await startIdentityProvider({
        document: { authorization_endpoint: `${elsewhere}/upstream/authorize` },
      })
      return {
        mcpUrl: server.mcpUrl,
        look: { identityProvider: idp.issuer },
        close: async () => {
          await Promise.all([idp.close(), server.close()])
        },
      }
    },
  },
  {
    name: 'an identity provider with habits of its own',
    code: 'D20-idp-quirk',
    also: ['D20-idp-unreachable'],
    open: async () => {
      const server = await startServer()
      return {
        mcpUrl: server.mcpUrl,
        look: { identityProvider: 'https://127.0.0.1:9/realms/staff' },
        close: server.close,
      }
    },
  },
]

async function behind(
  fault: IdentityProviderFault,
  serverFault: Fault = {},
): ReturnType<SceneExhibit['open']> {
  const [idp, server] = await Promise.all([startIdentityProvider(fault), startServer(serverFault)])
  return {
    mcpUrl: server.mcpUrl,
    look: { identityProvider: idp.issuer },
    close: async () => {
      await Promise.all([idp.close(), server.close()])
    },
  }
}
