import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'

const CACHE = new URL('../../node_modules/.cache/postern-interop/', import.meta.url).pathname

/** A Python function's folder as it would be zipped: its modules, with what they require beside. */
export async function bundlePython(requirements: string, modules: string[]): Promise<string> {
  const digest = createHash('sha256').update(readFileSync(requirements)).digest('hex')
  const folder = join(CACHE, digest.slice(0, 16))
  if (!existsSync(folder)) {
    const part = `${folder}.part-${process.pid}`
    mkdirSync(part, { recursive: true })
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check']
    await promisify(execFile)('python3', [...pip, '--target', part, '--requirement', requirements])
    renameSync(part, folder)
  }
  for (const module of modules) copyFileSync(module, join(folder, basename(module)))
  return folder
}
