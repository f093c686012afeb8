import { parse, type Node } from 'acorn'
import type { EdgeFunction } from '../../../src/aws/topology.ts'

/** CloudFront guide, Quotas, Quotas on CloudFront Functions. */
const MAXIMUM_BYTES = 10 * 1024

const RUNTIMES: readonly string[] = ['cloudfront-js-1.0', 'cloudfront-js-2.0']

/** What the pages JavaScript runtime 1.0 and 2.0 features do not list. */
const BANNED: Record<string, string> = {
  ArrayPattern: 'destructuring',
  AssignmentPattern: 'default values',
  ChainExpression: '?.',
  ClassDeclaration: 'class',
  ClassExpression: 'class',
  ForOfStatement: 'for … of',
  ImportExpression: 'import()',
  ObjectPattern: 'destructuring',
  SpreadElement: 'spread',
  TaggedTemplateExpression: 'tagged templates',
  YieldExpression: 'generators',
}

/** Refuses code that CreateFunction, or the runtime when it first sees it, refuses. */
export function assertEdgeFunction({ name, runtime, code }: EdgeFunction): void {
  const problems = [...new Set(findProblems(runtime, code))]
  if (problems.length > 0)
    throw new TypeError(`CloudFront twin: function ${name}: ${problems.join('; ')}`)
}

function findProblems(runtime: string, code: string): string[] {
  if (!RUNTIMES.includes(runtime)) return [`no runtime "${runtime}"`]
  if (Buffer.byteLength(code) > MAXIMUM_BYTES) return ['larger than 10 KB']
  const program = parseScript(code)
  if (program === undefined) return ['not a script']
  const nodes = [...descendants(program)]
  const problems = nodes.flatMap((node) => banned(node, runtime))
  const handlers = nodes.filter(
    (node) => node.type === 'FunctionDeclaration' && nameOf(node) === 'handler',
  )
  return handlers.length === 1 ? problems : [...problems, 'no function handler']
}

function parseScript(code: string): Node | undefined {
  try {
    return parse(code, { ecmaVersion: 2022, sourceType: 'script' })
  } catch {
    return undefined
  }
}

function banned(node: Node, runtime: string): string[] {
  const fields = node as Node & { kind?: unknown; async?: unknown; operator?: unknown }
  const operator = typeof fields.operator === 'string' ? fields.operator : ''
  const problem = BANNED[node.type]
  if (problem !== undefined) return [problem]
  if (['??', '??=', '||=', '&&='].includes(operator)) return [operator]
  if (runtime === 'cloudfront-js-2.0') return []
  if (fields.kind === 'let' || fields.kind === 'const') return ['let and const']
  return fields.async === true ? ['async'] : []
}

function nameOf(node: Node): unknown {
  return (node as Node & { id?: { name?: unknown } | null }).id?.name
}

function* descendants(node: Node): Generator<Node> {
  yield node
  for (const value of Object.values(node) as unknown[])
    for (const child of Array.isArray(value) ? (value as unknown[]) : [value])
      if (isNode(child)) yield* descendants(child)
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value
}
