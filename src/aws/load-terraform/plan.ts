import type { ConfigurationModule, Json, Plan, ShownResource, Values } from './show.ts'

/** Stands where nothing says what a value will be. */
const UNKNOWN = '${unknown}'

/**
 * What a state would hold: every attribute that is known only after the apply becomes a mark, and
 * what the configuration makes of one attribute of another resource becomes that one's mark. Of an
 * expression Terraform shows only what it refers to, so that a text around a reference is lost.
 */
export function completePlan(plan: Plan): ShownResource[] {
  const addresses = plan.resources.map(({ address }) => address)
  return plan.resources.map((resource) => {
    const unknown = plan.unknown.get(resource.address)
    const scope = scopeOf(resource, plan.configuration, addresses)
    const config = scope.module.resources.find(
      ({ mode, type, name }) =>
        mode === resource.mode && type === resource.type && name === resource.name,
    )
    return {
      ...resource,
      values: fillValues(resource, unknown, config?.expressions ?? {}, scope),
      depends_on: (config?.depends_on ?? []).map((address) => `${scope.prefix}${address}`),
    }
  })
}

/** What attribute `attribute` of a resource will be, as a text of its own. */
function mark(address: string, attribute: string): string {
  return `«${address}:${attribute}»`
}

interface Scope {
  module: ConfigurationModule
  /** `module.server.` */
  prefix: string
  parent: { scope: Scope; call: string } | undefined
  addresses: readonly string[]
}

function scopeOf(
  { address }: ShownResource,
  root: ConfigurationModule,
  addresses: readonly string[],
): Scope {
  let scope: Scope = { module: root, prefix: '', parent: undefined, addresses }
  for (const [step, call = ''] of address.matchAll(/module\.([^.[]+)(?:\[[^\]]*\])?\./g)) {
    const module = scope.module.module_calls[call]?.module
    if (module === undefined) break
    scope = { module, prefix: `${scope.prefix}${step}`, parent: { scope, call }, addresses }
  }
  return scope
}

function fillValues(
  { address, values }: ShownResource,
  unknown: Json | undefined,
  expressions: Values,
  scope: Scope,
): Record<string, Json> {
  if (!isObject(unknown)) return { ...values }
  const filled: Record<string, Json> = { ...values }
  for (const [name, part] of Object.entries(unknown)) {
    const expression = expressions[name]
    if (part === true && expression === undefined) filled[name] = mark(address, name)
    else filled[name] = fill(values[name] ?? null, part, expression, scope)
  }
  return filled
}

/** `expression`: null where the configuration leaves the value to AWS, undefined where it is not shown. */
function fill(value: Json, unknown: Json, expression: Json | undefined, scope: Scope): Json {
  if (unknown === true) return expression === null ? null : resolve(expression, scope)
  if (Array.isArray(unknown)) {
    const items = Array.isArray(value) ? value : []
    return unknown.map((part, index) =>
      fill(
        items[index] ?? null,
        part,
        Array.isArray(expression) ? expression[index] : expression,
        scope,
      ),
    )
  }
  if (!isObject(unknown)) return value
  const members = isObject(value) ? value : {}
  const expressionOf = (name: string): Json | undefined =>
    isObject(expression) && !('references' in expression) ? (expression[name] ?? null) : expression
  return {
    ...members,
    ...Object.fromEntries(
      Object.entries(unknown).map(([name, part]) => [
        name,
        fill(members[name] ?? null, part, expressionOf(name), scope),
      ]),
    ),
  }
}

/** The mark of the one thing that an expression refers to. */
function resolve(expression: Json | undefined, scope: Scope): string {
  const references = isObject(expression) ? expression['references'] : undefined
  if (!Array.isArray(references)) return UNKNOWN
  const texts = references.filter((reference) => typeof reference === 'string')
  // Terraform lists `a.b.c` and then `a.b` as well.
  const [only, ...others] = texts.filter(
    (text) => !texts.some((longer) => longer !== text && longer.startsWith(text)),
  )
  return only === undefined || others.length > 0 ? UNKNOWN : resolveReference(only, scope)
}

function resolveReference(reference: string, scope: Scope): string {
  const [, variable] = /^var\.([^.[]+)$/.exec(reference) ?? []
  if (variable !== undefined) {
    const call = scope.parent?.scope.module.module_calls[scope.parent.call]
    const expression = call?.expressions[variable]
    return expression === undefined || scope.parent === undefined
      ? UNKNOWN
      : resolve(expression, scope.parent.scope)
  }
  const [, call, output] = /^module\.([^.[]+)\.([^.[]+)$/.exec(reference) ?? []
  if (call !== undefined && output !== undefined) {
    const module = scope.module.module_calls[call]?.module
    const expression = module?.outputs[output]?.expression
    return module === undefined || expression === undefined
      ? UNKNOWN
      : resolve(expression, {
          module,
          prefix: `${scope.prefix}module.${call}.`,
          parent: { scope, call },
          addresses: scope.addresses,
        })
  }
  const [, resource, attribute] =
    /^((?:data\.)?[a-z]\w*\.[\w-]+(?:\[[^\]]*\])?)\.(\w+)$/.exec(reference) ?? []
  if (resource === undefined || attribute === undefined) return UNKNOWN
  const address = scope.addresses.find(
    (known) => known === `${scope.prefix}${resource}` || known === `${scope.prefix}${resource}[0]`,
  )
  return address === undefined ? UNKNOWN : mark(address, attribute)
}

function isObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
