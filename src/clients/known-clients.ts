import { isAllowedRedirectUri } from '../protocol/redirect-uri.ts'

/** A client whose hosted redirect URIs are public knowledge. */
export interface KnownClient {
  name: string
  /** Compared exactly. */
  redirectUris: readonly string[]
  /** Exactly one path segment of unreserved characters follows. */
  redirectUriPrefixes?: readonly string[]
}

/** Loopback clients (mcp-remote, Claude Code, Codex …) are not here: anybody can listen there. */
export const KNOWN_CLIENTS: readonly KnownClient[] = [
  {
    name: 'Claude',
    redirectUris: [
      'https://claude.ai/api/mcp/auth_callback',
      'https://claude.com/api/mcp/auth_callback',
    ],
  },
  {
    name: 'Visual Studio Code',
    redirectUris: ['https://vscode.dev/redirect', 'https://insiders.vscode.dev/redirect'],
  },
  {
    name: 'Cursor',
    redirectUris: [
      'https://www.cursor.com/agents/mcp/oauth/callback',
      'cursor://anysphere.cursor-mcp/oauth/callback',
    ],
  },
  {
    name: 'ChatGPT',
    redirectUris: ['https://chatgpt.com/connector_platform_oauth_redirect'],
    redirectUriPrefixes: ['https://chatgpt.com/connector/oauth/'],
  },
]

/**
 * The known client that owns every one of these redirect URIs. A custom scheme proves nothing (any
 * local app can claim it), nor does loopback: with one of them nobody is known.
 */
export function identifyClient(redirectUris: readonly string[]): KnownClient | undefined {
  if (redirectUris.length === 0) return undefined
  return KNOWN_CLIENTS.find((client) => {
    const own = {
      exact: new Set(client.redirectUris),
      oneSegmentAfter: client.redirectUriPrefixes ?? [],
    }
    return redirectUris.every((uri) => uri.startsWith('https://') && isAllowedRedirectUri(uri, own))
  })
}
