import { defineConfig, type ViteUserConfig } from 'vitest/config'

const config: ViteUserConfig = defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    globalSetup: ['tests/support/unpack-chromium.ts'],
    isolate: false,
    testTimeout: 20_000,
  },
})

export default config
