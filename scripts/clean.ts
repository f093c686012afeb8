/** Empties dist/ but for dist/lambda/, which build:lambda replaces and a synth may be reading. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const dist = fileURLToPath(new URL('../dist/', import.meta.url))
mkdirSync(dist, { recursive: true })
for (const name of readdirSync(dist))
  if (name !== 'lambda') rmSync(join(dist, name), { recursive: true })
