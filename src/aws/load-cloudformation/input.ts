import * as v from 'valibot'
import type { Kind, Resource } from '../topology.ts'
import type { Rendered } from './intrinsics.ts'
import { parse } from './template.ts'

/** One resource of a template, its properties without intrinsic functions. */
export interface Input {
  id: string
  name: string
  type: string
  path: string
  properties: Rendered
  /** As `kind.name`. */
  dependsOn: readonly string[]
}

/** Loads one type of resource; `others` are for what a template says in separate resources. */
export type Load = (input: Input, others: readonly Input[]) => Resource

// YAML writes numbers and booleans as texts, and CloudFormation takes them so.

export const Text: v.GenericSchema<unknown, string> = v.pipe(
  v.union([v.string(), v.number()]),
  v.transform(String),
)

export const Numeric: v.GenericSchema<unknown, number> = v.pipe(
  v.union([v.number(), v.pipe(v.string(), v.regex(/^\d+$/))]),
  v.transform(Number),
)

export const Flag: v.GenericSchema<unknown, boolean> = v.pipe(
  v.union([v.boolean(), v.picklist(['true', 'false'])]),
  v.transform((value) => value === true || value === 'true'),
)

/** A list, or its only member. */
export const Texts: v.GenericSchema<unknown, string[]> = v.pipe(
  v.union([
    v.array(Text),
    v.pipe(
      Text,
      v.transform((only) => [only]),
    ),
  ]),
)

export function read<T>(schema: v.GenericSchema<unknown, T>, input: Input): T {
  return parse(schema, input.properties, `${input.path}.Properties`)
}

/** The name in a text that is nothing but a reference to a resource; any other text as it is. */
export function nameOf(kind: Kind, text: string): string {
  const [, found, name] = /^\$\{([^.}]+)\.([^.}]+)\.[^}]+\}$/.exec(text) ?? []
  return found === kind && name !== undefined ? name : text
}
