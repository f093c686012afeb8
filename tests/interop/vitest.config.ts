import { defineConfig, mergeConfig, type ViteUserConfig } from 'vitest/config'
import base from '../../vitest.config.ts'
import { CompatibilityTable } from './table.ts'
import { isTherePythonWithPip } from './python.ts'

const exclude: string[] = []
if (!isTherePythonWithPip()) {
  process.stdout.write(
    'FastMCP, client and server, is left out: there is no Python with pip here.\n',
  )
  exclude.push('tests/interop/fastmcp-*.interop.ts')
}

/** What needs more than Node and `npm ci`: run by `npm run interop`, never by `npm test`. */
const { include: _tests, ...test } = base.test ?? {}
const config: ViteUserConfig = mergeConfig(
  { ...base, test },
  defineConfig({
    test: {
      include: ['tests/interop/**/*.interop.ts'],
      exclude,
      globalSetup: ['tests/interop/clients.ts'],
      testTimeout: 120_000,
      maxWorkers: 2,
      reporters: ['default', new CompatibilityTable()],
    },
  }),
)

export default config
