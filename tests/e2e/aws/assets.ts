import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundlePostern, bundleServer } from '../../../src/platform/aws-lambda/bundle.ts'
import type { DeployOptions } from '../../twins/deployment.ts'

const here = (path: string): string => new URL(path, import.meta.url).pathname

const folder = mkdtempSync(join(tmpdir(), 'postern-assets-'))
const POSTERN_HANDLER = /^(?:oauth|facade|token|authorizer|keys|keyWatch)\.handler$/
let bundled: Promise<void> | undefined

/** The functions as they are shipped, bundled once for all tests of the process. */
export async function assetPath(): Promise<DeployOptions['assetPath']> {
  bundled ??= bundle()
  await bundled
  return (_code, { handler }) => join(folder, POSTERN_HANDLER.test(handler) ? 'postern' : 'server')
}

async function bundle(): Promise<void> {
  await Promise.all([
    bundlePostern(join(folder, 'postern')),
    bundleServer(here('../../../examples/notes/server.ts'), join(folder, 'server'), ['notes']),
    bundleServer(here('existing-server.ts'), join(folder, 'existing')),
  ])
}

/** A function that was there before. */
export const EXISTING: NonNullable<DeployOptions['existing']> = {
  'arn:aws:lambda:eu-central-1:111122223333:function:notes': {
    assetPath: join(folder, 'existing'),
    handler: 'index.handler',
  },
}
