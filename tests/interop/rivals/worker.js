// A Worker that is a server of Cloudflare's library. A person is whoever comes: signing in is the
// application's, not the library's.
import { OAuthProvider } from './oauth-provider.js'

const RESULTS = {
  initialize: {
    protocolVersion: '2025-06-18',
    capabilities: { tools: {} },
    serverInfo: { name: 'worker', version: '1' },
  },
  'tools/list': { tools: [{ name: 'hello', inputSchema: { type: 'object' } }] },
}

const apiHandler = {
  async fetch(request) {
    if (request.method !== 'POST') return new Response(null, { status: 405 })
    const { id, method } = await request.json()
    if (id === undefined) return new Response(null, { status: 202 })
    return Response.json({ jsonrpc: '2.0', id, result: RESULTS[method] ?? {} })
  },
}

const defaultHandler = {
  async fetch(request, { OAUTH_PROVIDER }) {
    if (new URL(request.url).pathname !== '/authorize') return new Response(null, { status: 404 })
    const asked = await OAUTH_PROVIDER.parseAuthRequest(request)
    const { redirectTo } = await OAUTH_PROVIDER.completeAuthorization({
      request: asked,
      userId: 'ada',
      metadata: {},
      scope: asked.scope,
      props: {},
    })
    return Response.redirect(redirectTo, 302)
  },
}

let provider

export default {
  fetch(request, environment, context) {
    const { ORIGIN } = environment
    provider ??= new OAuthProvider({
      apiRoute: '/mcp',
      apiHandler,
      defaultHandler,
      authorizeEndpoint: '/authorize',
      tokenEndpoint: '/token',
      clientRegistrationEndpoint: '/register',
      scopesSupported: ['mcp'],
      requiredScopes: ['mcp'],
      resourceMetadata: { resource: `${ORIGIN}/mcp`, authorization_servers: [ORIGIN] },
    })
    return provider.fetch(request, environment, context)
  },
}
