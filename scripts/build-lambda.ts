/** Bundles Postern's own Lambda functions into dist/lambda/: one asset that they all share. */
import { fileURLToPath } from 'node:url'
import { bundlePostern } from '../src/platform/aws-lambda/bundle.ts'

await bundlePostern(fileURLToPath(new URL('../dist/lambda/', import.meta.url)))
