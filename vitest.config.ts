import { defineConfig, type ViteUserConfig } from 'vitest/config'

const source = (path: string): string => new URL(`src/${path}`, import.meta.url).pathname

const config: ViteUserConfig = defineConfig({
  // Examples import the package by name, as people do; here that is the source, not a build.
  resolve: {
    alias: [
      { find: /^postern$/, replacement: source('postern.ts') },
      { find: /^postern\/node$/, replacement: source('platform/node/index.ts') },
      { find: /^postern\/cdk$/, replacement: source('aws/cdk/index.ts') },
      { find: /^postern\/aws-lambda$/, replacement: source('platform/aws-lambda/index.ts') },
    ],
  },
  test: {
    include: ['tests/**/*.test.ts'],
    globalSetup: ['tests/support/unpack-chromium.ts', 'tests/support/bundle-functions.ts'],
    isolate: false,
    testTimeout: 20_000,
    // A busy machine is no reason to fail: these end as soon as what they wait for is there.
    expect: { poll: { timeout: 10_000, interval: 20 } },
  },
})

export default config
