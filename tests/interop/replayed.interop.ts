import { CLIENTS } from '../../src/clients/known-clients-details.ts'
import { buildRegistrationRequests } from '../../src/doctor/registration-requests.ts'
import type { Desk } from './desk.ts'
import { type Replay, ReplayedClient } from './replay.ts'
import { describeClient } from './scenarios.ts'

const { claude, vscode, cursor, chatgpt } = buildRegistrationRequests(33418)

function onLoopback(name: string, redirectUri: string): Omit<Replay, 'probe'> {
  const registration = {
    client_name: name,
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  }
  return { name, registration, redirectUri }
}

function documentOf(id: string): { document: string } {
  const document = CLIENTS.find((client) => client.id === id)?.clientMetadataDocument
  if (document === undefined) throw new TypeError(`${id} publishes no document`)
  return { document }
}

const CLAUDE: Replay = {
  name: 'Claude (claude.ai, Desktop)',
  probe: 'POST',
  registration: { ...claude },
  redirectUri: 'https://claude.ai/api/mcp/auth_callback',
}
const VSCODE: Replay = {
  name: 'VS Code',
  probe: 'POST',
  registration: { ...vscode },
  redirectUri: 'http://127.0.0.1:33418/',
}

/**
 * From the clients' documentation and source. ChatGPT signs its token requests with a key that only
 * it has where its document is used; what is played is its registration.
 */
const REPLAYS: Replay[] = [
  { ...CLAUDE, name: `${CLAUDE.name}, registered` },
  { ...CLAUDE, name: `${CLAUDE.name}, by its document`, ...documentOf('claude') },
  { ...VSCODE, name: `${VSCODE.name}, registered` },
  { ...VSCODE, name: `${VSCODE.name}, by its document`, ...documentOf('vscode') },
  {
    name: 'ChatGPT, registered',
    probe: 'POST',
    registration: { ...chatgpt },
    redirectUri: 'https://chatgpt.com/connector_platform_oauth_redirect',
  },
  {
    name: 'Cursor',
    probe: 'POST',
    registration: { ...cursor },
    redirectUri: 'http://localhost:8787/callback',
  },
  {
    name: 'Cursor, custom scheme',
    probe: 'POST',
    registration: { ...cursor },
    redirectUri: 'cursor://anysphere.cursor-mcp/oauth/callback',
  },
  {
    ...onLoopback('Gemini CLI MCP Client', 'http://localhost:49300/oauth/callback'),
    name: 'Gemini CLI',
    probe: 'HEAD',
  },
  {
    ...onLoopback('Zed', 'http://127.0.0.1:49200/callback'),
    probe: 'POST',
    ...documentOf('zed'),
  },
  {
    ...onLoopback('Goose', 'http://127.0.0.1:49201/oauth_callback'),
    probe: 'POST',
    ...documentOf('goose'),
  },
]

for (const replay of REPLAYS) {
  const stored = new WeakMap<Desk, ReplayedClient>()
  describeClient({
    name: `${replay.name} (replayed)`,
    threeAtOnce: 'are apart',
    open: (mcpUrl, desk) => {
      const client = stored.get(desk) ?? new ReplayedClient(replay, mcpUrl, desk)
      stored.set(desk, client)
      return client
    },
  })
}
