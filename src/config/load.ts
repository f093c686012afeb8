import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ConfigError } from './config-error.ts'
import type { PosternConfigFile } from './options.ts'

/** Reads `postern.config.ts` (or .js, .mjs). @throws ConfigError where it cannot be read. */
export async function loadConfigFile(file: string): Promise<PosternConfigFile> {
  const refuse = (message: string, fix: string): ConfigError =>
    new ConfigError([{ path: file, message, fix }])
  let module: { default?: unknown }
  try {
    module = (await import(pathToFileURL(resolve(file)).href)) as { default?: unknown }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ERR_MODULE_NOT_FOUND') throw refuse('cannot be found', 'Check the path.')
    if (code === 'ERR_UNKNOWN_FILE_EXTENSION')
      throw refuse('is TypeScript, which this Node cannot run', 'Use Node 22.18 or later, or .mjs.')
    const message = error instanceof Error ? error.message : 'unknown error'
    throw refuse(`cannot be loaded: ${message}`, 'Correct the file.')
  }
  if (typeof module.default !== 'object' || module.default === null)
    throw refuse(
      'has no default export',
      'Write `export default { … } satisfies PosternConfigFile`.',
    )
  return module.default as PosternConfigFile
}
