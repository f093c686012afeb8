import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { Reporter, TestCase, TestModule } from 'vitest/node'

declare module 'vitest' {
  interface TaskMeta {
    /** How the client failed in this scenario before the MCP SDK's demo server, too. */
    failsAnywhere?: string
  }
}

export const SCENARIOS = [
  'signs in',
  'calls a tool',
  'refreshes',
  'Postern redeployed',
  'no pause',
  'registration lost',
  'three at once',
] as const
export type Scenario = (typeof SCENARIOS)[number]

const FOLDER = new URL('../../docs/', import.meta.url)
const DOCUMENT = new URL('compatibility.md', FOLDER)
const TABLE = /(?<=<!-- written by npm run interop -->\n\n)(?:\|.*\n)*/
const NOTHING = '–'

type Row = Map<string, string>

/**
 * Client × scenario, as they ran. Writes the table into the document; in CI, where nobody would see
 * that, a document that says something else is a failure.
 */
export class CompatibilityTable implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const document = readFileSync(DOCUMENT, 'utf8')
    const rows = readTable(document)
    const left = new Set(rows.keys())
    for (const test of tests) addTo(rows, left, test)
    const table = format(rows)
    say(`\n${table}`)
    for (const name of left) say(`not run, as docs/compatibility.md has it: ${name}`)
    const failed = tests.filter((test) => test.result().state === 'failed').length
    const passed = tests.filter((test) => test.result().state === 'passed').length
    const agrees = keep(document, document.replace(TABLE, table))
    const broken = modules.filter((module) => module.errors().length > 0).length + errors.length
    say(`${passed} passed, ${failed + broken + (agrees ? 0 : 1)} failed`)
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

function keep(before: string, after: string): boolean {
  if (after === before) return true
  if (process.env['CI'] === undefined) {
    writeFileSync(DOCUMENT, after)
    return true
  }
  say('docs/compatibility.md says something else: run `npm run interop` and commit it.')
  process.exitCode = 1
  return false
}

function addTo(rows: Map<string, Row>, left: Set<string>, test: TestCase): void {
  const { parent } = test
  if (parent.type !== 'suite' || test.result().state === 'skipped') return
  if (!(SCENARIOS as readonly string[]).includes(test.name)) return
  const row: Row = rows.get(parent.name) ?? new Map()
  if (left.delete(parent.name) || !rows.has(parent.name)) row.clear()
  rows.set(parent.name, row)
  row.set(test.name, markOf(parent.name, test))
}

function markOf(client: string, test: TestCase): string {
  const { state } = test.result()
  if (state === 'failed') return '**no**'
  if (state !== 'passed') return NOTHING
  const { failsAnywhere } = test.meta()
  if (failsAnywhere === undefined) return 'yes'
  const file = `compatibility/${client}-${test.name}.txt`.replaceAll(' ', '-')
  const place = new URL(file, FOLDER)
  if (!existsSync(place)) {
    mkdirSync(new URL('.', place), { recursive: true })
    // Where the repository lies on this machine is nobody's business.
    writeFileSync(place, failsAnywhere.replaceAll(/\S*\/node_modules\//g, 'node_modules/'))
  }
  return `[no](${file})`
}

function readTable(document: string): Map<string, Row> {
  const rows = new Map<string, Row>()
  for (const line of TABLE.exec(document)?.[0].split('\n').slice(2) ?? []) {
    const [, name = '', ...marks] = line.split('|').map((cell) => cell.trim())
    const row: Row = new Map(SCENARIOS.map((each, at) => [each, marks[at] ?? NOTHING]))
    if (name !== '') rows.set(name, row)
  }
  return rows
}

function format(rows: Map<string, Row>): string {
  const names = [...rows.keys()].toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  const head = ['client', ...SCENARIOS]
  const body = names.map((name) => [
    name,
    ...SCENARIOS.map((each) => rows.get(name)?.get(each) ?? NOTHING),
  ])
  const widths = head.map((_, at) =>
    Math.max(...[head, ...body].map((line) => line[at]?.length ?? 0)),
  )
  return [head, widths.map((width) => '-'.repeat(width)), ...body]
    .map((line) => `| ${line.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |\n`)
    .join('')
}
