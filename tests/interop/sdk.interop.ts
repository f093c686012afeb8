import { SdkClient, sdkV1, type SdkV1, sdkV2, type SdkV2 } from '../support/sdk-clients.ts'
import { requireClient } from './clients.ts'
import type { Desk } from './desk.ts'
import { describeClient, type RealClient } from './scenarios.ts'

type Sdk = ConstructorParameters<typeof SdkClient>[0]

const older = await requireClient()
const load = <T>(module: string): T => older(module) as T
const { Client } = load<Pick<SdkV1, 'Client'>>('sdk-1.29/client/index.js')
const { StreamableHTTPClientTransport: Transport } = load<{
  StreamableHTTPClientTransport: SdkV1['Transport']
}>('sdk-1.29/client/streamableHttp.js')
const { UnauthorizedError: Unauthorized } = load<{ UnauthorizedError: SdkV1['Unauthorized'] }>(
  'sdk-1.29/client/auth.js',
)
const client20 = load<SdkV2>('client-2.0')

const APPS: Record<string, Sdk> = {
  '@modelcontextprotocol/sdk 1.29.0': sdkV1({ Client, Transport, Unauthorized }),
  '@modelcontextprotocol/sdk 1.32.2': 'sdk 1.32',
  '@modelcontextprotocol/client 2.0.0, legacy': sdkV2(client20, 'legacy'),
  '@modelcontextprotocol/client 2.0.0, 2026-07-28': sdkV2(client20, 'auto'),
  '@modelcontextprotocol/client 2.4.0, legacy': 'client 2.4 legacy',
  '@modelcontextprotocol/client 2.4.0, 2026-07-28': 'client 2.4 2026-07-28',
}

for (const [name, sdk] of Object.entries(APPS)) {
  const stored = new WeakMap<Desk, SdkClient>()
  describeClient({
    name,
    open: (mcpUrl, desk) => {
      const app = stored.get(desk) ?? new SdkClient(sdk, mcpUrl, desk)
      stored.set(desk, app)
      return realClient(app)
    },
    threeAtOnce: 'are apart',
  })
}

function realClient(app: SdkClient): RealClient {
  return {
    signIn: () => app.connect(),
    whoami: () => app.callTool('whoami'),
    close: () => app.close(),
  }
}
