// The MCP SDK's own proxy before an identity provider with one client. With REGISTERS=1 it has what
// people add first: a registration that hands that client to everybody.
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { ProxyOAuthServerProvider } from '@modelcontextprotocol/sdk/server/auth/providers/proxyProvider.js'
import { mcpAuthRouter } from '@modelcontextprotocol/sdk/server/auth/router.js'
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import express from 'express'
import { createRemoteJWKSet, jwtVerify } from 'jose'

const { ORIGIN, PORT, IDP_ISSUER, IDP_AUTHORIZE, IDP_TOKEN, CLIENT_ID, REGISTERS } = process.env
const redirectUris = process.env.REDIRECT_URIS.split(' ')
const client = { client_id: CLIENT_ID, redirect_uris: redirectUris }
const keys = createRemoteJWKSet(new URL(`${IDP_ISSUER}/.well-known/jwks.json`))

class Provider extends ProxyOAuthServerProvider {
  get clientsStore() {
    const store = { getClient: (id) => (id === CLIENT_ID ? client : undefined) }
    if (REGISTERS !== '1') return store
    return { ...store, registerClient: (asked) => ({ ...asked, ...client }) }
  }
}

const provider = new Provider({
  endpoints: { authorizationUrl: IDP_AUTHORIZE, tokenUrl: IDP_TOKEN },
  verifyAccessToken: async (token) => {
    const { payload } = await jwtVerify(token, keys, { issuer: IDP_ISSUER })
    return {
      token,
      clientId: payload.client_id,
      scopes: payload.scope.split(' '),
      expiresAt: payload.exp,
    }
  },
  getClient: async (id) => (id === CLIENT_ID ? client : undefined),
})

const app = express()
const resource = new URL('/mcp', ORIGIN)
app.use(
  mcpAuthRouter({
    provider,
    issuerUrl: new URL(ORIGIN),
    resourceServerUrl: resource,
    scopesSupported: ['openid', 'email'],
  }),
)
const resourceMetadataUrl = new URL('/.well-known/oauth-protected-resource/mcp', ORIGIN).href
app.all(
  '/mcp',
  requireBearerAuth({ verifier: provider, resourceMetadataUrl }),
  async (req, res) => {
    const server = new McpServer({ name: 'behind the proxy', version: '1' })
    server.registerTool('hello', {}, async () => ({ content: [{ type: 'text', text: 'hello' }] }))
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined })
    await server.connect(transport)
    await transport.handleRequest(req, res)
  },
)
app.listen(Number(PORT), '127.0.0.1')
