import * as v from 'valibot'
import { LoadError } from '../load-error.ts'
import { typeOf } from './attributes.ts'

const Properties = v.optional(v.record(v.string(), v.unknown()), {})

const TemplateSchema = v.looseObject({
  Resources: v.pipe(
    v.unknown(),
    v.check((value) => !Array.isArray(value), 'is a list'),
    v.record(
      v.string(),
      v.looseObject({
        Type: v.string(),
        Properties,
        DependsOn: v.optional(v.union([v.string(), v.array(v.string())]), []),
        Metadata: Properties,
      }),
    ),
  ),
  Parameters: Properties,
})

export interface TemplateResource {
  id: string
  type: string
  /** Metadata `postern:name`, else the logical id. */
  name: string
  properties: Readonly<Record<string, unknown>>
  dependsOn: readonly string[]
}

export interface Template {
  resources: ReadonlyMap<string, TemplateResource>
  parameters: ReadonlySet<string>
}

export function parseTemplate(source: unknown): Template {
  const { Resources, Parameters } = parse(TemplateSchema, source, 'template')
  const resources = Object.entries(Resources).map(([id, resource]): TemplateResource => {
    const given = resource.Metadata['postern:name']
    return {
      id,
      type: resource.Type,
      name: typeof given === 'string' ? given : id,
      properties: resource.Properties,
      dependsOn: [resource.DependsOn].flat(),
    }
  })
  return {
    resources: new Map(resources.map((found) => [found.id, withOwnName(found, resources)])),
    parameters: new Set(Object.keys(Parameters)),
  }
}

/** Two constructs in one stack give the same names, which only the logical ids tell apart. */
function withOwnName(
  resource: TemplateResource,
  all: readonly TemplateResource[],
): TemplateResource {
  const namesakes = all.filter(
    ({ type, name }) =>
      name === resource.name && typeOf(type)?.kind === typeOf(resource.type)?.kind,
  )
  return namesakes.length > 1 ? { ...resource, name: resource.id } : resource
}

/** Parses what comes from outside; the error names the first place that is wrong. */
export function parse<T>(schema: v.GenericSchema<unknown, T>, value: unknown, path: string): T {
  const parsed = v.safeParse(schema, value)
  if (parsed.success) return parsed.output
  const [issue] = parsed.issues
  const inner = v.getDotPath(issue)
  throw new LoadError(inner === null ? path : `${path}.${inner}`, issue.message)
}
