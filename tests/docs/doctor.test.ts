import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { CLIENT_PROFILES } from '../../src/doctor/client-profiles.ts'
import { CATALOGUE } from '../../src/doctor/families.ts'

const text = readFileSync('docs/doctor.md', 'utf8')
const sections = new Map(
  text
    .split(/^#{2,3} /m)
    .map((section): [string, string] => [section.split('\n', 1)[0] ?? '', section])
    .filter(([heading]) => /^D\d\d-/.test(heading)),
)

describe('docs/doctor.md', () => {
  test('has an anchor for every code, in the order of their numbers, and no other', () => {
    const numbers = [...sections.keys()].map((code) => code.slice(0, 3))
    expect(numbers).toEqual(numbers.toSorted())
    expect([...sections.keys()].toSorted()).toEqual([...CATALOGUE.keys()].toSorted())
  })

  test.each([...CATALOGUE])('says of %s what it means, and what to change', (code, rule) => {
    const [meaning, ...items] = (sections.get(code) ?? '').split('\n').slice(2)
    expect(meaning).toMatch(/\w{3}.*\.$/)
    expect(items).toContain(`- Level: ${rule.level}, at ${rule.step}`)
    expect(items).toContain(`- Fix: ${rule.fix}`)
    expect(items).toContain(`- Source: ${rule.source}`)
  })

  test('calls clients what --client calls them', () => {
    const lines = text.split('\n').filter((line) => line.startsWith('- Stops: '))
    expect(lines).toHaveLength(CATALOGUE.size)
    const names = lines.flatMap((line) => [...line.matchAll(/`([^`]+)`/g)].map(([, name]) => name))
    const known = CLIENT_PROFILES.map(({ id }) => id)
    expect(names.filter((name) => !known.includes(name ?? ''))).toEqual([])
  })
})
