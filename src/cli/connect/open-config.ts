import { createScanner, parseTree, type Node, type ParseError } from 'jsonc-parser'
import { fail, ok, type Result } from '../../protocol/result.ts'

/** Plain JSON where the client itself reads no more than that. */
export type Dialect = 'json' | 'jsonc'

export type ConfigFailure =
  | { reason: 'unparseable'; detail: string }
  | { reason: 'wrong_shape'; detail: string }
  | { reason: 'duplicate_key'; detail: string }

/** A configuration in which it is clear where servers stand. */
export interface OpenConfig {
  text: string
  /** Absent while there is nothing but white space. */
  root: Node | undefined
  /** The object that holds the servers. */
  section: Node | undefined
  sectionName: string
}

/**
 * Reads without forgiving anything that is an error to the client, and refuses what would leave
 * open which of several places counts.
 */
export function openConfig(
  text: string,
  sectionName: string,
  dialect: Dialect,
): Result<OpenConfig, ConfigFailure> {
  if (/^\uFEFF?[ \t\r\n]*$/.test(text))
    return ok({ text, root: undefined, section: undefined, sectionName })
  const parsed = parse(text, dialect)
  if (!parsed.ok) return parsed
  const root = parsed.value
  if (root.type !== 'object') return wrongShape('the whole file')
  const section = findProperty(root, sectionName)?.children?.[1]
  if (section !== undefined && section.type !== 'object') return wrongShape(sectionName)
  const twice = findDuplicate(root) ?? (section === undefined ? undefined : findDuplicate(section))
  if (twice !== undefined) return fail({ reason: 'duplicate_key', detail: twice })
  return ok({ text, root, section, sectionName })
}

/** What stands there under a name; undefined where nothing does. */
export function entryOf(config: OpenConfig, name: string): unknown {
  const value = entryNode(config, name)
  return value === undefined ? undefined : valueOf(value)
}

/** The same as it is written. */
export function entryTextOf(config: OpenConfig, name: string): string | undefined {
  const value = entryNode(config, name)
  return value && config.text.slice(value.offset, value.offset + value.length)
}

export function entryNode({ section }: OpenConfig, name: string): Node | undefined {
  return section && findProperty(section, name)?.children?.[1]
}

/** As `JSON.parse` makes it: also where a member is called `__proto__`. */
function valueOf({ type, children = [], value }: Node): unknown {
  if (type === 'array') return children.map(valueOf)
  if (type !== 'object') return value
  return Object.fromEntries(
    children.flatMap((property) => {
      const member = property.children?.[1]
      return member === undefined ? [] : [[nameOf(property), valueOf(member)]]
    }),
  )
}

export function entryNames({ section }: OpenConfig): string[] {
  return section?.children?.map(nameOf) ?? []
}

export function findProperty(object: Node, name: string): Node | undefined {
  return object.children?.find((property) => nameOf(property) === name)
}

function nameOf(property: Node): string {
  return String(property.children?.[0]?.value)
}

function findDuplicate(object: Node): string | undefined {
  const names = object.children?.map(nameOf) ?? []
  return names.find((name, index) => names.indexOf(name) !== index)
}

function wrongShape(what: string): { ok: false; failure: ConfigFailure } {
  return fail({ reason: 'wrong_shape', detail: `${what} is not an object` })
}

function parse(text: string, dialect: Dialect): Result<Node, ConfigFailure> {
  const errors: ParseError[] = []
  try {
    const body = withoutBom(text)
    const isLenient = dialect === 'jsonc'
    const root = parseTree(body, errors, {
      disallowComments: !isLenient,
      allowTrailingComma: isLenient,
    })
    // The parser alone lets pass some of what JSON does not know.
    if (errors.length === 0 && !isLenient) JSON.parse(body)
    if (root !== undefined && errors.length === 0) return ok(root)
  } catch {
    // Not JSON after all, or nested deeper than the stack is.
  }
  const line = text.slice(0, errors[0]?.offset ?? 0).split(/\r\n|\r|\n/).length
  return fail({ reason: 'unparseable', detail: `line ${line}` })
}

/** A space in its place: offsets stay, and it is kept when the text is put together again. */
function withoutBom(text: string): string {
  return text.replace(/^\uFEFF/, ' ')
}

export interface Token {
  offset: number
  end: number
  kind: 'comma' | 'line comment' | 'block comment' | 'other'
}

/** Commas, comments and whatever else there is between two offsets. */
export function tokensBetween(text: string, from: number, to: number): Token[] {
  const scanner = createScanner(text)
  const tokens: Token[] = []
  scanner.setPosition(from)
  for (;;) {
    scanner.scan()
    const offset = scanner.getTokenOffset()
    const end = offset + scanner.getTokenLength()
    if (offset >= to || end === offset) return tokens
    const word = text.slice(offset, end)
    if (word.trim() === '') continue
    tokens.push({ offset, end, kind: kindOf(word) })
  }
}

function kindOf(word: string): Token['kind'] {
  if (word === ',') return 'comma'
  if (word.startsWith('//')) return 'line comment'
  return word.startsWith('/*') ? 'block comment' : 'other'
}
