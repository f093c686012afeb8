import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { cached, run } from './cache.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** Installs what `clients/package.json` names; nothing that comes along runs a script. */
export async function setup(): Promise<void> {
  await installed()
}

/** Finds what is installed. */
export async function requireClient(): Promise<NodeJS.Require> {
  return createRequire(`${await installed()}/package.json`)
}

function installed(): Promise<string> {
  const files = ['package.json', 'package-lock.json', '.npmrc'].map((name) =>
    here(`clients/${name}`),
  )
  return cached(files, (cwd) => run('npm', ['ci', '--ignore-scripts', '--no-progress'], { cwd }))
}
