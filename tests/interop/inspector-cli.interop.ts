import { requireClient } from './clients.ts'
import { inspectorProgram, inspectorVersion } from './inspector.ts'
import { runProgram } from './program.ts'
import { describeClient } from './scenarios.ts'

const require = await requireClient()

describeClient({
  name: `MCP Inspector ${inspectorVersion(require)}, CLI`,
  threeAtOnce: 'share a sign-in',
  open: (mcpUrl, desk) => {
    const run = (args: string[]): Promise<string> =>
      runProgram(inspectorProgram(require, desk, ['--cli', mcpUrl, ...args]))
    return {
      signIn: async () => {
        await run(['--method', 'tools/list'])
      },
      whoami: () => run(['--method', 'tools/call', '--tool-name', 'whoami']),
      close: async () => {},
    }
  },
})
