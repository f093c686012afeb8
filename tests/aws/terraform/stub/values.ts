/** Values on the wire: msgpack, in which an extension stands for "known after apply". */
import { decode, encode, ExtensionCodec } from '@msgpack/msgpack'
import type { Attribute, AttributeType, Block } from './schema.ts'

class Unknown {}
const UNKNOWN = new Unknown()

const extensionCodec = new ExtensionCodec()
extensionCodec.register({
  type: 0,
  encode: (value) => (value instanceof Unknown ? Uint8Array.of(0) : null),
  decode: () => UNKNOWN,
})
// A refined unknown: Terraform knows something about the value, such as that it is not null.
extensionCodec.register({ type: 12, encode: () => null, decode: () => UNKNOWN })

export interface WireValue {
  msgpack: Uint8Array
}

export type ObjectValue = Record<string, unknown>

export function decodeValue({ msgpack }: WireValue): unknown {
  return decode(msgpack, { extensionCodec })
}

export function encodeValue(value: unknown): WireValue {
  return { msgpack: encode(value, { extensionCodec }) }
}

/** A copy in which every computed attribute that nobody set is what `make` makes of it. */
export function fillComputed(
  value: ObjectValue,
  block: Block,
  make: (name: string, attribute: Attribute) => unknown,
): ObjectValue {
  const filled: ObjectValue = { ...value }
  for (const [name, attribute] of Object.entries(block.attributes)) {
    const current = value[name]
    const unset = current === null || current === undefined || current instanceof Unknown
    if (attribute.computed === true && unset) filled[name] = make(name, attribute)
  }
  for (const [name, nested] of Object.entries(block.blocks)) {
    const current = value[name]
    if (Array.isArray(current))
      filled[name] = current.map((item: ObjectValue) => fillComputed(item, nested.block, make))
    else if (current !== null && current !== undefined)
      filled[name] = fillComputed(current as ObjectValue, nested.block, make)
  }
  return filled
}

export function unknownValue(): unknown {
  return UNKNOWN
}

/** What a computed attribute is once it exists: texts carry a mark, anything else stays empty. */
export function computedValue(type: AttributeType, mark: string): unknown {
  if (type === 'string') return mark
  return typeof type === 'string' || type[0] === 'object' || type[0] === 'map' ? null : []
}
