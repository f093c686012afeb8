import { fail, ok, type Result } from '../../protocol/result.ts'
import { LoadError } from '../load-error.ts'
import type { Topology } from '../topology.ts'

/** Deeper than any template or plan, and far from where recursion ends. */
const MAX_DEPTH = 200
/** CloudFormation takes 500 in a stack; beyond this the rules would take minutes. */
const MAX_RESOURCES = 10_000

type Loader = (source: unknown) => Topology

/** Loads whichever of the two it is; a failure says in one line what is wrong. */
export async function loadTopology(text: string): Promise<Result<Topology, string>> {
  const source = parseJson(text)
  if (source === undefined) return fail('is not JSON')
  const loader = loaderFor(source)
  if (typeof loader === 'string') return fail(loader)
  if (isTooDeep(source)) return fail('is nested too deeply')
  const load = await loader()
  try {
    const topology = load(source)
    return topology.resources.length > MAX_RESOURCES
      ? fail(`has more than ${MAX_RESOURCES} resources`)
      : ok(topology)
  } catch (error) {
    if (error instanceof LoadError) return fail(`cannot be read: ${error.message}`)
    throw error
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function loaderFor(source: unknown): string | (() => Promise<Loader>) {
  const has = (name: string): boolean =>
    typeof source === 'object' && source !== null && Object.hasOwn(source, name)
  if (has('Resources'))
    return async () => (await import('../load-cloudformation.ts')).loadCloudFormation
  if (has('format_version')) return async () => (await import('../load-terraform.ts')).loadTerraform
  if (has('terraform_version')) return 'is a state file: lint the output of terraform show -json'
  return 'is neither a CloudFormation template nor the output of terraform show -json'
}

/** Looks at one level after the other, since a recursion is what such a file would break. */
function isTooDeep(source: unknown): boolean {
  let level: unknown[] = [source]
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    level = level.flatMap((each) =>
      typeof each === 'object' && each !== null ? (Object.values(each) as unknown[]) : [],
    )
    if (level.length === 0) return false
  }
  return true
}
