import { McpRemote, type McpRemoteVersion } from '../support/mcp-remote.ts'
import { requireClient } from './clients.ts'
import type { Desk } from './desk.ts'
import { describeClient, type RealClient } from './scenarios.ts'

const from = await requireClient()
const VERSIONS: Record<McpRemoteVersion, string> = {
  '0.1': '0.1.38',
  '0.8': '0.8.7',
  '0.14': '0.14.5',
  '0.15': '0.15.1',
}

for (const [version, name] of Object.entries(VERSIONS) as [McpRemoteVersion, string][])
  describeClient({
    name: `mcp-remote ${name}`,
    open: (mcpUrl, desk) => open(version, mcpUrl, desk),
    threeAtOnce: 'sign in together',
    ...(version === '0.1' ? { cannotSignInTogether: true } : {}),
  })

function open(version: McpRemoteVersion, mcpUrl: string, desk: Desk): RealClient {
  const client = new McpRemote(version, mcpUrl, {
    folder: desk.home,
    browser: desk.browser,
    ...(version === '0.14' ? { from } : {}),
  })
  let initialized: Promise<void> | undefined
  const initialize = (): Promise<void> => (initialized ??= client.initialize())
  return {
    signIn: initialize,
    whoami: async () => {
      await initialize()
      return client.callTool('whoami')
    },
    close: () => client.close(),
  }
}
