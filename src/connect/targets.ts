import type { Configuration, ConnectTarget, McpServer } from './target.ts'

/** What each client asks for; sources are in docs/connect.md. */
export const CONNECT_TARGETS: readonly ConnectTarget[] = [
  {
    id: 'claude-desktop',
    name: 'Claude Desktop',
    configuration: {
      format: 'json',
      section: 'mcpServers',
      // It starts programs and knows no URLs, so mcp-remote stands between.
      entry: ({ url }) => ({ command: 'npx', args: ['-y', 'mcp-remote@latest', url] }),
      files: {
        macos: ['~/Library/Application Support/Claude/claude_desktop_config.json'],
        windows: [
          '%APPDATA%\\Claude\\claude_desktop_config.json',
          // The build from the Microsoft Store has an %APPDATA% of its own.
          '%LOCALAPPDATA%\\Packages\\Claude_pzs8sxrjxfjjc\\LocalCache\\Roaming\\Claude\\claude_desktop_config.json',
        ],
        linux: ['~/.config/Claude/claude_desktop_config.json'],
      },
    },
    afterwards: () =>
      'Quit Claude Desktop and start it again; the sign-in opens by itself. It needs Node.js (npx).',
  },
  {
    id: 'claude-code',
    name: 'Claude Code',
    command: ({ name, url }) =>
      ['claude', 'mcp', 'add', '--transport', 'http', '--scope', 'user'].concat(name, url),
    configuration: {
      format: 'json',
      section: 'mcpServers',
      entry: ({ url }) => ({ type: 'http', url }),
      files: everywhere('~/.claude.json'),
    },
    afterwards: ({ name }) => `Sign in with /mcp in Claude Code, or claude mcp login ${name}.`,
  },
  {
    id: 'claude',
    name: 'claude.ai',
    installLink: ({ name, url }) =>
      `https://claude.ai/customize/connectors?modal=add-custom-connector&connectorName=${encodeURIComponent(name)}&connectorUrl=${encodeURIComponent(url)}`,
    inSettings: ['Customize', 'Connectors', 'Add custom connector'],
    callsFromCloud: true,
  },
  {
    id: 'cursor',
    name: 'Cursor',
    installLink: ({ name, url }) =>
      `cursor://anysphere.cursor-deeplink/mcp/install?name=${encodeURIComponent(name)}&config=${encodeURIComponent(btoa(JSON.stringify({ url })))}`,
    configuration: {
      format: 'json',
      section: 'mcpServers',
      entry: ({ url }) => ({ url }),
      files: everywhere('~/.cursor/mcp.json'),
    },
    afterwards: ({ name }) => `Choose Connect beside ${name} in Cursor’s settings under MCP.`,
  },
  {
    id: 'vscode',
    name: 'Visual Studio Code',
    installLink: (server) => `vscode:mcp/install?${encodeURIComponent(vscodeJson(server))}`,
    command: (server) => ['code', '--add-mcp', withoutShellCharacters(vscodeJson(server))],
    configuration: {
      format: 'json',
      section: 'servers',
      entry: ({ url }) => ({ type: 'http', url }),
      files: {
        macos: ['~/Library/Application Support/Code/User/mcp.json'],
        windows: ['%APPDATA%\\Code\\User\\mcp.json'],
        linux: ['~/.config/Code/User/mcp.json'],
      },
    },
    afterwards: ({ name }) => `Start ${name} from the command MCP: List Servers.`,
  },
  {
    id: 'chatgpt',
    name: 'ChatGPT',
    inSettings: ['Settings', 'Apps', 'Create app (needs Developer mode, under Advanced settings)'],
    callsFromCloud: true,
  },
  {
    id: 'codex',
    name: 'Codex',
    command: ({ name, url }) => ['codex', 'mcp', 'add', name, '--url', url],
    configuration: {
      format: 'toml',
      section: 'mcp_servers',
      entry: ({ url }) => ({ url }),
      files: everywhere('~/.codex/config.toml'),
    },
    afterwards: ({ name }) => `Sign in with codex mcp login ${name}.`,
  },
  {
    id: 'gemini',
    name: 'Gemini CLI',
    command: ({ name, url }) =>
      ['gemini', 'mcp', 'add', '--scope', 'user', '--transport', 'http'].concat(name, url),
    configuration: {
      format: 'json',
      section: 'mcpServers',
      // Old versions take `url` for the older transport; new ones still know `httpUrl`.
      entry: ({ url }) => ({ httpUrl: url }),
      files: everywhere('~/.gemini/settings.json'),
    },
    afterwards: ({ name }) => `Sign in with /mcp auth ${name} in Gemini CLI.`,
  },
  {
    id: 'windsurf',
    name: 'Windsurf',
    configuration: {
      format: 'json',
      section: 'mcpServers',
      entry: ({ url }) => ({ serverUrl: url }),
      files: everywhere('~/.codeium/windsurf/mcp_config.json'),
    },
    afterwards: () => 'Choose Refresh in Cascade’s list of MCP servers.',
  },
  {
    id: 'zed',
    name: 'Zed',
    configuration: {
      format: 'json',
      section: 'context_servers',
      entry: ({ url }) => ({ url }),
      files: {
        macos: ['~/.config/zed/settings.json'],
        windows: ['%APPDATA%\\Zed\\settings.json'],
        linux: ['~/.config/zed/settings.json'],
      },
    },
  },
  {
    id: 'goose',
    name: 'Goose',
    installLink: ({ name, url }) =>
      `goose://extension?type=streamable_http&url=${encodeURIComponent(url)}&id=${name}&name=${name}&description=${name}&timeout=300`,
    configuration: {
      format: 'yaml',
      section: 'extensions',
      entry: ({ name, url }) => ({ enabled: true, type: 'streamable_http', name, uri: url }),
      files: {
        macos: ['~/.config/goose/config.yaml'],
        windows: ['%APPDATA%\\Block\\goose\\config\\config.yaml'],
        linux: ['~/.config/goose/config.yaml'],
      },
    },
  },
]

function vscodeJson({ name, url }: McpServer): string {
  return JSON.stringify({ name, type: 'http', url })
}

/** Command Prompt takes the quotes inside for its own: what follows one could be a command. */
function withoutShellCharacters(json: string): string {
  return json.replace(
    /[^\w{}":,./-]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function everywhere(file: string): Configuration['files'] {
  const windows = file.replace('~', '%USERPROFILE%').replaceAll('/', '\\')
  return { macos: [file], windows: [windows], linux: [file] }
}
