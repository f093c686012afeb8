import { fail, ok, type Result } from '../../protocol/result.ts'
import { loadCloudFormation } from '../load-cloudformation.ts'
import { LoadError } from '../load-error.ts'
import { loadTerraform } from '../load-terraform.ts'
import type { Topology } from '../topology.ts'

/** Deeper than any template or plan, and far from where recursion ends. */
const MAX_DEPTH = 200

/** Loads whichever of the two it is; a failure says in one line what is wrong. */
export function loadTopology(text: string): Result<Topology, string> {
  const source = parseJson(text)
  if (source === undefined) return fail('is not JSON')
  const load = loaderFor(source)
  if (typeof load === 'string') return fail(load)
  if (isTooDeep(source)) return fail('is nested too deeply')
  try {
    return ok(load(source))
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

function loaderFor(source: unknown): string | ((source: unknown) => Topology) {
  const has = (name: string): boolean =>
    typeof source === 'object' && source !== null && Object.hasOwn(source, name)
  if (has('Resources')) return loadCloudFormation
  if (has('format_version')) return loadTerraform
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
