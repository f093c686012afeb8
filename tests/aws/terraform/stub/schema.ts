/** Shape of schema.json, which scripts/terraform-schema.ts writes. */

/** Terraform's JSON notation of a type. */
export type AttributeType =
  | 'string'
  | 'number'
  | 'bool'
  | ['list' | 'set' | 'map', AttributeType]
  | ['object', Record<string, AttributeType>]

export interface Attribute {
  type: AttributeType
  required?: boolean
  optional?: boolean
  computed?: boolean
}

export interface NestedBlock {
  nesting: 'single' | 'list' | 'set'
  min?: number
  max?: number
  block: Block
}

export interface Block {
  attributes: Record<string, Attribute>
  blocks: Record<string, NestedBlock>
}

export interface Schema {
  provider: string
  resources: Record<string, Block>
  dataSources: Record<string, Block>
}
