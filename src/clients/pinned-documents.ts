/**
 * What the documents of well-known clients say, for when they cannot be fetched: some hosts refuse
 * data centres, some networks let nothing out. Only what Postern goes by, as published in
 * autumn 2026. `{id}` stands for one path segment.
 */
export const PINNED_DOCUMENTS: readonly PinnedDocument[] = [
  {
    client_id: 'https://claude.ai/oauth/mcp-oauth-client-metadata',
    client_name: 'Claude',
    redirect_uris: ['https://claude.ai/api/mcp/auth_callback'],
  },
  {
    client_id: 'https://claude.ai/oauth/claude-code-client-metadata',
    client_name: 'Claude Code',
    redirect_uris: ['http://localhost/callback', 'http://127.0.0.1/callback'],
  },
  {
    client_id: 'https://vscode.dev/oauth/client-metadata.json',
    client_name: 'Visual Studio Code',
    redirect_uris: ['http://127.0.0.1:33418/', 'https://vscode.dev/redirect'],
  },
  {
    client_id: 'https://chatgpt.com/oauth/codex/client.json',
    client_name: 'Codex',
    redirect_uris: ['http://127.0.0.1/callback', 'http://localhost/callback'],
  },
  {
    client_id: 'https://chatgpt.com/oauth/codex/{id}/client.json',
    client_name: 'Codex',
    redirect_uris: ['http://127.0.0.1/callback/{id}', 'http://localhost/callback/{id}'],
  },
  {
    client_id: 'https://chatgpt.com/oauth/client.json',
    client_name: 'ChatGPT',
    redirect_uris: ['https://chatgpt.com/connector_platform_oauth_redirect'],
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'RS256',
    jwks_uri: 'https://chatgpt.com/oauth/jwks.json',
  },
  {
    client_id: 'https://chatgpt.com/oauth/{id}/client.json',
    client_name: 'ChatGPT',
    redirect_uris: ['https://chatgpt.com/connector/oauth/{id}'],
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'RS256',
    jwks_uri: 'https://chatgpt.com/oauth/jwks.json',
  },
  {
    client_id: 'https://zed.dev/oauth/client-metadata.json',
    client_name: 'Zed',
    redirect_uris: ['http://127.0.0.1/callback'],
  },
  {
    client_id: 'https://opencode.ai/oauth/opencode/client.json',
    client_name: 'OpenCode',
    redirect_uris: ['http://127.0.0.1/callback', 'http://localhost/callback'],
  },
  {
    client_id: 'https://goose-docs.ai/oauth/client-metadata.json',
    client_name: 'goose',
    redirect_uris: ['http://127.0.0.1/oauth_callback', 'http://[::1]/oauth_callback'],
  },
]

/** Members of RFC 7591 §2; without `token_endpoint_auth_method` it is `none`. */
export interface PinnedDocument {
  client_id: string
  client_name: string
  redirect_uris: readonly string[]
  token_endpoint_auth_method?: 'private_key_jwt'
  token_endpoint_auth_signing_alg?: string
  jwks_uri?: string
}

const SEGMENT = /^[A-Za-z0-9_-]{1,64}$/

/** The document that is pinned for a client_id, its `{id}` filled in. */
export function findPinnedDocument(clientId: string): PinnedDocument | undefined {
  const exact = PINNED_DOCUMENTS.find((document) => document.client_id === clientId)
  if (exact !== undefined) return exact
  for (const document of PINNED_DOCUMENTS) {
    const [before = '', after] = document.client_id.split('{id}')
    if (after === undefined || !clientId.startsWith(before) || !clientId.endsWith(after)) continue
    const id = clientId.slice(before.length, -after.length)
    if (SEGMENT.test(id))
      return {
        ...document,
        client_id: clientId,
        redirect_uris: document.redirect_uris.map((uri) => uri.replace('{id}', id)),
      }
  }
  return undefined
}
