/**
 * Writes tests/aws/terraform/stub/schema.json: what the stub provider tells Terraform about the
 * resources of our module, so that a wrong name or type in a .tf file fails `terraform validate`.
 * Names, types and block flags are read out of the typed provider bindings on npm:
 *
 *   npm pack @cdktf/provider-aws@21.22.1 && tar xzf cdktf-provider-aws-*.tgz
 *   node scripts/terraform-schema.ts ./package
 *
 * The bindings do not tell `optional` from `optional and computed`; only `id` and `region` are
 * taken to be both.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Attribute, AttributeType, Block, Schema } from '../tests/aws/terraform/stub/schema.ts'

const RESOURCES = [
  'apigatewayv2_api',
  'apigatewayv2_authorizer',
  'apigatewayv2_integration',
  'apigatewayv2_route',
  'apigatewayv2_stage',
  'cloudfront_distribution',
  'cloudfront_function',
  'cloudfront_response_headers_policy',
  'cloudwatch_event_rule',
  'cloudwatch_event_target',
  'cloudwatch_log_group',
  'cloudwatch_metric_alarm',
  'cognito_managed_login_branding',
  'cognito_resource_server',
  'cognito_user_pool',
  'cognito_user_pool_client',
  'cognito_user_pool_domain',
  'iam_role',
  'iam_role_policy',
  'iam_role_policy_attachment',
  'lambda_function',
  'lambda_invocation',
  'lambda_permission',
  'route_table',
  'route_table_association',
  'secretsmanager_secret',
  'security_group',
  'subnet',
  'vpc',
]
const DATA_SOURCES = [
  'availability_zones',
  'caller_identity',
  'partition',
  'region',
  'secretsmanager_secret_version',
]

const [, , folder] = process.argv
if (folder === undefined) {
  console.error('usage: node scripts/terraform-schema.ts <unpacked @cdktf/provider-aws>')
  process.exit(2)
}

const SIMPLE: Record<string, AttributeType> = {
  string: 'string',
  number: 'number',
  boolean: 'bool',
  getStringAttribute: 'string',
  getNumberAttribute: 'number',
  getBooleanAttribute: 'bool',
}

/** Matches of a pattern as their groups; a group that did not take part is ''. */
function matches(text: string, pattern: RegExp): string[][] {
  return [...text.matchAll(pattern)].map((found) =>
    found.slice(1).map((group: string | undefined) => group ?? ''),
  )
}

/** One `lib/<name>/index.js` with its declarations. */
class Binding {
  readonly #code: string
  readonly #declarations: string

  constructor(name: string) {
    const read = (file: string): string =>
      readFileSync(join(folder ?? '', 'lib', name, file), 'utf8')
    this.#code = read('index.js')
    this.#declarations = read('index.d.ts')
  }

  get providerVersion(): string {
    return /providerVersion: '([^']+)'/.exec(this.#code)?.[1] ?? '?'
  }

  /** The class that stands for a whole resource or data source. */
  get main(): string {
    const found = /^class (\w+) extends cdktf\.Terraform(?:Resource|DataSource|Provider) /m.exec(
      this.#code,
    )
    if (found?.[1] === undefined) throw new Error('no resource class found')
    return found[1]
  }

  block(className: string, configuration: string): Block {
    const block: Block = { attributes: {}, blocks: {} }
    const body = this.#section(`class ${className} extends`)
    const optional = this.#optional(configuration)
    const parts = this.#parts(body)
    for (const [name = '', type = '', storage = ''] of this.#settable(body, configuration)) {
      const part = parts.get(name)
      const required = !(optional.get(name) ?? true)
      if (part === undefined) {
        const computed = !required && (name === 'id' || name === 'region')
        block.attributes[name] = flags(attributeType(type, storage), { required, computed })
        continue
      }
      const nested = this.#nested(part.className)
      // Blocks are never computed: such a member is an attribute that accepts block syntax.
      if (part.computed)
        block.attributes[name] = flags([part.set ? 'set' : 'list', objectType(nested)], {
          required,
          computed: true,
        })
      else
        block.blocks[name] = {
          nesting: type === 'struct' ? 'single' : part.set ? 'set' : 'list',
          ...(required && { min: 1 }),
          ...(!part.list && type !== 'struct' && { max: 1 }),
          block: nested,
        }
    }
    for (const [name = '', expression = ''] of matches(
      body,
      /\/\/ (\w+) - computed: true, optional: false, required: false\s+(?:get \w+\(\) \{\s+return ([^;]+);|this\._\w+ = ([^;]+);)/g,
    ))
      block.attributes[name] ??= {
        type: this.#computedType(name, expression, parts),
        computed: true,
      }
    return block
  }

  #nested(className: string): Block {
    const configuration = className.replace(/(?:OutputReference|List)$/, '')
    return this.block(`${configuration}OutputReference`, configuration)
  }

  #computedType(name: string, expression: string, parts: Map<string, Part>): AttributeType {
    const part = parts.get(name)
    if (part !== undefined)
      return [part.set ? 'set' : 'list', objectType(this.#nested(part.className))]
    const method = /this\.(get\w+Attribute)\(/.exec(expression)?.[1] ?? ''
    const simple = SIMPLE[method]
    if (simple !== undefined) return simple
    if (method === 'getListAttribute' || method === 'getNumberListAttribute')
      return [
        expression.includes('Fn.tolist') ? 'set' : 'list',
        method === 'getListAttribute' ? 'string' : 'number',
      ]
    return ['map', 'string']
  }

  #section(start: string): string {
    const from = this.#code.indexOf(`\n${start}`)
    if (from === -1) throw new Error(`no "${start}" found`)
    return this.#code.slice(from, this.#code.indexOf('\n}', from))
  }

  /** Name, kind of collection and storage class of every member that can be set. */
  #settable(body: string, configuration: string): string[][] {
    const helper = `function ${configuration.charAt(0).toLowerCase()}${configuration.slice(1)}ToHclTerraform(`
    const source = body.includes('synthesizeHclAttributes')
      ? body
      : this.#code.includes(helper)
        ? this.#section(helper)
        : ''
    return matches(
      source,
      /^\s+(\w+): \{\s+value: .+,\s+isBlock: \w+,\s+type: "(\w+)",\s+storageClassType: "(\w+)",\s+\}/gm,
    )
  }

  #parts(body: string): Map<string, Part> {
    return new Map(
      matches(
        body,
        /\/\/ (\w+) - computed: (\w+), [^\n]+\n\s+this\._\w+ = new (\w+)\(this, "\w+"(?:, (true|false))?\)/g,
      )
        .filter(([, , className = '']) => !className.startsWith('cdktf'))
        .map(([name = '', computed, className = '', set]) => [
          name,
          {
            className,
            computed: computed === 'true',
            set: set === 'true',
            list: className.endsWith('List'),
          },
        ]),
    )
  }

  /** Name → whether it may be left out, of an interface in the declarations. */
  #optional(configuration: string): Map<string, boolean> {
    const start = new RegExp(`^export interface ${configuration}(?: extends [^{]+)? \\{`, 'm')
    const from = start.exec(this.#declarations)?.index
    if (from === undefined) return new Map()
    const text = this.#declarations.slice(from, this.#declarations.indexOf('\n}', from))
    return new Map(
      matches(text, /\w+#(\w+) [^}]+\}[^]*?\n {4}readonly \w+(\??):/g).map(([name = '', mark]) => [
        name,
        mark === '?',
      ]),
    )
  }
}

interface Part {
  className: string
  computed: boolean
  set: boolean
  list: boolean
}

function flags(
  type: AttributeType,
  { required, computed }: { required: boolean; computed: boolean },
): Attribute {
  return {
    type,
    ...(required ? { required: true } : { optional: true }),
    ...(computed && { computed: true }),
  }
}

function attributeType(type: string, storage: string): AttributeType {
  const simple = SIMPLE[storage]
  if (type === 'simple' && simple !== undefined) return simple
  const element = SIMPLE[/^(string|number|boolean)(?:List|Map)$/.exec(storage)?.[1] ?? '']
  if (element !== undefined && (type === 'list' || type === 'set' || type === 'map'))
    return [type, element]
  if (type === 'map' && storage === 'stringListMap') return ['map', ['list', 'string']]
  throw new Error(`unknown type ${type} of ${storage}`)
}

function objectType(block: Block): AttributeType {
  const members: [string, AttributeType][] = Object.entries(block.attributes).map(
    ([name, { type }]) => [name, type],
  )
  for (const [name, { nesting, block: nested }] of Object.entries(block.blocks))
    members.push([name, [nesting === 'set' ? 'set' : 'list', objectType(nested)]])
  return ['object', Object.fromEntries(members)]
}

function read(name: string): { block: Block; version: string } {
  const binding = new Binding(name.replaceAll('_', '-'))
  return {
    block: binding.block(binding.main, `${binding.main}Config`),
    version: binding.providerVersion,
  }
}

const resources = RESOURCES.map((name) => [`aws_${name}`, read(name).block] as const)
const dataSources = DATA_SOURCES.map(
  (name) => [`aws_${name}`, read(`data_aws_${name}`).block] as const,
)
const schema: Schema = {
  provider: `hashicorp/aws ${read('lambda_function').version}`,
  resources: Object.fromEntries(resources),
  dataSources: Object.fromEntries(dataSources),
}
writeFileSync('tests/aws/terraform/stub/schema.json', `${JSON.stringify(schema, null, 1)}\n`)
console.log(`schema: ${resources.length} resources, ${dataSources.length} data sources`)
