import { canonicalText } from '../canonical-text.ts'
import { nameOf } from '../load-cloudformation/input.ts'
import { TYPES } from './attributes.ts'
import type { Json, ShownResource } from './show.ts'

/** A resource of the state under its name in the model. */
export interface Named extends ShownResource {
  modelName: string
}

/**
 * A state holds values where a template holds references. Whatever AWS made up for a resource of
 * the state is turned back into the placeholder of that resource, wherever it stands.
 */
export function findPlaceholders(resources: readonly Named[]): (value: Json) => Json {
  const replacements = new Map<string, string>()
  const learn = (value: Json | undefined, placeholder: string): void => {
    if (typeof value === 'string' && value !== '') replacements.set(value, placeholder)
  }
  for (const { mode, type, modelName, values } of resources) {
    if (mode === 'data') {
      if (type === 'aws_availability_zones' && Array.isArray(values['names']))
        for (const [index, zone] of values['names'].entries()) learn(zone, `\${az.${index}}`)
      continue
    }
    const known = TYPES[type]
    for (const [attribute, name] of Object.entries(known?.attributes ?? {}))
      learn(values[attribute], `\${${known?.kind ?? ''}.${modelName}.${name}}`)
    if (type === 'aws_cognito_user_pool_domain' && typeof values['domain'] === 'string')
      learn(`${values['domain']}.auth.`, `\${userPoolDomain.${modelName}.domain}.auth.`)
    if (type === 'aws_lambda_invocation')
      for (const [member, value] of membersOf(values['result']))
        learn(value, `\${keys.${modelName}.${member}}`)
  }
  for (const { mode, type, values } of resources) {
    if (mode !== 'data' || type !== 'aws_secretsmanager_secret_version') continue
    const secret = replacements.get(textOf(values['secret_id'])) ?? ''
    const name = nameOf('secret', secret)
    if (name === secret) continue
    for (const [member, value] of membersOf(values['secret_string']))
      learn(value, `\${secret.${name}.${member}}`)
  }
  const pattern = toPattern([...replacements.keys()])
  return (value) => render(value, replacements, pattern)
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}

/** Of a text that holds a JSON object. */
function membersOf(text: Json | undefined): [string, Json][] {
  try {
    const parsed = JSON.parse(textOf(text)) as Json
    return typeof parsed === 'object' && parsed !== null ? Object.entries(parsed) : []
  } catch {
    return []
  }
}

/** Any of the texts, the longest first, and never inside a longer word. */
function toPattern(texts: readonly string[]): RegExp {
  const alternatives = texts
    .toSorted((a, b) => b.length - a.length)
    .map((text) => {
      const escaped = text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`)
      return `${/^\w/.test(text) ? String.raw`(?<!\w)` : ''}${escaped}${/\w$/.test(text) ? String.raw`(?!\w)` : ''}`
    })
  return new RegExp(alternatives.length === 0 ? '(?!)' : alternatives.join('|'), 'g')
}

function render(value: Json, replacements: ReadonlyMap<string, string>, pattern: RegExp): Json {
  if (typeof value === 'string')
    return canonicalText(value.replaceAll(pattern, (found) => replacements.get(found) ?? found))
  if (Array.isArray(value)) return value.map((item) => render(item, replacements, pattern))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, render(member, replacements, pattern)]),
  )
}
