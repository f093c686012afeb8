import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BuildFailure, BuildOptions } from 'esbuild'
import { zipSync, type Zippable } from 'fflate'

/** Postern's own functions: the file, and so the handler, is named as the function. */
const FUNCTIONS: Readonly<Record<string, string>> = {
  oauth: 'oauth',
  facade: 'facade',
  token: 'token',
  authorizer: 'authorizer',
  keys: 'keys',
  keyWatch: 'key-watch',
}

/** The bundler is not there, or something cannot be bundled. The message says what to do. */
export class BundleError extends Error {}

const OPTIONS = {
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  outExtension: { '.js': '.mjs' },
  logLevel: 'silent',
  write: true,
} satisfies BuildOptions

/** Writes `<function>.mjs` for each of Postern's own functions. */
export async function bundlePostern(folder: string): Promise<void> {
  // A clone bundles its sources, the package what they were compiled to.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const entry = (file: string): string =>
    fileURLToPath(new URL(`./entry/${file}.${extension}`, import.meta.url))
  await build({
    ...OPTIONS,
    entryPoints: Object.entries(FUNCTIONS).map(([out, file]) => ({ in: entry(file), out })),
    outdir: folder,
  })
  // Only now, and only what is not ours: a synth may be reading the folder.
  for (const file of readdirSync(folder))
    if (!(file.replace(/\.mjs$/, '') in FUNCTIONS)) rmSync(join(folder, file), { recursive: true })
}

/**
 * Writes `index.mjs`, whose export `handler` is that of the user's module, and beside it what the
 * module reads from beside itself.
 */
export async function bundleServer(
  entry: string,
  folder: string,
  include: readonly string[] = [],
): Promise<void> {
  rmSync(folder, { recursive: true, force: true })
  await build({
    ...OPTIONS,
    entryPoints: [{ in: resolve(entry), out: 'index' }],
    outdir: folder,
    // CommonJS dependencies ask for Node's modules by `require`, which ES modules do not have.
    banner: {
      js: "import{createRequire as posternRequire}from'node:module';const require=posternRequire(import.meta.url);",
    },
  })
  for (const path of include)
    cpSync(resolve(dirname(entry), path), join(folder, basename(path)), { recursive: true })
}

/** A zip of a folder's contents; the same contents give the same bytes. */
export function zipFolder(folder: string, file: string): void {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort()
  // Local time, as the format has it: 1980 is where it begins.
  const mtime = new Date(1980, 0, 1)
  const contents: Zippable = Object.fromEntries(
    names.map((name) => [
      name.split(sep).join('/'),
      [readFileSync(join(folder, name)), { mtime, level: 9, os: 3, attrs: 0o644 << 16 }],
    ]),
  )
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, zipSync(contents))
}

async function build(options: BuildOptions): Promise<void> {
  const esbuild = await import('esbuild').catch((cause: unknown) => {
    throw new BundleError('esbuild is not installed. Run: npm install --save-dev esbuild', {
      cause,
    })
  })
  try {
    await esbuild.build(options)
  } catch (error) {
    const messages = isBuildFailure(error) ? error.errors : []
    const lines = await esbuild.formatMessages(messages, { kind: 'error' })
    throw new BundleError(`esbuild failed\n${lines.join('')}`.trimEnd(), { cause: error })
  }
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors)
}
