import * as v from 'valibot'
import { nameOf, Text } from '../load-cloudformation/input.ts'
import { parse } from '../load-cloudformation/template.ts'
import { LoadError } from '../load-error.ts'
import type { Kind, Resource } from '../topology.ts'
import { TYPES } from './attributes.ts'
import type { Json } from './show.ts'

/** One resource of a state, its values with placeholders. */
export interface Input {
  address: string
  type: string
  name: string
  values: Readonly<Record<string, Json>>
  /** Addresses, without index. */
  dependsOn: readonly string[]
}

/** Loads one type of resource; `others` are for what stands in separate resources. */
export type Load = (input: Input, others: readonly Input[]) => Resource

export { nameOf, Text }

/** A list; in a plan the one reference that it will be made from. */
export const Texts: v.GenericSchema<unknown, string[]> = v.pipe(
  v.nullish(v.union([v.array(Text), Text]), []),
  v.transform((texts) => (Array.isArray(texts) ? texts : [texts])),
)

/** Blocks of one name; none as long as a plan does not know them. */
export function blocks<T>(schema: v.GenericSchema<unknown, T>): v.GenericSchema<unknown, T[]> {
  return v.pipe(
    v.nullish(v.union([v.array(schema), Text]), []),
    v.transform((found) => (Array.isArray(found) ? found : [])),
  )
}

/** Terraform writes a block that may stand once as a list. */
export function block<T>(
  schema: v.GenericSchema<unknown, T>,
): v.GenericSchema<unknown, T | undefined> {
  return v.pipe(
    blocks(schema),
    v.transform(([only]) => only),
  )
}

export function read<T>(schema: v.GenericSchema<unknown, T>, input: Input): T {
  return parse(schema, input.values, input.address)
}

/** A text that holds JSON, such as a policy. */
export function readJson<T>(schema: v.GenericSchema<unknown, T>, text: string, path: string): T {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw new LoadError(path, 'is not JSON')
  }
  return parse(schema, json, path)
}

/** The name of the resource that a text refers to, by a reference or by the name that it was given. */
export function findName(kind: Kind, text: string, others: readonly Input[]): string {
  const name = nameOf(kind, text)
  if (name !== text) return name
  const found = others.find(({ type, values }) => {
    const known = TYPES[type]
    return known?.kind === kind && known.givenName !== undefined && values[known.givenName] === text
  })
  return found?.name ?? text
}
