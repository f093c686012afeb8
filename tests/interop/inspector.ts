import { dirname, join } from 'node:path'
import type { Desk } from './desk.ts'
import type { Program } from './program.ts'

const MANIFEST = '@modelcontextprotocol/inspector/package.json'

export function inspectorVersion(require: NodeJS.Require): string {
  return (require(MANIFEST) as { version: string }).version
}

export function inspectorProgram(require: NodeJS.Require, desk: Desk, args: string[]): Program {
  const launcher = join(dirname(require.resolve(MANIFEST)), 'clients/launcher/build/index.js')
  return {
    file: process.execPath,
    args: [launcher, ...args],
    cwd: desk.work,
    env: {
      ...desk.environment(),
      MCP_AUTO_OPEN_ENABLED: 'true',
      MCP_INSPECTOR_SECRET_STORE: 'file',
    },
  }
}
