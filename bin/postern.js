#!/usr/bin/env node
// A clone runs its sources; the package that people install holds only the build.
import { existsSync } from 'node:fs'

const source = new URL('../src/cli/main.ts', import.meta.url)
const built = new URL('../dist/cli/main.js', import.meta.url)
const { main } = await import(existsSync(source) ? source : built)
await main()
