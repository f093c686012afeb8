import * as v from 'valibot'
import { parse } from '../load-cloudformation/template.ts'
import { LoadError } from '../load-error.ts'

/** `terraform show -json`: Terraform's documentation, "JSON Output Format". */

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }
export type Values = Readonly<Record<string, Json>>

const JsonSchema: v.GenericSchema<unknown, Json> = v.union([
  v.string(),
  v.number(),
  v.boolean(),
  v.null(),
  v.array(v.lazy(() => JsonSchema)),
  v.record(
    v.string(),
    v.lazy(() => JsonSchema),
  ),
])
const ValuesSchema = v.record(v.string(), JsonSchema)

export interface ShownResource {
  address: string
  mode: 'managed' | 'data'
  type: string
  name: string
  index?: string | number | undefined
  values: Values
  /** Addresses without indexes. */
  depends_on: string[]
}
const ResourceSchema: v.GenericSchema<unknown, ShownResource> = v.object({
  address: v.string(),
  mode: v.picklist(['managed', 'data']),
  type: v.string(),
  name: v.string(),
  index: v.optional(v.union([v.string(), v.number()])),
  values: v.optional(ValuesSchema, {}),
  depends_on: v.optional(v.array(v.string()), []),
})

interface Module {
  resources: ShownResource[]
  child_modules: Module[]
}
const ModuleSchema: v.GenericSchema<unknown, Module> = v.object({
  resources: v.optional(v.array(ResourceSchema), []),
  child_modules: v.optional(v.array(v.lazy(() => ModuleSchema)), []),
})
const RootSchema = v.object({ root_module: v.optional(ModuleSchema, {}) })

const ExpressionsSchema = v.optional(ValuesSchema, {})

export interface ConfigurationModule {
  resources: {
    mode: 'managed' | 'data'
    type: string
    name: string
    expressions: Values
    depends_on: string[]
  }[]
  module_calls: Record<string, { expressions: Values; module: ConfigurationModule }>
  outputs: Record<string, { expression: Json }>
}
const ConfigurationSchema: v.GenericSchema<unknown, ConfigurationModule> = v.object({
  resources: v.optional(
    v.array(
      v.object({
        mode: v.picklist(['managed', 'data']),
        type: v.string(),
        name: v.string(),
        expressions: ExpressionsSchema,
        depends_on: v.optional(v.array(v.string()), []),
      }),
    ),
    [],
  ),
  module_calls: v.optional(
    v.record(
      v.string(),
      v.object({
        expressions: ExpressionsSchema,
        module: v.optional(
          v.lazy(() => ConfigurationSchema),
          {},
        ),
      }),
    ),
    {},
  ),
  outputs: v.optional(
    v.record(v.string(), v.object({ expression: v.optional(JsonSchema, {}) })),
    {},
  ),
})

const StateSchema = v.object({ values: RootSchema })

const PlanSchema = v.object({
  planned_values: RootSchema,
  /** Holds the data sources that could be read. */
  prior_state: v.optional(v.object({ values: v.optional(RootSchema, {}) }), {}),
  resource_changes: v.optional(
    v.array(
      v.object({
        address: v.string(),
        change: v.object({ after_unknown: v.optional(JsonSchema, {}) }),
      }),
    ),
    [],
  ),
  configuration: v.optional(v.object({ root_module: v.optional(ConfigurationSchema, {}) }), {}),
})

export interface Plan {
  resources: readonly ShownResource[]
  /** By address: `true` where a value is known only after the apply. */
  unknown: ReadonlyMap<string, Json>
  configuration: ConfigurationModule
}

export type Show = { state: readonly ShownResource[] } | { plan: Plan }

/** Throws one LoadError with the first place that is wrong. */
export function parseShow(source: unknown): Show {
  if (typeof source !== 'object' || source === null || Array.isArray(source))
    throw new LoadError('show', 'is not the output of terraform show -json')
  if ('planned_values' in source) {
    const plan = parse(PlanSchema, source, 'show')
    const planned = flatten(plan.planned_values.root_module)
    const addresses = new Set(planned.map(({ address }) => address))
    const read = flatten(plan.prior_state.values.root_module).filter(
      ({ mode, address }) => mode === 'data' && !addresses.has(address),
    )
    return {
      plan: {
        resources: [...planned, ...read],
        unknown: new Map(
          plan.resource_changes.map(({ address, change }) => [address, change.after_unknown]),
        ),
        configuration: plan.configuration.root_module,
      },
    }
  }
  if (!('values' in source))
    throw new LoadError('show', 'has neither values (a state) nor planned_values (a plan)')
  return { state: flatten(parse(StateSchema, source, 'show').values.root_module) }
}

function flatten(module: Module): ShownResource[] {
  return [...module.resources, ...module.child_modules.flatMap(flatten)]
}
