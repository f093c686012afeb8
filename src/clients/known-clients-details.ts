import { type HostedClient, KNOWN_CLIENTS } from './known-clients-data.ts'

/** All that is publicly known about a client, for doctor, connect and tests. */
export interface KnownClient extends HostedClient {
  /** On the person's machine, without the port, which is random or configured. */
  loopbackRedirectUris?: readonly string[]
  /** Its Client ID Metadata Document; what it says is in pinned-documents.ts. */
  clientMetadataDocument?: string
  /** Further documents that begin with this; exactly one path segment and `/client.json` follow. */
  clientMetadataDocumentPrefix?: string
  /** Allowed only by configuration: seen in one place, or made for one deployment. */
  optIn?: true
  /** What it does that others do not. */
  quirks?: readonly string[]
}

type Details = Omit<KnownClient, 'id' | 'name' | 'redirectUris' | 'redirectUriPrefixes'>

function withDetails(id: string, details: Details): KnownClient {
  const client = KNOWN_CLIENTS.find((known) => known.id === id)
  if (client === undefined) throw new TypeError(`${id} is not in the table`)
  return { ...client, ...details }
}

export const CLIENTS: readonly KnownClient[] = [
  {
    id: 'mcp-remote',
    name: 'mcp-remote',
    redirectUris: [],
    loopbackRedirectUris: ['http://localhost/oauth/callback', 'http://127.0.0.1/oauth/callback'],
    quirks: [
      'derives its callback port from the server URL',
      'asks /authorize itself, for JSON, before it opens the browser with a client it remembers',
    ],
  },
  {
    id: 'claude-code',
    name: 'Claude Code',
    redirectUris: [],
    loopbackRedirectUris: ['http://localhost/callback', 'http://127.0.0.1/callback'],
    clientMetadataDocument: 'https://claude.ai/oauth/claude-code-client-metadata',
    quirks: [
      'never asks for the scopes that only the authorization server lists',
      'sends prompt=consent',
    ],
  },
  withDetails('claude', {
    clientMetadataDocument: 'https://claude.ai/oauth/mcp-oauth-client-metadata',
    quirks: [
      'calls from 160.79.104.0/21, over IPv4, to port 443',
      'keeps metadata for five minutes',
      'may ask for client_secret_post, and goes by what registration returns',
    ],
  }),
  withDetails('vscode', {
    loopbackRedirectUris: ['http://127.0.0.1/'],
    clientMetadataDocument: 'https://vscode.dev/oauth/client-metadata.json',
    quirks: [
      'registers http://127.0.0.1:33418/ and takes a random port where that is busy',
      'asks for the device_code grant too',
    ],
  }),
  withDetails('cursor', {
    loopbackRedirectUris: ['http://localhost/callback'],
    quirks: ['registers all three at once', 'listens on port 8787'],
  }),
  withDetails('chatgpt', {
    clientMetadataDocument: 'https://chatgpt.com/oauth/client.json',
    clientMetadataDocumentPrefix: 'https://chatgpt.com/oauth/',
    quirks: [
      'uses the stable redirect URI only where iss is advertised and returned',
      'authenticates by private_key_jwt (https://chatgpt.com/oauth/jwks.json), for the token endpoint',
    ],
  }),
  {
    id: 'codex',
    name: 'Codex CLI',
    redirectUris: [],
    loopbackRedirectUris: ['http://127.0.0.1/callback'],
    clientMetadataDocument: 'https://chatgpt.com/oauth/codex/client.json',
    clientMetadataDocumentPrefix: 'https://chatgpt.com/oauth/codex/',
    quirks: ['registers at every login', 'adds /<id> to its callback, derived from the server URL'],
  },
  {
    id: 'inspector',
    name: 'MCP Inspector',
    redirectUris: [],
    loopbackRedirectUris: [
      'http://127.0.0.1/oauth/callback',
      'http://localhost/oauth/callback',
      'http://localhost/oauth/callback/debug',
    ],
    quirks: [
      'its web page runs in a browser and needs CORS',
      'listens on port 6276, the page on 6274',
    ],
  },
  {
    id: 'gemini',
    name: 'Gemini CLI',
    redirectUris: [],
    loopbackRedirectUris: ['http://localhost/oauth/callback'],
    quirks: ['looks for the challenge with HEAD', 'asks for every scope the server lists'],
  },
  {
    id: 'zed',
    name: 'Zed',
    redirectUris: [],
    loopbackRedirectUris: ['http://127.0.0.1/callback'],
    clientMetadataDocument: 'https://zed.dev/oauth/client-metadata.json',
    quirks: ['wants the issuer exactly as it was advertised'],
  },
  {
    id: 'goose',
    name: 'Goose',
    redirectUris: [],
    loopbackRedirectUris: ['http://127.0.0.1/oauth_callback', 'http://[::1]/oauth_callback'],
    clientMetadataDocument: 'https://goose-docs.ai/oauth/client-metadata.json',
  },
  {
    id: 'opencode',
    name: 'OpenCode',
    redirectUris: [],
    loopbackRedirectUris: [
      'http://127.0.0.1/mcp/oauth/callback',
      'http://127.0.0.1/callback',
      'http://localhost/callback',
    ],
    clientMetadataDocument: 'https://opencode.ai/oauth/opencode/client.json',
    quirks: ['registers /mcp/oauth/callback on port 19876, and twice'],
  },
  {
    id: 'librechat',
    name: 'LibreChat',
    redirectUris: [],
    optIn: true,
    quirks: ['is called back at /api/mcp/<name>/oauth/callback of wherever it is deployed'],
  },
  {
    id: 'windsurf',
    name: 'Windsurf',
    redirectUris: ['windsurf://codeium.windsurf/callback'],
    optIn: true,
    quirks: ['commonly reached through mcp-remote'],
  },
  {
    id: 'antigravity',
    name: 'Antigravity',
    redirectUris: ['https://antigravity.google/oauth-callback'],
    optIn: true,
  },
  {
    id: 'grok',
    name: 'Grok',
    redirectUris: [
      'https://grok.com/connectors-oauth-exchange-code/',
      'https://console.x.ai/connectors-oauth-exchange-code/',
    ],
    clientMetadataDocument: 'https://grok.com/oauth/mcp-client.json',
    optIn: true,
  },
  {
    id: 'perplexity',
    name: 'Perplexity',
    redirectUris: ['https://www.perplexity.ai/rest/connections/oauth_callback'],
    optIn: true,
  },
  {
    id: 'mistral',
    name: 'Mistral',
    redirectUris: ['https://callback.mistral.ai/v1/integrations_auth/oauth2_callback'],
    optIn: true,
  },
  {
    id: 'devin',
    name: 'Devin',
    redirectUris: ['https://api.devin.ai/mcp/oauth/callback'],
    optIn: true,
  },
  {
    id: 'n8n',
    name: 'n8n',
    redirectUris: ['https://oauth.n8n.cloud/oauth2/callback'],
    optIn: true,
  },
]
