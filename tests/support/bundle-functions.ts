import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { bundlePostern } from '../../src/platform/aws-lambda/bundle.ts'

/** Where the construct takes Postern's own functions from; a clean clone has none yet. */
export async function setup(): Promise<void> {
  const folder = fileURLToPath(new URL('../../dist/lambda/', import.meta.url))
  if (!existsSync(folder)) await bundlePostern(folder)
}
