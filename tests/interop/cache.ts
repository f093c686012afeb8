import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'

const CACHE = new URL('../../node_modules/.cache/postern-interop/', import.meta.url).pathname

export const run: (file: string, args: string[], options?: { cwd?: string }) => Promise<unknown> =
  promisify(execFile)

/** A folder outside of git, filled once for each state of the files that it is made from. */
export async function cached(
  files: string[],
  fill: (folder: string) => Promise<unknown>,
): Promise<string> {
  const hash = createHash('sha256')
  for (const file of files) hash.update(readFileSync(file))
  const folder = join(CACHE, hash.digest('hex').slice(0, 16))
  if (existsSync(folder)) return folder
  const part = `${folder}.part-${process.pid}`
  mkdirSync(part, { recursive: true })
  try {
    for (const file of files) copyFileSync(file, join(part, basename(file)))
    await fill(part)
    renameSync(part, folder)
  } finally {
    rmSync(part, { recursive: true, force: true })
  }
  return folder
}
