import { defineConfig, mergeConfig, type ViteUserConfig } from 'vitest/config'
import base from '../../../vitest.config.ts'

/** Every fault with the real clients: run by `npm run gallery`, and by CI as a step of its own. */
const { include: _tests, globalSetup: _setup, ...test } = base.test ?? {}
const config: ViteUserConfig = mergeConfig(
  { ...base, test },
  defineConfig({ test: { include: ['tests/doctor/gallery/*.gallery.ts'], maxConcurrency: 6 } }),
)

export default config
