import fc from 'fast-check'
import { parseTree, type Node, type ParseError } from 'jsonc-parser'
import { describe, expect, it } from 'vitest'
import { dropEntry, setEntry } from '../../../src/cli/connect/edit-config.ts'
import {
  entryNames,
  entryOf,
  openConfig,
  type Dialect,
  type OpenConfig,
} from '../../../src/cli/connect/open-config.ts'

const ENTRY = { command: 'npx', args: ['-y', 'mcp-remote@latest', 'https://h.example/mcp'] }

function open(text: string, dialect: Dialect = 'jsonc'): OpenConfig {
  const opened = openConfig(text, 'mcpServers', dialect)
  if (!opened.ok) throw new Error(`${opened.failure.reason} ${opened.failure.detail}`)
  return opened.value
}
const add = (text: string): string => setEntry(open(text), 'acme', ENTRY)
const drop = (text: string, withSection = false): string =>
  dropEntry(open(text), 'acme', { withSection })

/** As a client reads it; objects as maps, so that no name is special. */
function read(text: string): unknown {
  const errors: ParseError[] = []
  const root = parseTree(text.replace(/^\uFEFF/, ''), errors, { allowTrailingComma: true })
  if (root === undefined || errors.length > 0) throw new Error(`cannot be read: ${text}`)
  return plain(root)
}

function plain({ type, children = [], value }: Node): unknown {
  if (type === 'array') return children.map(plain)
  if (type !== 'object') return value
  const pairs = children.map(({ children: pair = [] }) => pair.map(plain) as [string, unknown])
  return new Map(pairs)
}

describe('a server is added', () => {
  const short = { url: 'u' }
  it.each([
    ['an empty file', '', '{\n  "mcpServers": {\n    "acme": {\n      "url": "u"\n    }\n  }\n}\n'],
    [
      'an empty object',
      '{}',
      '{\n  "mcpServers": {\n    "acme": {\n      "url": "u"\n    }\n  }\n}',
    ],
    ['one line', '{"a":1}', '{"a":1,"mcpServers":{"acme":{"url":"u"}}}'],
    [
      'one line with servers',
      '{"mcpServers": {"b": {}}, "z": 1}\n',
      '{"mcpServers": {"b": {},"acme":{"url":"u"}}, "z": 1}\n',
    ],
    [
      'tabs',
      '{\n\t"mcpServers": {\n\t\t"b": {}\n\t}\n}',
      '{\n\t"mcpServers": {\n\t\t"b": {},\n\t\t"acme": {\n\t\t\t"url": "u"\n\t\t}\n\t}\n}',
    ],
    [
      'four spaces and CRLF',
      '{\r\n    "a": 1\r\n}\r\n',
      '{\r\n    "a": 1,\r\n    "mcpServers": {\r\n        "acme": {\r\n            "url": "u"\r\n        }\r\n    }\r\n}\r\n',
    ],
    [
      'a comment behind the last',
      '{\n  "mcpServers": {\n    "b": {} // mine\n  }\n}',
      '{\n  "mcpServers": {\n    "b": {}, // mine\n    "acme": {\n      "url": "u"\n    }\n  }\n}',
    ],
    [
      'trailing commas',
      '{\n  "mcpServers": {\n    "b": {}, // mine\n  },\n}',
      '{\n  "mcpServers": {\n    "b": {}, // mine\n    "acme": {\n      "url": "u"\n    },\n  },\n}',
    ],
    [
      'an empty section',
      '{\n  "mcpServers": {}\n}',
      '{\n  "mcpServers": {\n    "acme": {\n      "url": "u"\n    }\n  }\n}',
    ],
    [
      'a BOM',
      '\uFEFF{\n  "a": 1\n}',
      '\uFEFF{\n  "a": 1,\n  "mcpServers": {\n    "acme": {\n      "url": "u"\n    }\n  }\n}',
    ],
  ])('to %s in its own style', (_name, before, after) => {
    expect(setEntry(open(before), 'acme', short)).toBe(after)
  })

  it('in place of another of the same name', () => {
    const before = '{\n  "mcpServers": {\n    "acme": {"old": 1}, // c\n    "b": {}\n  }\n}'
    expect(setEntry(open(before), 'acme', short)).toBe(
      before.replace('{"old": 1}', '{\n      "url": "u"\n    }'),
    )
  })
})

describe('a server is taken out', () => {
  it.each([
    [
      'the only one',
      '{\n  "mcpServers": {\n    "acme": {}\n  }\n}',
      '{\n  "mcpServers": {\n  }\n}',
    ],
    [
      'the first',
      '{\n  "mcpServers": {\n    "acme": {},\n    "b": {}\n  }\n}',
      '{\n  "mcpServers": {\n    "b": {}\n  }\n}',
    ],
    [
      'the last',
      '{\n  "mcpServers": {\n    "b": {}, // c\n    "acme": {}\n  }\n}',
      '{\n  "mcpServers": {\n    "b": {} // c\n  }\n}',
    ],
    [
      'one that a comment would swallow',
      '{ "mcpServers": { // c\n "acme": {} } }',
      '{ "mcpServers": { // c\n } }',
    ],
    [
      'one with a comment before its comma',
      '{"mcpServers":{"acme":{}/* c */,"b":1}}',
      '{"mcpServers":{/* c */"b":1}}',
    ],
    ['one with a trailing comma', '{"mcpServers":{"b":1,"acme":{},}}', '{"mcpServers":{"b":1,}}'],
  ])('%s', (_name, before, after) => {
    expect(drop(before)).toBe(after)
  })

  it('together with the section', () => {
    expect(drop('{\n  "a": 1,\n  "mcpServers": {\n    "acme": {}\n  }\n}', true)).toBe(
      '{\n  "a": 1\n}',
    )
  })
})

// Any JSON with comments: values from fast-check, written with random white space and comments.
const noise = fc.constantFrom(
  '',
  ' ',
  '\n',
  '\r\n',
  '\t',
  '\n    ',
  '/* c, } */',
  '// } ,\n',
  ' // x\r\n  ',
)
const names = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'ä"\\', 'url'))

function writeJsonc(value: unknown, next: () => string, comma: () => boolean): string {
  const list = (items: string[], open: string, close: string): string =>
    open +
    next() +
    items.join(`${next()},${next()}`) +
    (items.length > 0 && comma() ? `${next()},` : '') +
    next() +
    close
  if (Array.isArray(value))
    return list(
      value.map((item) => writeJsonc(item, next, comma)),
      '[',
      ']',
    )
  if (typeof value === 'object' && value !== null)
    return list(
      Object.entries(value).map(
        ([key, item]) =>
          `${JSON.stringify(key)}${next()}:${next()}${writeJsonc(item, next, comma)}`,
      ),
      '{',
      '}',
    )
  return JSON.stringify(value)
}

const documents = fc
  .record({
    others: fc.dictionary(names, fc.jsonValue(), { maxKeys: 4 }),
    servers: fc.option(fc.dictionary(names, fc.jsonValue(), { maxKeys: 3 }), { nil: undefined }),
    position: fc.nat(4),
    noises: fc.array(noise, { minLength: 1, maxLength: 12 }),
    commas: fc.array(fc.boolean(), { minLength: 1, maxLength: 3 }),
    bom: fc.constantFrom('', '\uFEFF'),
  })
  .map(({ others, servers, position, noises, commas, bom }) => {
    const entries = Object.entries(others).filter(([key]) => key !== 'mcpServers')
    if (servers !== undefined)
      entries.splice(position, 0, [
        'mcpServers',
        Object.fromEntries(Object.entries(servers).filter(([key]) => key !== 'acme')) as never,
      ])
    let turn = 0
    const next = (): string => noises[turn++ % noises.length] ?? ''
    const comma = (): boolean => commas[turn++ % commas.length] ?? false
    return bom + next() + writeJsonc(Object.fromEntries(entries), next, comma) + next()
  })

/** Whether `after` is `before` with something put in. */
function isInsertion(before: string, after: string): boolean {
  let at = 0
  for (const unit of after.split('')) if (unit === before[at]) at += 1
  return at === before.length
}

describe('any file that a client can read', () => {
  it('says the same as before about everything else', () => {
    fc.assert(
      fc.property(documents, (before) => {
        const expected = read(before) as Map<string, unknown>
        const servers = new Map(expected.get('mcpServers') as Map<string, unknown> | undefined)
        expected.set('mcpServers', servers.set('acme', read(JSON.stringify(ENTRY))))
        expect(read(add(before))).toEqual(expected)
      }),
      { numRuns: 500 },
    )
  })

  it('loses no byte', () => {
    fc.assert(
      fc.property(documents, (before) => {
        expect(isInsertion(before, add(before))).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('says the same as before once the server is taken out again', () => {
    fc.assert(
      fc.property(documents, (before) => {
        const hadSection = open(before).section !== undefined
        expect(read(drop(add(before), !hadSection))).toEqual(read(before))
      }),
      { numRuns: 500 },
    )
  })

  it('keeps its comments when a server is taken out', () => {
    fc.assert(
      fc.property(documents, (before) => {
        const comments = (text: string): number =>
          text.split(/\/\* c, \} \*\/|\/\/ (?:\} ,|x)/).length
        const after = add(before)
        expect(comments(drop(after))).toBe(comments(before))
      }),
      { numRuns: 500 },
    )
  })
})

describe('a file is refused', () => {
  it.each<[string, string, Dialect, string]>([
    ['that ends early', '{"mcpServers": {', 'jsonc', 'unparseable'],
    ['that is text', 'hello', 'jsonc', 'unparseable'],
    ['that is only a comment', '// nothing', 'jsonc', 'unparseable'],
    ['with text behind', '{} x', 'jsonc', 'unparseable'],
    ['with single quotes', "{'a': 1}", 'jsonc', 'unparseable'],
    ['with a merge conflict', '{\n<<<<<<< HEAD\n"a": 1\n=======\n}', 'jsonc', 'unparseable'],
    [
      'nested deeper than any parser goes',
      `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`,
      'jsonc',
      'unparseable',
    ],
    ['with comments, where the client knows none', '{ // c\n}', 'json', 'unparseable'],
    ['with a trailing comma, where the client knows none', '{"a":1,}', 'json', 'unparseable'],
    ['that is a list', '[]', 'json', 'wrong_shape'],
    ['that is null', 'null', 'json', 'wrong_shape'],
    ['whose servers are a list', '{"mcpServers":[]}', 'json', 'wrong_shape'],
    ['whose servers are null', '{"mcpServers":null}', 'json', 'wrong_shape'],
    ['whose servers are text', '{"mcpServers":"x"}', 'json', 'wrong_shape'],
    ['with two lists of servers', '{"mcpServers":{},"mcpServers":{}}', 'json', 'duplicate_key'],
    ['with two servers of one name', '{"mcpServers":{"a":1,"a":2}}', 'json', 'duplicate_key'],
    [
      'with one name written in two ways',
      '{"mcpServers":{"a":1,"\\u0061":2}}',
      'json',
      'duplicate_key',
    ],
  ])('%s', (_name, text, dialect, reason) => {
    expect(openConfig(text, 'mcpServers', dialect)).toMatchObject({
      ok: false,
      failure: { reason },
    })
  })

  it('with the line that cannot be read', () => {
    expect(openConfig('{\r\n  "a": 1,\r\n  b\r\n}', 'mcpServers', 'jsonc')).toMatchObject({
      failure: { detail: 'line 3' },
    })
  })
})

describe('a file is read', () => {
  it('with names that JavaScript knows otherwise', () => {
    const config = open('{"mcpServers":{"__proto__":{"a":1},"constructor":{}}}')
    expect(entryNames(config)).toEqual(['__proto__', 'constructor'])
    expect(entryOf(config, '__proto__')).toEqual({ a: 1 })
    expect(entryOf(config, 'toString')).toBe(undefined)
  })
})
