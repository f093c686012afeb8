// FastMCP for TypeScript with its own OAuth proxy.
import { FastMCP, OAuthProvider, requireAuth } from 'fastmcp'

const { ORIGIN, PORT, IDP_AUTHORIZE, IDP_TOKEN, CLIENT_ID, CLIENT_SECRET } = process.env

const server = new FastMCP({
  name: 'behind FastMCP',
  version: '1.0.0',
  auth: new OAuthProvider({
    baseUrl: ORIGIN,
    authorizationEndpoint: IDP_AUTHORIZE,
    tokenEndpoint: IDP_TOKEN,
    clientId: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    scopes: ['openid', 'email'],
    // Its consent page would be the test's to press through; what follows is the same.
    consentRequired: false,
    allowedRedirectUriPatterns: ['http://localhost:*', 'http://127.0.0.1:*'],
    jwtSigningKey: 'a signing key of this test, and of nothing else',
    encryptionKey: 'an encryption key of this test and nothing else',
  }),
})
server.addTool({
  name: 'hello',
  description: 'says hello',
  canAccess: requireAuth,
  execute: async () => 'hello',
})
await server.start({
  transportType: 'httpStream',
  httpStream: { port: Number(PORT), host: '127.0.0.1', stateless: true },
})
