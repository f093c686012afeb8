import { defineConfig, mergeConfig, type ViteUserConfig } from 'vitest/config'
import base from '../../vitest.config.ts'

/** What needs more than Node and npm: run by `npm run interop`, never by `npm test`. */
const { include: _tests, ...test } = base.test ?? {}
const config: ViteUserConfig = mergeConfig(
  { ...base, test },
  defineConfig({ test: { include: ['tests/interop/**/*.interop.ts'], testTimeout: 60_000 } }),
)

export default config
