export type RegistrationName =
  'localhost' | 'random port' | '127.0.0.1' | 'claude' | 'vscode' | 'cursor' | 'chatgpt'

/** RFC 7591 §3.1, as far as clients differ. */
export interface RegistrationRequest {
  client_name: string
  redirect_uris: string[]
  grant_types: string[]
  token_endpoint_auth_method: string
  application_type: 'native' | 'web'
}

const GRANTS = ['authorization_code', 'refresh_token']
const PUBLIC = { token_endpoint_auth_method: 'none', grant_types: GRANTS }

/** One for every distinct list of redirect URIs; clients on the same kind of loopback share theirs. */
export function buildRegistrationRequests(
  mcpRemotePort: number,
): Record<RegistrationName, RegistrationRequest> {
  return {
    localhost: {
      ...PUBLIC,
      client_name: 'MCP CLI Proxy',
      redirect_uris: [`http://localhost:${mcpRemotePort}/oauth/callback`],
      application_type: 'native',
    },
    'random port': {
      ...PUBLIC,
      client_name: 'Gemini CLI MCP Client',
      redirect_uris: ['http://localhost:49300/oauth/callback'],
      application_type: 'native',
    },
    '127.0.0.1': {
      ...PUBLIC,
      client_name: 'Zed',
      redirect_uris: ['http://127.0.0.1:49200/callback'],
      application_type: 'native',
    },
    claude: {
      client_name: 'Claude',
      redirect_uris: ['https://claude.ai/api/mcp/auth_callback'],
      grant_types: GRANTS,
      token_endpoint_auth_method: 'client_secret_post',
      application_type: 'web',
    },
    vscode: {
      ...PUBLIC,
      client_name: 'Visual Studio Code',
      redirect_uris: [
        'https://insiders.vscode.dev/redirect',
        'https://vscode.dev/redirect',
        'http://127.0.0.1/',
        'http://127.0.0.1:33418/',
      ],
      grant_types: [...GRANTS, 'urn:ietf:params:oauth:grant-type:device_code'],
      application_type: 'native',
    },
    cursor: {
      ...PUBLIC,
      client_name: 'Cursor',
      redirect_uris: [
        'cursor://anysphere.cursor-mcp/oauth/callback',
        'https://www.cursor.com/agents/mcp/oauth/callback',
        'http://localhost:8787/callback',
      ],
      application_type: 'native',
    },
    chatgpt: {
      ...PUBLIC,
      client_name: 'ChatGPT',
      redirect_uris: ['https://chatgpt.com/connector_platform_oauth_redirect'],
      application_type: 'web',
    },
  }
}
