/**
 * Keeps the direction of imports inside src/ (CONTRIBUTING.md, "Layout"). Without it a shortcut
 * from an endpoint into another, or from the core into Node, compiles and works until the day the
 * core has to run elsewhere. Prints every violation as `file -> import: why`.
 */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

/** What a layer may import besides itself. What those may import in turn is allowed as well. */
const LAYERS: Record<string, readonly string[]> = {
  cli: ['platform', 'doctor', 'aws', 'connect', 'flow'],
  platform: ['postern'],
  postern: ['relay', 'resource-server', 'authorization-server'],
  relay: ['app', 'clients', 'identity-provider', 'once'],
  'resource-server': ['gate', 'once'],
  app: ['gate'],
  'authorization-server': ['app', 'clients', 'identity-provider', 'once'],
  gate: ['pages', 'crypto', 'bounded-map'],
  pages: ['http', 'connect'],
  connect: ['protocol'],
  http: ['crypto'],
  once: [],
  'bounded-map': [],
  clients: ['crypto', 'bounded-map'],
  'identity-provider': ['crypto', 'bounded-map'],
  crypto: ['runtime'],
  flow: ['doctor', 'bounded-map'],
  doctor: ['clients', 'identity-provider'],
  aws: ['platform'],
  runtime: ['events'],
  events: ['config'],
  config: ['protocol'],
  protocol: [],
}

/** `demo` may import everything; only these may import `demo`. */
const MAY_IMPORT_DEMO = /^src\/(?:demo\/|cli\/dev[^/]*\.ts$)/

/** One file per endpoint; what two endpoints share lives beside them under another name. */
const ENDPOINTS =
  /^src\/(?:authorization-server|relay)\/(?:metadata|register|authorize|consent|callback|token|revoke)\.ts$/

/** Where `node:*` may be imported; .oxlintrc.json says the same to editors. */
const MAY_IMPORT_NODE = /^src\/(?:platform|cli|demo|aws)\/|^src\/config\/load/

const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g
const COMMENT = /\/\*[^]*?\*\/|^\s*\/\/.*$/gm

interface Import {
  file: string
  specifier: string
  /** Path inside the repository; undefined for packages. */
  target: string | undefined
}

function readImports(file: string): Import[] {
  const source = readFileSync(file, 'utf8').replaceAll(COMMENT, '')
  return [...source.matchAll(IMPORT)].map(([, specifier = '']) => ({
    file,
    specifier,
    target: specifier.startsWith('.') ? normalize(join(dirname(file), specifier)) : undefined,
  }))
}

function layerOf(file: string): string {
  return /^src\/([^/]+?)(?:\.ts|\/.*)$/.exec(file)?.[1] ?? '(outside src)'
}

function reachable(layer: string): Set<string> {
  const found = new Set([layer])
  for (const name of found) for (const below of LAYERS[name] ?? []) found.add(below)
  return found
}

function explainViolation({ file, specifier, target }: Import): string | undefined {
  if (specifier.startsWith('node:'))
    return MAY_IMPORT_NODE.test(file) ? undefined : 'the core must run without Node'
  if (target === undefined) return undefined
  const [from, to] = [layerOf(file), layerOf(target)]
  if (to === 'demo')
    return MAY_IMPORT_DEMO.test(file) ? undefined : 'only src/cli/dev* may import the demo'
  if (from === 'demo') return target.startsWith('src/') ? undefined : 'leaves src/'
  if (!(from in LAYERS)) return `src/${from} has no place in the table of layers`
  if (!reachable(from).has(to)) return `${from} may not import ${to}`
  if (ENDPOINTS.test(file) && ENDPOINTS.test(target)) return 'endpoints never import each other'
  return undefined
}

function findCycles(imports: readonly Import[]): string[] {
  const done = new Set<string>()
  const cycles: string[] = []
  const visit = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file)
    if (start !== -1) {
      const loop = path.slice(start).concat(file)
      cycles.push(`${path.at(-1) ?? file} -> ${file}: cycle ${loop.join(' > ')}`)
      return
    }
    if (done.has(file)) return
    for (const edge of imports)
      if (edge.file === file && edge.target !== undefined) visit(edge.target, [...path, file])
    done.add(file)
  }
  for (const { file } of imports) visit(file, [])
  return cycles
}

const files = globSync('src/**/*.ts')
const imports = files.flatMap(readImports)
const problems = imports.flatMap((found) => {
  const why = explainViolation(found)
  return why === undefined ? [] : [`${found.file} -> ${found.specifier}: ${why}`]
})
problems.push(...findCycles(imports))
for (const problem of problems) console.error(problem)
console.log(`layers: ${files.length} files, ${imports.length} imports, ${problems.length} problems`)
process.exitCode = problems.length === 0 ? 0 : 1
