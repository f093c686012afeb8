import type { Node } from 'jsonc-parser'
import { entryNode, findProperty, tokensBetween, type OpenConfig } from './open-config.ts'

/**
 * The text with this server in it. Where there was none of that name, nothing is taken away or
 * moved: comments, order, indentation, line ends and a BOM stay as they are, byte by byte.
 */
export function setEntry(config: OpenConfig, name: string, value: object): string {
  const { text, root, section, sectionName } = config
  const style = styleOf(config)
  if (root === undefined)
    return `${text}${JSON.stringify({ [sectionName]: { [name]: value } }, null, 2)}\n`
  if (section === undefined)
    return insertProperty(text, root, sectionName, { [name]: value }, style)
  const property = findProperty(section, name)
  if (property === undefined) return insertProperty(text, section, name, value, style)
  const old = property.children?.[1]
  if (old === undefined) return text
  const fresh = isOnOneLine(text, section)
    ? JSON.stringify(value)
    : write(value, indentAt(text, property.offset), style)
  return splice(text, old, fresh)
}

/** The text with an entry back in its place as it was written, comments and all. */
export function putEntryText(config: OpenConfig, name: string, entry: string): string {
  const old = entryNode(config, name)
  return old === undefined ? config.text : splice(config.text, old, entry)
}

function splice(text: string, old: Node, fresh: string): string {
  return text.slice(0, old.offset) + fresh + text.slice(endOf(old))
}

/** The text without this server, and without the section where that is `withSection`. */
export function dropEntry(
  { text, root, section, sectionName }: OpenConfig,
  name: string,
  { withSection }: { withSection: boolean },
): string {
  const object = withSection ? root : section
  const property = object && findProperty(object, withSection ? sectionName : name)
  if (object === undefined || property === undefined) return text
  const siblings = object.children ?? []
  const index = siblings.indexOf(property)
  const previous = siblings[index - 1]
  const next = siblings[index + 1]
  const from = previous === undefined ? object.offset + 1 : endOf(previous)
  const before = tokensBetween(text, from, property.offset)
  const after = tokensBetween(text, endOf(property), next?.offset ?? endOf(object) - 1)
  // Its own comma goes with it; the last one takes along that of the one before.
  const comma =
    after.find(({ kind }) => kind === 'comma') ?? before.find(({ kind }) => kind === 'comma')
  const last = before.at(-1)
  const rest = without(text.slice(endOf(property)), comma, endOf(property))
  let head = text.slice(0, last?.end ?? from)
  // What follows must not become part of the comment that stands before.
  if (last?.kind === 'line comment' && !/^[ \t]*[\r\n]/.test(rest))
    head += /^\r\n|^[\r\n]/.exec(text.slice(last.end))?.[0] ?? ''
  return without(head, comma, 0) + rest
}

function without(
  text: string,
  comma: { offset: number; end: number } | undefined,
  base: number,
): string {
  if (comma === undefined || comma.offset < base || comma.end > base + text.length) return text
  return text.slice(0, comma.offset - base) + text.slice(comma.end - base)
}

interface Style {
  lineEnd: string
  indent: string
  isCompact: boolean
}

function styleOf({ text, root }: OpenConfig): Style {
  const first = root?.children?.[0]
  const indent = first === undefined ? '' : ownIndent(text, first.offset)
  return {
    lineEnd: /\r\n|\r|\n/.exec(text)?.[0] ?? '\n',
    indent: indent === undefined || indent === '' ? '  ' : indent,
    isCompact: root?.children?.length !== 0 && root !== undefined && isOnOneLine(text, root),
  }
}

function insertProperty(
  text: string,
  object: Node,
  name: string,
  value: object,
  style: Style,
): string {
  const brace = endOf(object) - 1
  const last = object.children?.at(-1)
  const lastEnd = last === undefined ? object.offset + 1 : endOf(last)
  const tokens = tokensBetween(text, lastEnd, brace)
  const hasTrailingComma = tokens.some(({ kind }) => kind === 'comma')
  const end = tokens.at(-1)?.end ?? lastEnd
  const needsComma = last !== undefined && !hasTrailingComma
  const head = text.slice(0, lastEnd) + (needsComma ? ',' : '') + text.slice(lastEnd, end)
  const tail = text.slice(end)
  const comma = hasTrailingComma ? ',' : ''
  if (style.isCompact || (last !== undefined && isOnOneLine(text, object)))
    return `${head}${JSON.stringify(name)}:${JSON.stringify(value)}${comma}${tail}`
  const outer = indentAt(text, object.offset)
  const inner = (last && ownIndent(text, last.offset)) ?? outer + style.indent
  const property = `${inner}${JSON.stringify(name)}: ${write(value, inner, style)}${comma}`
  const isBraceOnItsOwnLine = /^\s*[\r\n]/.test(text.slice(end, brace + 1))
  const closing = isBraceOnItsOwnLine ? '' : style.lineEnd + outer
  return head + style.lineEnd + property + closing + tail
}

function write(value: object, indent: string, style: Style): string {
  return JSON.stringify(value, null, style.indent).replaceAll('\n', style.lineEnd + indent)
}

function endOf(node: Node): number {
  return node.offset + node.length
}

function isOnOneLine(text: string, node: Node): boolean {
  return !/[\r\n]/.test(text.slice(node.offset, endOf(node)))
}

/** White space that the line begins with. */
function indentAt(text: string, offset: number): string {
  const line =
    text
      .slice(0, offset)
      .split(/[\r\n]/)
      .at(-1) ?? ''
  return /^[ \t]*/.exec(line)?.[0] ?? ''
}

/** The same, if nothing but white space comes before; undefined otherwise. */
function ownIndent(text: string, offset: number): string | undefined {
  const before = text.slice(0, offset)
  return /(?:^|[\r\n])([ \t]*)$/.exec(before)?.[1]
}
