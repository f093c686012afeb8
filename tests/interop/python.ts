import { execFileSync } from 'node:child_process'
import { copyFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cached, run } from './cache.ts'

const PIP = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check']

export function isTherePythonWithPip(): boolean {
  try {
    execFileSync('python3', ['-m', 'pip', '--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** A Python function's folder as it would be zipped: its modules, with what they require beside. */
export async function bundlePython(requirements: string, modules: string[]): Promise<string> {
  const folder = await cached([requirements], (target) =>
    run('python3', [...PIP, '--target', target, '--requirement', requirements]),
  )
  for (const module of modules) copyFileSync(module, join(folder, basename(module)))
  return folder
}

/** Where Python clients are installed, for `PYTHONPATH`. */
export function pythonClients(): Promise<string> {
  const requirements = fileURLToPath(new URL('clients/requirements.txt', import.meta.url))
  return bundlePython(requirements, [])
}
