import { LoadError } from '../load-error.ts'
import { canonicalText } from '../canonical-text.ts'
import { attributeOf, typeOf } from './attributes.ts'
import type { Template } from './template.ts'

/** JSON in which every intrinsic function has become a text with placeholders. */
export type Rendered = string | number | boolean | Rendered[] | { [key: string]: Rendered }

const PSEUDO: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'AWS::Region': '${region}',
    'AWS::AccountId': '${account}',
    'AWS::Partition': '${partition}',
    'AWS::URLSuffix': '${urlSuffix}',
  }),
)

/** `{{resolve:secretsmanager:<secret>:SecretString:<member>:<stage>:<version>}}` */
const DYNAMIC_REFERENCE =
  /\{\{resolve:secretsmanager:\$\{(secret\.[^.}]+)\.arn\}:SecretString:([A-Za-z0-9_-]+)(?::(?:[^{}]|\$\{[^}]*\})*)?\}\}/g

/** Turns a value of a template into texts with placeholders. Undefined: AWS::NoValue. */
export function render(value: unknown, path: string, template: Template): Rendered | undefined {
  if (typeof value === 'string') return finish(value)
  if (typeof value === 'number' || typeof value === 'boolean') return value
  if (Array.isArray(value))
    return value
      .map((item, index) => render(item, `${path}.${index}`, template))
      .filter((item) => item !== undefined)
  if (typeof value !== 'object' || value === null)
    throw new LoadError(path, `holds ${value === null ? 'null' : typeof value}`)
  const entries = Object.entries(value)
  const [first] = entries
  if (entries.length === 1 && first !== undefined && /^(?:Ref|Condition|Fn::.+)$/.test(first[0])) {
    const resolved = resolveIntrinsic(first[0], first[1], `${path}.${first[0]}`, template)
    return typeof resolved === 'string' ? finish(resolved) : resolved
  }
  return Object.fromEntries(
    entries.flatMap(([key, member]) => {
      const rendered = render(member, `${path}.${key}`, template)
      return rendered === undefined ? [] : [[key, rendered]]
    }),
  )
}

function finish(text: string): string {
  return canonicalText(text.replaceAll(DYNAMIC_REFERENCE, '${$1.$2}'))
}

function resolveIntrinsic(
  name: string,
  argument: unknown,
  path: string,
  template: Template,
): Rendered | undefined {
  switch (name) {
    case 'Ref':
      if (argument === 'AWS::NoValue') return undefined
      return reference(expectText(argument, path), undefined, path, template)
    case 'Fn::GetAtt': {
      const [id, attribute] =
        typeof argument === 'string' ? splitOnce(argument, '.') : expectPair(argument, path)
      return reference(expectText(id, path), expectText(attribute, path), path, template)
    }
    case 'Fn::Join': {
      const [separator, parts] = expectPair(argument, path)
      const rendered = render(parts, `${path}.1`, template)
      if (!Array.isArray(rendered)) throw new LoadError(path, 'joins something that is no list')
      return rendered
        .map((part, index) => expectText(part, `${path}.1.${index}`))
        .join(expectText(separator, `${path}.0`))
    }
    case 'Fn::Sub':
      return substitute(argument, path, template)
    case 'Fn::Select':
      return select(argument, path, template)
    case 'Fn::GetAZs':
      throw new LoadError(path, 'is understood only inside Fn::Select')
    default:
      throw new LoadError(path, 'is an intrinsic function that the model cannot express')
  }
}

function reference(
  id: string,
  attribute: string | undefined,
  path: string,
  template: Template,
): string {
  const pseudo = PSEUDO.get(id)
  if (pseudo !== undefined) return pseudo
  const resource = template.resources.get(id)
  if (resource === undefined) {
    if (template.parameters.has(id) && attribute === undefined) return `\${parameter.${id}}`
    throw new LoadError(path, `refers to ${id}, which is not in the template`)
  }
  const type = typeOf(resource.type)
  // Of no kind in the model: noted under `ignored`, and only its name is known.
  if (type === undefined) return `\${ignored.${id}.${attribute ?? 'ref'}}`
  const known = attributeOf(type, attribute)
  if (known === undefined)
    throw new LoadError(path, `refers to ${attribute} of ${id}, which the model does not know`)
  return `\${${type.kind}.${resource.name}.${known}${known.includes('}') ? '' : '}'}`
}

function substitute(argument: unknown, path: string, template: Template): string {
  const [text, given] = typeof argument === 'string' ? [argument, {}] : expectPair(argument, path)
  const variables = render(given, `${path}.1`, template)
  return expectText(text, path).replaceAll(
    /\$\{(!?)([^}]+)\}/g,
    (_, literal: string, name: string) => {
      if (literal === '!') return `\${${name}}`
      const own =
        typeof variables === 'object' && Object.hasOwn(variables, name)
          ? Object.entries(variables).find(([key]) => key === name)?.[1]
          : undefined
      if (own !== undefined) return expectText(own, `${path}.1.${name}`)
      const [id, attribute] = splitOnce(name, '.')
      return reference(id, attribute, path, template)
    },
  )
}

function select(argument: unknown, path: string, template: Template): Rendered {
  const [index, list] = expectPair(argument, path)
  const position = Number(index)
  if (!Number.isInteger(position) || position < 0) throw new LoadError(path, 'has no whole index')
  if (typeof list === 'object' && list !== null && 'Fn::GetAZs' in list) return `\${az.${position}}`
  const rendered = render(list, `${path}.1`, template)
  const item: Rendered | undefined = Array.isArray(rendered) ? rendered[position] : undefined
  if (item === undefined) throw new LoadError(path, 'selects from something that is no such list')
  return item
}

function expectText(value: unknown, path: string): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return String(value)
  throw new LoadError(path, 'is not a text')
}

function expectPair(value: unknown, path: string): [unknown, unknown] {
  if (Array.isArray(value) && value.length === 2) return [value[0], value[1]]
  throw new LoadError(path, 'is not a list of two')
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const index = text.indexOf(separator)
  return index === -1 ? [text, undefined] : [text.slice(0, index), text.slice(index + 1)]
}
