/**
 * Reads vitest's JSON report and fails on tests that did not run, unless tests/allowed-skips.json
 * names and explains them. A suite that skips what it cannot run looks as green as one that ran.
 * Usage: node scripts/report-tests.ts report.json; the last line is `N passed, N failed`.
 */
import { readFileSync } from 'node:fs'

interface Report {
  testResults: {
    name: string
    status: string
    message: string
    assertionResults: { status: string; fullName: string }[]
  }[]
}

const [reportPath = 'report.json'] = process.argv.slice(2)
const { testResults } = JSON.parse(readFileSync(reportPath, 'utf8')) as Report
const allowed = JSON.parse(readFileSync('tests/allowed-skips.json', 'utf8')) as {
  test: string
  why: string
}[]

const tests = testResults.flatMap(({ assertionResults }) => assertionResults)
const skipped = tests.filter(({ status }) => status !== 'passed' && status !== 'failed')
const passed = tests.filter(({ status }) => status === 'passed').length

for (const { test, why } of allowed) console.log(`skip allowed: ${test}: ${why}`)
const problems = [
  ...tests.filter(({ status }) => status === 'failed').map(({ fullName }) => `failed: ${fullName}`),
  ...testResults
    .filter(
      ({ status, assertionResults }) => status === 'failed' && !assertionResults.some(isFailed),
    )
    .map(({ name, message }) => `failed outside a test: ${name}: ${message.split('\n')[0] ?? ''}`),
  ...skipped
    .filter(({ fullName }) => !allowed.some(({ test }) => test === fullName))
    .map(({ fullName, status }) => `${status}, and not in tests/allowed-skips.json: ${fullName}`),
  ...allowed
    .filter(({ test, why }) => why === '' || !skipped.some(({ fullName }) => fullName === test))
    .map(
      ({ test }) => `in tests/allowed-skips.json, but it ran, is gone or is unexplained: ${test}`,
    ),
]
if (passed === 0) problems.push('no test passed')
for (const problem of problems) console.log(problem)
console.log(`${passed} passed, ${problems.length} failed`)
process.exitCode = problems.length === 0 ? 0 : 1

function isFailed({ status }: { status: string }): boolean {
  return status === 'failed'
}
