/** Runs real `terraform` over a module with the stub provider: init, validate, apply, show. */
import { execFile, execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { readSchema, startStubProvider } from './stub/provider.ts'
import type { Block } from './stub/schema.ts'
import type { ObjectValue } from './stub/values.ts'

const run = promisify(execFile)

const ROOT = join(import.meta.dirname, '../../..')

/** Root modules of this repository. */
export const MODULE = 'terraform'
export const EXAMPLE = 'examples/aws-terraform'
export const RECIPE = 'tests/aws/lint/recipe'
export type RootModule = typeof MODULE | typeof EXAMPLE | typeof RECIPE

export interface Evaluated {
  /** `terraform show -json` of the state after an apply. */
  state: unknown
  /** The same of the plan before it. */
  plan: unknown
}

/** The version of the terraform on PATH. */
export function findTerraform(): string | undefined {
  try {
    const version = execFileSync('terraform', ['version'], { encoding: 'utf8', env: environment() })
    return version.split('\n')[0]
  } catch {
    return undefined
  }
}

/** Files that are not as `terraform fmt` writes them. */
export function checkFormat(root: RootModule): string[] {
  try {
    execFileSync('terraform', ['fmt', '-check', '-recursive', root], {
      cwd: ROOT,
      encoding: 'utf8',
      env: environment(),
    })
    return []
  } catch (error) {
    const { stdout = '' } = error as { stdout?: string }
    return stdout.split('\n').filter((line) => line !== '')
  }
}

/** Of all that Terraform reads of the module; a committed state is stale when it differs. */
export function hashModule(): string {
  const folder = join(ROOT, MODULE)
  const hash = createHash('sha256')
  for (const file of globSync('*.{tf,js,tftpl}', { cwd: folder }).toSorted())
    hash.update(`${file}\n`).update(readFileSync(join(folder, file)))
  return hash.digest('hex')
}

export function evaluate(
  variables: Readonly<Record<string, unknown>>,
  root: RootModule = MODULE,
): Promise<Evaluated> {
  return withTerraform(root, async (terraform) => {
    const { workFolder } = terraform
    writeInputs(workFolder, variables)
    await terraform.run('plan', '-input=false', '-out=plan')
    const plan = await terraform.run('show', '-json', 'plan')
    await terraform.run('apply', '-input=false', 'plan')
    const state = await terraform.run('show', '-json')
    return { plan: JSON.parse(plan), state: await makeReproducible(JSON.parse(state)) }
  })
}

/** The zips' contents do not matter here, only that Terraform can hash them. */
export function writeInputs(
  workFolder: string,
  variables: Readonly<Record<string, unknown>>,
): void {
  mkdirSync(join(workFolder, 'build'), { recursive: true })
  for (const name of ['build/postern.zip', 'build/server.zip'])
    writeFileSync(join(workFolder, name), name)
  writeFileSync(join(workFolder, 'terraform.tfvars.json'), JSON.stringify(variables))
}

interface Terraform {
  workFolder: string
  /** What the stub was asked to create, update and delete, in order. */
  changes: readonly string[]
  run: (...args: string[]) => Promise<string>
  /** What an expression is worth, as `terraform console` prints it. */
  evaluate: (expression: string) => Promise<string>
}

/** A copy of a root module, initialised and valid, with the stub provider beside it. */
export async function withTerraform<T>(
  root: RootModule,
  use: (terraform: Terraform) => Promise<T>,
  edit?: (folder: string) => void,
): Promise<T> {
  const copy = mkdtempSync(join(tmpdir(), 'postern-terraform-'))
  const workFolder = join(copy, root)
  const provider = await startStubProvider()
  const start = async (args: string[], input: string): Promise<string> => {
    const running = run('terraform', args, {
      cwd: workFolder,
      env: { ...environment(), TF_REATTACH_PROVIDERS: provider.reattach },
      maxBuffer: 64 * 1024 * 1024,
    })
    running.child.stdin?.end(input)
    const { stdout } = await running.catch((error: unknown) => {
      throw new Error(`terraform ${args[0] ?? ''}: ${outputOf(error)}`)
    })
    return stdout
  }
  const terraform: Terraform = {
    workFolder,
    changes: provider.changes,
    run: (...args) => start(args, ''),
    evaluate: (expression) => start(['console'], `${expression}\n`),
  }
  try {
    // The example finds the module by its relative path.
    for (const folder of new Set([MODULE, root]))
      for (const file of globSync('*.{tf,js,tftpl}', { cwd: join(ROOT, folder) }))
        cpSync(join(ROOT, folder, file), join(copy, folder, file))
    edit?.(workFolder)
    await terraform.run('init', '-input=false', '-no-color')
    await terraform.run('validate', '-no-color')
    return await use(terraform)
  } finally {
    await provider.close()
    rmSync(copy, { recursive: true, force: true })
  }
}

function outputOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'stderr' in error
    ? String(error.stderr)
    : String(error)
}

/** Nothing of the machine's own settings: no credentials, no CLI configuration. */
function environment(): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR } = process.env
  return {
    ...(PATH !== undefined && { PATH }),
    ...(HOME !== undefined && { HOME }),
    ...(TMPDIR !== undefined && { TMPDIR }),
    CHECKPOINT_DISABLE: '1',
    TF_IN_AUTOMATION: '1',
  }
}

/**
 * The stub numbers what it makes in the order of creation, which differs from run to run; the
 * address of a resource does not. Nor does Terraform's order of a set, which follows its values.
 */
async function makeReproducible(state: unknown): Promise<unknown> {
  const addresses = new Map<string, string>()
  for (const { address, values } of resourcesIn(state))
    for (const [attribute, value] of Object.entries(values)) {
      const [, number, made] = /^«(\d+):(\w+)»$/.exec(String(value)) ?? []
      if (number !== undefined && made === attribute) addresses.set(number, address)
    }
  const named = JSON.parse(
    JSON.stringify(state).replace(/«(\d+):/g, (_, number: string) => {
      const address = addresses.get(number)
      if (address === undefined) throw new Error(`mark ${number} belongs to no resource`)
      return `«${address.replaceAll('"', "'")}:`
    }),
  ) as unknown
  const schema = await readSchema()
  for (const { type, mode, values } of resourcesIn(named)) {
    const block = schema[mode === 'data' ? 'dataSources' : 'resources'][type]
    if (block !== undefined) sortSets(values, block)
  }
  return named
}

function sortSets(values: ObjectValue, { attributes, blocks }: Block): void {
  const sort = (name: string): void => {
    const found = values[name]
    if (Array.isArray(found)) values[name] = found.toSorted(byJson)
  }
  for (const [name, { type }] of Object.entries(attributes)) if (type[0] === 'set') sort(name)
  for (const [name, { nesting, block }] of Object.entries(blocks)) {
    for (const item of [values[name] ?? []].flat()) sortSets(item as ObjectValue, block)
    if (nesting === 'set') sort(name)
  }
}

function byJson(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1
}

interface StateResource {
  address: string
  mode: string
  type: string
  values: ObjectValue
}

function resourcesIn(state: unknown): StateResource[] {
  const found: StateResource[] = []
  const visit = (module: StateModule): void => {
    found.push(...(module.resources ?? []))
    for (const child of module.child_modules ?? []) visit(child)
  }
  visit((state as { values: { root_module: StateModule } }).values.root_module)
  return found
}

interface StateModule {
  resources?: StateResource[]
  child_modules?: StateModule[]
}
