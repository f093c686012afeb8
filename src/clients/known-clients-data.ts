/**
 * What is publicly known about a client and used where it signs in: by the redirect policy and the
 * consent page. Everything else about it is in known-clients-details.ts.
 */
export interface HostedClient {
  /** What command lines call it. */
  id: string
  name: string
  /** Hosted and custom-scheme redirect URIs, compared exactly. */
  redirectUris: readonly string[]
  /** Exactly one path segment of unreserved characters follows. */
  redirectUriPrefixes?: readonly string[]
}

/**
 * Clients whose hosted redirect URIs everybody may use. Those on loopback (mcp-remote, Claude Code,
 * Codex …) are not among them: anybody can listen there.
 */
export const KNOWN_CLIENTS: readonly HostedClient[] = [
  {
    id: 'claude',
    name: 'Claude',
    redirectUris: [
      'https://claude.ai/api/mcp/auth_callback',
      'https://claude.com/api/mcp/auth_callback',
    ],
  },
  {
    id: 'vscode',
    name: 'Visual Studio Code',
    redirectUris: ['https://vscode.dev/redirect', 'https://insiders.vscode.dev/redirect'],
  },
  {
    id: 'cursor',
    name: 'Cursor',
    redirectUris: [
      'https://www.cursor.com/agents/mcp/oauth/callback',
      'cursor://anysphere.cursor-mcp/oauth/callback',
    ],
  },
  {
    id: 'chatgpt',
    name: 'ChatGPT',
    redirectUris: ['https://chatgpt.com/connector_platform_oauth_redirect'],
    redirectUriPrefixes: ['https://chatgpt.com/connector/oauth/'],
  },
]
