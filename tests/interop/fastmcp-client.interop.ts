import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { pythonClients } from './python.ts'
import { runProgram } from './program.ts'
import { describeClient } from './scenarios.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const packages = await pythonClients()
const requirements = readFileSync(here('clients/requirements.txt'), 'utf8')
const [, version = ''] = /^fastmcp==(.+)$/m.exec(requirements) ?? []

describeClient({
  name: `FastMCP ${version}, client`,
  threeAtOnce: 'share a sign-in',
  open: (mcpUrl, desk) => {
    const run = (): Promise<string> =>
      runProgram({
        file: 'python3',
        args: [here('clients/fastmcp_client.py'), mcpUrl],
        cwd: desk.work,
        env: {
          ...desk.environment(),
          PYTHONPATH: packages,
          CLOCK_AHEAD_SECONDS: `${desk.clockAheadSeconds}`,
        },
      })
    return {
      signIn: async () => {
        await run()
      },
      whoami: run,
      close: async () => {},
    }
  },
})
