import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { usage } from '../../src/cli/connect.ts'
import { CONNECT_TARGETS } from '../../src/connect/targets.ts'

const text = readFileSync('docs/connect.md', 'utf8')
const WRITTEN = ['claude-desktop', 'claude-code', 'cursor', 'vscode']

describe('docs/connect.md', () => {
  test.each(CONNECT_TARGETS.map(({ id, name }) => [id, name] as const))('lists %s', (id, name) => {
    const row = text.split('\n').find((line) => line.includes(`| \`${id}\``)) ?? ''
    expect(row).toMatch(new RegExp(`^\\| ${name} `))
    expect(row).toContain(WRITTEN.includes(id) ? '| written' : '| printed')
  })

  test.each(
    CONNECT_TARGETS.filter(({ id }) => WRITTEN.includes(id)).flatMap(({ configuration }) =>
      Object.values(configuration?.files ?? {}).flat(),
    ),
  )('names %s', (file) => expect(text).toContain(`\`${file}\``))

  test('has the options that there are', () => {
    const options = (from: string): string[] => [
      ...new Set(from.match(/--[a-z][a-z-]+(?=[ `])/g)?.filter((each) => each !== '--add-mcp')),
    ]
    const documented = options(text.slice(text.indexOf('## Options'), text.indexOf('## Files')))
    expect(documented.toSorted()).toEqual(options(usage).toSorted())
  })

  test('explains every finding', () => {
    const source = readFileSync('src/cli/connect/check-url.ts', 'utf8')
    for (const [, reason = ''] of source.matchAll(/\| '([a-z_]+)'/g))
      expect(text).toContain(`\`${reason}\``)
  })
})
