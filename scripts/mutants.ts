/**
 * Breaks the code one line at a time, as listed in tests/mutants/list.ts, and runs the tests that
 * must notice. A break that no test notices, or a listed line that is no longer in the code, fails
 * the command. `--only <id>` runs one break; `--share 3` every third one, beginning with one that
 * the commit decides, so that pushes one after another run them all.
 *
 * A committed list because Stryker 10.1.1 stops at start under TypeScript 7, which has no
 * JavaScript API (`ts.parseConfigFileTextToJson is not a function`).
 */
import { execFileSync, spawn } from 'node:child_process'
import * as fs from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { availableParallelism, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { MUTANTS } from '../tests/mutants/list.ts'
import type { Mutant } from '../tests/mutants/mutant.ts'

const COPIED = ['src', 'tests', 'bin', 'scripts', 'examples', 'docs', 'terraform', 'package.json']
const COPIED_CONFIG = ['tsconfig.json', 'tsconfig.build.json', 'tsconfig.core.json']
const MUTANT_TIMEOUT_MS = 180_000
const UNBROKEN_TIMEOUT_MS = 600_000

type Run =
  | { outcome: 'passed' }
  | { outcome: 'failed'; test: string }
  /** Broken in a way that no test can take credit for. */
  | { outcome: 'unclear'; why: string }

function makeCopy(): string {
  const copy = fs.mkdtempSync(join(tmpdir(), 'postern-mutants-'))
  for (const name of [...COPIED, ...COPIED_CONFIG, 'vitest.config.ts'])
    if (fs.existsSync(name)) fs.cpSync(name, join(copy, name), { recursive: true })
  fs.symlinkSync(resolve('node_modules'), join(copy, 'node_modules'))
  return copy
}

/** The source without and with the break, or why this entry of the list is out of date. */
function breakSource(
  copy: string,
  { file, find, replace, tests }: Mutant,
): { whole: string; broken: string } | { stale: string } {
  const missing = [file, ...tests].find((path) => !fs.existsSync(join(copy, path)))
  if (missing !== undefined) return { stale: `${missing} does not exist` }
  if (tests.length === 0) return { stale: 'names no test file' }
  if (find.includes('\n') || find === '') return { stale: '`find` must be part of one line' }
  const whole = fs.readFileSync(join(copy, file), 'utf8')
  const parts = whole.split(find)
  if (parts.length !== 2)
    return { stale: `\`${find}\` occurs ${parts.length - 1} times in ${file}, not once` }
  const broken = parts.join(replace)
  try {
    stripTypeScriptTypes(broken)
  } catch {
    return { stale: `\`${replace}\` does not parse: such a break proves nothing` }
  }
  return { whole, broken }
}

async function runTests(copy: string, tests: readonly string[], timeout: number): Promise<Run> {
  const report = join(copy, 'report.json')
  fs.rmSync(report, { force: true })
  const vitest = resolve('node_modules/vitest/vitest.mjs')
  const flags = ['--bail=1', '--maxWorkers=1', '--no-cache', '--retry=0']
  const output = ['--reporter=json', `--outputFile=${report}`]
  const child = spawn(process.execPath, [vitest, 'run', ...flags, ...output, ...tests], {
    cwd: copy,
    stdio: 'ignore',
    detached: true,
    env: { ...process.env, CI: 'true' },
  })
  const timer = new AbortController()
  const code = await Promise.race([
    new Promise<number | null>((done) => child.once('exit', done)),
    setTimeout(timeout, 'late' as const, { signal: timer.signal }).catch(() => null),
  ])
  timer.abort()
  if (code === 'late') {
    // The group: whatever the tests started ends with them.
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    return { outcome: 'unclear', why: 'no end within the time limit' }
  }
  return code === 0 ? { outcome: 'passed' } : readFailure(report)
}

interface Report {
  testResults: {
    name: string
    status: string
    message: string
    assertionResults: { status: string; fullName: string }[]
  }[]
}

function readFailure(report: string): Run {
  if (!fs.existsSync(report)) return { outcome: 'unclear', why: 'no report' }
  const { testResults } = JSON.parse(fs.readFileSync(report, 'utf8')) as Report
  const failed = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .find(({ status }) => status === 'failed')
  if (failed) return { outcome: 'failed', test: failed.fullName }
  const file = testResults.find(({ status }) => status === 'failed')
  return { outcome: 'unclear', why: file?.message.split('\n')[0] ?? 'unhandled error' }
}

function isStale(copy: string, mutant: Mutant): boolean {
  const source = breakSource(copy, mutant)
  if ('stale' in source)
    console.log(`STALE    ${mutant.id}: ${mutant.rule}\n         ${source.stale}`)
  return 'stale' in source
}

function commit(): string {
  return execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' })
}

async function runMutant(copy: string, mutant: Mutant): Promise<boolean> {
  const title = `${mutant.id}: ${mutant.rule}`
  const source = breakSource(copy, mutant)
  if ('stale' in source) return !isStale(copy, mutant)
  const target = join(copy, mutant.file)
  fs.writeFileSync(target, source.broken)
  const run = await runTests(copy, mutant.tests, MUTANT_TIMEOUT_MS)
  fs.writeFileSync(target, source.whole)
  const change = `${mutant.file}: \`${mutant.find}\` → \`${mutant.replace}\``
  const [verdict, detail] = describeRun(run, mutant)
  console.log(`${verdict.padEnd(8)} ${title}\n         ${change}\n         → ${detail}`)
  return run.outcome === 'failed'
}

function describeRun(run: Run, { tests }: Mutant): [verdict: string, detail: string] {
  switch (run.outcome) {
    case 'failed':
      return ['killed', run.test]
    case 'passed':
      return ['SURVIVED', `nothing in ${tests.join(', ')} noticed`]
    case 'unclear':
      return ['UNCLEAR', `failed outside a test: ${run.why}`]
  }
}

async function main(): Promise<void> {
  const options = { only: { type: 'string' }, share: { type: 'string', default: '1' } } as const
  const { values } = parseArgs({ options })
  const share = Number(values.share)
  if (!Number.isInteger(share) || share < 1) throw new Error('--share is a whole number')
  const listed = MUTANTS.filter(({ id }) => values.only === undefined || id === values.only)
  const repeated = listed.filter(({ id }, index) => listed.findIndex((m) => m.id === id) !== index)
  if (listed.length === 0) throw new Error(`no mutant ${values.only ?? 'is listed'}`)
  if (repeated.length > 0) throw new Error(`two mutants are called ${repeated[0]?.id ?? ''}`)
  const first = share === 1 ? 0 : Number.parseInt(commit().slice(0, 8), 16) % share
  const drawn = listed.filter((_, index) => index % share === first)
  if (share > 1)
    console.log(`${drawn.length} of ${listed.length}: one in ${share}, from number ${first}`)

  const workers = Math.max(1, Math.min(availableParallelism(), 4, drawn.length))
  const copies = Array.from({ length: workers }, makeCopy)
  try {
    // In the whole list, however small the share.
    const stale = listed.filter(
      (mutant) => !drawn.includes(mutant) && isStale(copies[0] ?? '', mutant),
    )
    // A test that fails without any break would seem to kill them all.
    const tests = [...new Set(drawn.flatMap((mutant) => mutant.tests))].filter(fs.existsSync)
    const unbroken = await runTests(copies[0] ?? '', tests, UNBROKEN_TIMEOUT_MS)
    if (unbroken.outcome !== 'passed')
      throw new Error(`the tests fail unbroken: ${JSON.stringify(unbroken)}`)

    const queue = drawn.values()
    let passed = 0
    await Promise.all(
      copies.map(async (copy) => {
        for (const mutant of queue) if (await runMutant(copy, mutant)) passed += 1
      }),
    )
    const failed = drawn.length - passed + stale.length
    console.log(`${passed} passed, ${failed} failed`)
    process.exitCode = failed === 0 ? 0 : 1
  } finally {
    for (const copy of copies) fs.rmSync(copy, { recursive: true, force: true })
  }
}

try {
  await main()
} catch (error) {
  console.error(error)
  console.log('0 passed, 1 failed')
  process.exitCode = 1
}
